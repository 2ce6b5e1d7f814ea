"""What is booked in a facility, and what refers to it: ids, parts, doors and zones that serve."""

from collections.abc import Iterator

from hub.configuration.finding import Finding, Path, instead_of
from hub.configuration.folder import Folder
from hub.configuration.sheet import Sheet
from hub.model.facility import Facility


def resources(folder: Folder) -> Iterator[Finding]:
    """What is wrong with the ids and references of each facility."""
    homes = {key: name for name, _, facility in folder.valid_facilities() for key in facility.resources}
    for name, sheet, facility in folder.valid_facilities():
        yield from _foreign_ids(name, sheet, facility)
        for path, key in _references(facility):
            if key not in facility.resources:
                yield sheet.error(path, "unknown-resource", _unknown(key, facility, homes))
        yield from _circles(sheet, facility)
        yield from _equipment_with_parts(sheet, facility)
        yield from _shut_out(sheet, facility)


def _foreign_ids(name: str, sheet: Sheet[Facility], facility: Facility) -> Iterator[Finding]:
    for key in facility.resources:
        if not key.startswith(f"{name}."):
            yield sheet.error(("resources", key), "foreign-id", f"`{key}` must begin with `{name}.`, as the file does")


def _references(facility: Facility) -> Iterator[tuple[Path, str]]:
    """Every place that names a resource."""
    doors = facility.access.doors if facility.access else {}
    for name, door in doors.items():
        yield from _listed(("access", "doors", name, "serves"), door.serves)
    for name, zone in facility.zones.items():
        yield from _listed(("zones", name, "serves"), zone.serves)
    for name, resource in facility.resources.items():
        yield from _listed(("resources", name, "parts"), resource.parts)


def _listed(path: Path, serves: str | tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    if not isinstance(serves, str):
        yield from (((*path, number), key) for number, key in enumerate(serves))


def _unknown(key: str, facility: Facility, homes: dict[str, str]) -> str:
    if key in homes:
        return f"`{key}` stands in facilities/{homes[key]}.yaml; a facility serves and divides only its own"
    return f"no resource `{key}` here: {instead_of(key, facility.resources)}"


def _circles(sheet: Sheet[Facility], facility: Facility) -> Iterator[Finding]:
    """Resources that are parts of themselves."""
    for key in facility.resources:
        if key in covered(facility, key):
            message = f"`{key}` is a part of itself, by way of its parts; take it out of one of them"
            yield sheet.error(("resources", key, "parts"), "circular-parts", message)


def covered(facility: Facility, key: str) -> frozenset[str]:
    """All parts of a resource, and their parts; itself only when it is wrongly among them."""
    found: set[str] = set()
    waiting = [key]
    while waiting:
        resource = facility.resources.get(waiting.pop())
        fresh = set(resource.parts if resource else ()) - found
        found |= fresh
        waiting += sorted(fresh)
    return frozenset(found)


def _equipment_with_parts(sheet: Sheet[Facility], facility: Facility) -> Iterator[Finding]:
    for key, resource in facility.resources.items():
        if resource.kind == "equipment" and resource.parts:
            path = ("resources", key, "parts")
            yield sheet.error(path, "equipment-parts", f"`{key}` is equipment, which has no parts; remove them")


def _shut_out(sheet: Sheet[Facility], facility: Facility) -> Iterator[Finding]:
    """Places that no door serves, where there are doors."""
    if facility.access is None:
        return
    served = [door.serves for door in facility.access.doors.values()]
    if "all" in served:
        return
    opened = {key for keys in served for key in keys}
    for key, resource in facility.resources.items():
        if resource.kind == "place" and not opened & {key, *covered(facility, key)}:
            message = f"no door serves `{key}`; name it in `serves` of the doors that its bookings should open"
            yield sheet.warning(("resources", key), "no-door", message)
