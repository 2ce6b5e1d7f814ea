"""Which time zone a TZID means: the zone of that name, the one that Windows calls so, or what the file itself defines.

icalendar keeps the zones that a file defines for the whole process: another municipality's file would be read with
them. So they are read here, and forgotten with the file.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from icalendar.prop import vUTCOffset
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from hub.calendars.entries import UnreadableError, unusable
from hub.calendars.lines import Component
from hub.calendars.properties import Properties, Property, time_told
from hub.calendars.recurring import Budget, Rule, days, read_rule
from hub.clock import STOCKHOLM

Localise = Callable[[datetime], datetime]
"""The moment (UTC) of a wall time. One that comes twice is the first; one that never comes is read as if the clock
had not been changed yet (RFC 5545, 3.3.5)."""
MOST_ZONES = 100


def in_zone(zone: tzinfo) -> Localise:
    """Wall times of a zone that the machine knows."""
    return lambda wall: wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


SWEDISH = in_zone(STOCKHOLM)


class Zones:
    """The time zones of one calendar."""

    def __init__(self, components: Iterable[Component], budget: Budget) -> None:
        """Find what the file defines. Raises InvalidError when that is more than any file needs."""
        self._defined: dict[str, Component] = {}
        self._known: dict[str, Localise] = {}
        self._budget = budget
        for one in components:
            told = next((line.raw for line in one.lines if line.raw.upper().startswith(b"TZID:")), b"")
            self._defined[told[5:].decode("utf-8", "replace").strip()] = one
        if len(self._defined) > MOST_ZONES:
            raise unusable(f"more than {MOST_ZONES} time zones are defined; that is no calendar")

    def of(self, found: Property) -> Localise:
        """The zone of a time: Sweden's where it names none. Raises UnreadableError."""
        name = found.params.get("TZID", "").strip().strip('"')
        if not name:
            return SWEDISH
        if name not in self._known:
            self._known[name] = self._read(name, found)
        return self._known[name]

    def _read(self, name: str, found: Property) -> Localise:
        defined = self._defined.get(name)
        told = Properties(defined.lines).first("X-LIC-LOCATION") if defined else None
        for each in (name, told.value if told else ""):
            if key := _known_name(each):
                return in_zone(ZoneInfo(key))
        if defined is None:
            raise found.unreadable(f"the time zone {name[:60]!r} is neither known nor defined in the file: name it")
        return Observed(_observances(defined), self._budget).moment


@cache
def _names() -> frozenset[str]:
    return frozenset(available_timezones())


def _known_name(name: str) -> str | None:
    """A name of ours; some write it after their own (`/example.org/20260101/Europe/Stockholm`)."""
    parts = name.strip("/").split("/")[-8:]
    tails = ("/".join(parts[n:]) for n in range(len(parts)))
    return next(
        (WINDOWS_TO_OLSON.get(each, each) for each in tails if each in WINDOWS_TO_OLSON or each in _names()), None
    )


class Observance(NamedTuple):
    """Summer or winter time: how it is reached, and the clock then."""

    begins: datetime
    before: timedelta
    after: timedelta
    rule: Rule | None
    others: tuple[date, ...]


class Observed:
    """A zone as a file defines it. Only the years that are asked for are worked out."""

    def __init__(self, observances: list[Observance], budget: Budget) -> None:
        self._observances, self._budget = observances, budget
        self._years: dict[int, list[tuple[datetime, Observance]]] = {}

    def moment(self, wall: datetime) -> datetime:
        """The moment of a wall time."""
        began = [
            (at + max(one.after - one.before, timedelta()), one)
            for year in (wall.year - 1, wall.year)
            for at, one in self._of_year(year)
        ]
        past = [(at, one) for at, one in began if at <= wall]
        offset = max(past, key=lambda each: each[0])[1].after if past else self._long_before(wall)
        return (wall - offset).replace(tzinfo=UTC)

    def _long_before(self, wall: datetime) -> timedelta:
        """Nothing changed lately: what began last, or how it was before anything began."""
        past = [one for one in self._observances if one.begins <= wall]
        if past:
            return max(past, key=lambda one: one.begins).after
        return min(self._observances, key=lambda one: one.begins).before

    def _of_year(self, year: int) -> list[tuple[datetime, Observance]]:
        if year not in self._years:
            self._years[year] = [
                (datetime.combine(day, one.begins.time()), one)
                for one in self._observances
                for day in self._days(one, year)
            ]
        return self._years[year]

    def _days(self, one: Observance, year: int) -> list[date]:
        window = date(year, 1, 1), date(year, 12, 31)
        told = [day for day in (one.begins.date(), *one.others) if day.year == year]
        if one.rule is None or one.begins.year > year:
            return told
        until = one.rule.until
        ended = None if until is None else until.date() if isinstance(until, datetime) else until
        found = days(one.rule, one.begins.date(), window, self._budget)
        return told + [day for day in found if day >= window[0] and (ended is None or day <= ended)]


def _observances(defined: Component) -> list[Observance]:
    found = [_observance(one) for one in defined.components if one.name in {"STANDARD", "DAYLIGHT"}]
    if not found or len(found) > MOST_ZONES:
        raise UnreadableError(defined.line, "VTIMEZONE", "the time zone has no STANDARD or DAYLIGHT, or too many")
    return found


def _observance(told: Component) -> Observance:
    properties = Properties(told.lines)
    start, rule = properties.first("DTSTART"), properties.first("RRULE")
    if start is None:
        raise UnreadableError(told.line, told.name, "has no DTSTART")
    begins = time_told(start, start.value)
    if not isinstance(begins, datetime):
        raise start.unreadable("is a date; a time zone begins at a time")
    others = tuple(time_told(one, value) for one in properties.every("RDATE") for value in one.listed)
    return Observance(
        begins.replace(tzinfo=None),
        _offset(told, properties, "TZOFFSETFROM"),
        _offset(told, properties, "TZOFFSETTO"),
        _yearly(rule) if rule else None,
        others,
    )


def _yearly(told: Property) -> Rule:
    try:
        rule = read_rule(told.value)
    except ValueError as error:
        raise told.unreadable(str(error)) from None
    if rule.frequency != "YEARLY" or rule.count is not None:
        raise told.unreadable("a time zone changes by the year, without COUNT")
    return rule


def _offset(told: Component, properties: Properties, name: str) -> timedelta:
    found = properties.first(name)
    if found is None:
        raise UnreadableError(told.line, told.name, f"has no {name}")
    try:
        offset: timedelta = vUTCOffset.from_ical(found.value)  # type: ignore[no-untyped-call]
    except ValueError:
        raise found.unreadable(f"{found.value[:20]!r} is no offset, such as +0100") from None
    if abs(offset) >= timedelta(days=1):
        raise found.unreadable("is a day or more")
    return offset
