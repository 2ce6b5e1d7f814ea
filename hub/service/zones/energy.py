"""The month in light and heat: how long each zone was on, how long it was booked, and what meters counted."""

import csv
import io
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

from hub.clock import Clock, instant, now_of, span
from hub.errors import FieldFault, InvalidError
from hub.model.configuration import Retention
from hub.model.energy import FacilityMonth, MonthOfEnergy, OnAndBooked, ZoneMonth
from hub.model.facility import Capability, Facility, ZoneRule
from hub.model.observation import Quantity
from hub.model.plan import TargetKey
from hub.model.sensing import Sensor
from hub.planner.lasting import Month, hours, united, used, without
from hub.planner.rules import Rules
from hub.planner.spans import Span
from hub.service.rulebook import Rulebook, Town
from hub.service.zones.sensing import THOUSANDTHS
from hub.store import occupancy, readings, shown, stretches
from hub.store.engine.database import Connection
from hub.store.engine.writer import Readers
from hub.store.readings import SensorKey
from hub.store.stretches import How

_SUMMED = ("on", "by_hand", "booked", "difference", "unbooked")
_NONE = Decimal("0.00")
_KWH = Decimal("0.001")


class Energy:
    """Answers about months."""

    def __init__(self, readers: Readers, rulebook: Rulebook, clock: Clock) -> None:
        self._readers, self._rulebook, self._clock = readers, rulebook, clock

    def current(self) -> Month:
        """The month that is now."""
        return Month.of(self._clock.now())

    async def month(self, municipality: str, month: Month | None = None) -> MonthOfEnergy:
        """A month; left out: the one that is now, as far as it has come.

        Raises:
            NotFoundError: no such municipality.
            InvalidError: it has not begun.
        """
        town, now = self._rulebook.town(municipality), now_of(self._clock)
        month = month or self.current()
        since, ends = month.span
        if since > now:
            raise InvalidError([FieldFault("/month", "out-of-range", "has not begun")], code="invalid-request")
        within = (since, min(ends, now))
        facilities = await self._readers.read(_facilities, town, within)
        return MonthOfEnergy.model_validate(
            {
                "month": str(month),
                "from": instant(within[0]),
                "to": instant(within[1]),
                "whole": ends <= now and since >= _kept_since(town.configuration.municipality.retention, now),
                "facilities": tuple(facilities),
            }
        )


def _kept_since(retention: Retention | None, now: int) -> int:
    """From when all is still there."""
    days = min(retention.bookings_days, retention.readings_days or retention.bookings_days) if retention else None
    return 0 if days is None else now - span(timedelta(days=days))


class _Used(NamedTuple):
    """When a resource was booked, and not closed."""

    resource: str
    span: Span


class _Place(NamedTuple):
    """Where a figure is worked out: one read, one municipality, one time."""

    connection: Connection
    rules: Rules
    within: Span


def _facilities(connection: Connection, town: Town, within: Span) -> list[FacilityMonth]:
    place = _Place(connection, town.rules, within)
    found = (_facility(place, name, one) for name, one in town.configuration.facilities.items())
    return [one for one in found if one.zones or one.kwh is not None]


def _facility(place: _Place, name: str, facility: Facility) -> FacilityMonth:
    booked = list(_booked(place, facility.resources))
    served = {zone: rule for zone, rule in facility.zones.items() if rule.connection and rule.capability in _ENERGY}
    zones = tuple(_zone(place, zone, rule, booked, facility) for zone, rule in served.items())
    return FacilityMonth(
        facility=name,
        name=facility.name,
        zones=zones,
        lit=_added(one for one in zones if one.capability == "lighting"),
        heated=_added(one for one in zones if one.capability == "climate"),
        kwh=_kwh(place, _meters_of(facility)),
    )


_ENERGY = frozenset({Capability.LIGHTING, Capability.CLIMATE})
"""What costs any: a door that is held open does not."""


def _booked(place: _Place, resources: Collection[str]) -> Iterator[_Used]:
    """Each use, without what a closure took of it."""
    connection, rules, (since, until) = place
    for resource, starts, ends in occupancy.booked(connection, rules.municipality, resources, starts=since, ends=until):
        related = rules.related(resource)
        closed = united(((one.starts, one.ends) for one in rules.closures if one.resource in related), place.within)
        yield from (_Used(resource, left) for left in without([(starts, ends)], closed))


