"""Sensors of facilities: places that are not there, one written twice, and zones that wait for what no sensor tells."""

from collections.abc import Iterator

from hub.configuration.finding import Finding, Path, instead_of
from hub.configuration.folder import Folder
from hub.configuration.sheet import Sheet
from hub.model.facility import Capability, Facility, ZoneRule
from hub.model.observation import Quantity
from hub.model.sensing import Sensor


def sensors(folder: Folder) -> Iterator[Finding]:
    """All that is wrong with what is read."""
    first: dict[tuple[str, str, str], str] = {}
    for _, sheet, facility in folder.valid_facilities():
        for name, sensor in facility.sensors.items():
            path: Path = ("sensors", name)
            yield from _placed(sheet, path, facility, sensor)
            if sensor.connection is None:
                yield sheet.warning(path, "unserved", "nobody reads it; write `connection` when there is one")
            elif sensor.connection not in folder.connections:
                told = instead_of(sensor.connection, folder.connections)
                message = f"no file connections/{sensor.connection}.yaml: {told}"
                yield sheet.error((*path, "connection"), "unknown-connection", message)
            else:
                where = f"{sheet.file}:{sheet.root.place_of(path).line}"
                other = first.setdefault((sensor.connection, sensor.key, sensor.quantity), where)
                if other != where:
                    message = f"{sensor.quantity} of `{sensor.key}` stands also at {other}; write it once"
                    yield sheet.error((*path, "key"), "doubled-sensor", message)
        for name, zone in facility.zones.items():
            yield from _watched(sheet, ("zones", name), name, zone, facility)


def _placed(sheet: Sheet[Facility], path: Path, facility: Facility, sensor: Sensor) -> Iterator[Finding]:
    if sensor.resource and sensor.resource not in facility.resources:
        message = f"no resource `{sensor.resource}` here: {instead_of(sensor.resource, facility.resources)}"
        yield sheet.error((*path, "resource"), "unknown-resource", message)
    if sensor.zone and sensor.zone not in facility.zones:
        message = f"no zone `{sensor.zone}` here: {instead_of(sensor.zone, facility.zones)}"
        yield sheet.error((*path, "zone"), "unknown-zone", message)


def _watched(sheet: Sheet[Facility], path: Path, name: str, zone: ZoneRule, facility: Facility) -> Iterator[Finding]:
    """What a zone tells of itself only where something is seen of it."""
    if zone.empty_after_minutes is not None and not occupancy_of(name, zone, facility):
        message = "no sensor of occupancy is in this zone, or looks at what it serves; write one under `sensors`"
        yield sheet.error((*path, "empty_after_minutes"), "no-sensor", message)
    if zone.unbooked_after_minutes is not None and zone.capability is not Capability.LIGHTING:
        message = f"only light is lit, and this is {zone.capability}; take it out"
        yield sheet.error((*path, "unbooked_after_minutes"), "rule-of-light", message)


def occupancy_of(name: str, zone: ZoneRule, facility: Facility) -> list[Sensor]:
    """The sensors that tell whether anybody is in a zone: those in it, and those of a resource that it serves."""
    served = facility.resources if zone.serves == "all" else zone.serves
    of_it = (one for one in facility.sensors.values() if one.quantity is Quantity.OCCUPANCY)
    return [one for one in of_it if one.zone == name or (one.resource is not None and one.resource in served)]
