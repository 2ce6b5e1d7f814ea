"""When an event is: wall times, in the zone that the file says, and the moments that they are."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from hub.calendars.entries import UnreadableError
from hub.calendars.properties import Properties, Property, length, time_told
from hub.calendars.zones import SWEDISH, Localise, Zones, in_zone

DAY = timedelta(days=1)
_UTC = in_zone(UTC)


@dataclass(frozen=True)
class Moment:
    """A wall time in its zone; `whole_day` is midnight of a date that was told without a time."""

    wall: datetime
    zone: Localise
    whole_day: bool = False

    @property
    def at(self) -> datetime:
        """The moment, UTC."""
        return self.zone(self.wall)

    def on(self, day: date) -> "Moment":
        """The same time of another day."""
        return Moment(datetime.combine(day, self.wall.time()), self.zone, self.whole_day)


@dataclass(frozen=True)
class Lasting:
    """How long: whole days by the calendar, and the rest; by the clock on the wall, or exact."""

    days: int
    rest: timedelta
    on_the_wall: bool

    def after(self, start: Moment) -> datetime:
        """The end, UTC.

        What ends at a time on the wall ends there also in the night when clocks are changed; where that is before its
        start, it lasts as long as on other days.
        """
        if self.on_the_wall:
            ends = start.zone(start.wall + self.days * DAY + self.rest)
            return ends if ends > start.at else start.at + self.days * DAY + self.rest
        return start.zone(start.wall + self.days * DAY) + self.rest


_EARLIEST, _LATEST = datetime(1970, 1, 2), datetime(2199, 12, 30)  # noqa: DTZ001 - wall times


def moments(found: Property, zones: Zones) -> list[Moment]:
    """Every time of a property. Raises UnreadableError."""
    if found.params.get("VALUE", "").upper() == "PERIOD":
        raise found.unreadable("a period is not read here: write times")
    zone = zones.of(found)
    return [_moment(found, value, zone) for value in found.listed]


def moment(found: Property, zones: Zones) -> Moment:
    """The time of a property. Raises UnreadableError."""
    return _moment(found, found.value, zones.of(found))


def _moment(found: Property, value: str, zone: Localise) -> Moment:
    told = time_told(found, value.strip())
    if not isinstance(told, datetime):
        return _within(found, Moment(datetime.combine(told, datetime.min.time()), SWEDISH, whole_day=True))
    if told.tzinfo is not None:
        return _within(found, Moment(told.astimezone(UTC).replace(tzinfo=None), _UTC))
    return _within(found, Moment(told, zone))


def _within(found: Property, told: Moment) -> Moment:
    if not _EARLIEST <= told.wall <= _LATEST:
        raise found.unreadable("lies before 1970 or after 2199")
    return told


def lasting(start: Moment, properties: Properties, zones: Zones, line: int) -> Lasting:
    """How long an event is, from DTEND, DURATION or, for a date, one day. Raises UnreadableError."""
    end, told = properties.first("DTEND"), properties.first("DURATION")
    if end is not None:
        return _until(end, start, moment(end, zones))
    if told is not None:
        whole = length(told)
        return _sensible(told, Lasting(whole.days, whole - whole.days * DAY, on_the_wall=False))
    if start.whole_day:
        return Lasting(1, timedelta(), on_the_wall=True)
    raise UnreadableError(line, "DTEND", "the event has no end: give it DTEND or DURATION", code="missing-field")


def _until(end: Property, start: Moment, ends: Moment) -> Lasting:
    if ends.at <= start.at:
        raise end.unreadable("is not after DTSTART")
    if ends.zone is start.zone:
        whole = ends.wall - start.wall
        return _sensible(end, Lasting(whole.days, whole - whole.days * DAY, on_the_wall=True))
    return _sensible(end, Lasting(0, ends.at - start.at, on_the_wall=False))


def _sensible(found: Property, told: Lasting) -> Lasting:
    whole = told.days * DAY + told.rest
    if not timedelta() < whole <= 31 * DAY:
        raise found.unreadable("an event lasts from a second to 31 days; split it")
    return told