def _zone(place: _Place, name: str, rule: ZoneRule, booked: Iterable[_Used], facility: Facility) -> ZoneMonth:
    target = TargetKey(rule.connection or "", rule.key)
    on, by_hand = _on(place, target)
    of_it = served_by(place.rules, target)
    uses = united((one.span for one in booked if one.resource in of_it), place.within)
    lit, used_for = hours(on), hours(uses)
    meters = [one for one in _meters(facility) if one.zone == name]
    return ZoneMonth.model_validate(
        {
            "zone": name,
            "capability": rule.capability.value,
            "on": lit,
            "by_hand": hours(by_hand),
            "booked": used_for,
            "difference": lit - used_for,
            "unbooked": hours(without(united([*on, *by_hand], place.within), uses)),
            "kwh": _kwh(place, meters),
        }
    )


def served_by(rules: Rules, zone: TargetKey) -> frozenset[str]:
    """The resources whose bookings want a zone."""
    wanting = (key for key, rule in rules.resources.items() if any(one.target == zone for one in rule.zones))
    return frozenset(wanting)


def _on(place: _Place, zone: TargetKey) -> tuple[list[Span], list[Span]]:
    """When it was on as the hub wanted, and when by hand."""
    connection, town, (since, until) = place.connection, place.rules.municipality, place.within
    lane = shown.with_key(connection, town, zone.connection, zone.key)
    if lane is None:
        return [], []
    stood = stretches.within(connection, town, [lane.id], since=since, until=until)[lane.id]
    on, by_hand = (
        united(((one.starts, one.ends) for one in stood if one.how is how), place.within)
        for how in (How.ON, How.BY_HAND_ON)
    )
    return on, by_hand


def _added(zones: Iterable[ZoneMonth]) -> OnAndBooked:
    """All of them, as they are told: who adds up the lines gets the same."""
    listed = list(zones)
    return OnAndBooked.model_validate({key: sum((getattr(one, key) for one in listed), _NONE) for key in _SUMMED})


def _meters(facility: Facility) -> list[Sensor]:
    return [one for one in facility.sensors.values() if one.quantity is Quantity.ENERGY and one.connection]


def _meters_of(facility: Facility) -> list[Sensor]:
    """Those of the whole, which count what the others do; the others where there are none."""
    meters = _meters(facility)
    return [one for one in meters if not one.zone and not one.resource] or meters


def _kwh(place: _Place, meters: Iterable[Sensor]) -> Decimal | None:
    """What meters counted together; None where none has told twice."""
    keys = [SensorKey(one.connection or "", one.key, one.quantity) for one in meters]
    numbers = readings.sensors(place.connection, place.rules.municipality, keys)
    counted = [kwh for kwh in (_counted(place, numbers[key]) for key in keys if key in numbers) if kwh is not None]
    return (Decimal(sum(counted)) / THOUSANDTHS).quantize(_KWH) if counted else None


def _counted(place: _Place, sensor: int) -> int | None:
    since, until = place.within
    rows = readings.hours(place.connection, place.rules.municipality, sensor, since=since, until=until)
    if not rows or rows[-1].hour < since:
        return None
    return used((row.first if row.hour >= since else row.last, row.last) for row in rows)


_HEADINGS = ("month", "facility", "zone", "capability", *_SUMMED, "kwh")


def as_csv(month: MonthOfEnergy) -> str:
    """A line a zone and one a facility that has meters, as a Swedish spreadsheet reads it: `;`, and decimal comma."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";")
    writer.writerow(_HEADINGS)
    for one in month.facilities:
        for zone in one.zones:
            numbers = [getattr(zone, key) for key in _SUMMED]
            writer.writerow([month.month, one.facility, zone.zone, zone.capability, *_written([*numbers, zone.kwh])])
        if one.kwh is not None:
            writer.writerow([month.month, one.facility, "", "", *("" for _ in _SUMMED), *_written([one.kwh])])
    return out.getvalue()


def _written(numbers: Sequence[Decimal | None]) -> list[str]:
    return ["" if number is None else str(number).replace(".", ",") for number in numbers]
