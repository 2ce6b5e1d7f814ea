"""One UID: an event, when it repeats, and its exceptions; and the occasions that they are."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from hub.calendars.entries import UnreadableError
from hub.calendars.lines import Component
from hub.calendars.moments import Lasting, Moment, lasting, moment, moments
from hub.calendars.properties import Properties, Property, time_told, whole_number
from hub.calendars.recurring import Budget, Rule, TooMuchError, days, read_rule
from hub.calendars.zones import Zones

LONGEST_WINDOW = timedelta(days=400)
_PAST = timedelta(days=35)
MOST_OCCASIONS = 400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONDAY = date(2024, 1, 1)


class Window(NamedTuple):
    """Which of the days of something that repeats are bookings: 400 days, from five weeks before this week's Monday."""

    first: date
    last: date
    week: int
    """Counted from 2024; grows with the window."""

    @classmethod
    def around(cls, today: date) -> "Window":
        """The window of today: the same all the week."""
        monday = today - timedelta(days=today.weekday())
        first = monday - _PAST
        return cls(first, first + LONGEST_WINDOW - timedelta(days=1), max(0, (monday - _MONDAY).days // 7))

    def holds(self, wall: datetime) -> bool:
        return self.first <= wall.date() <= self.last


@dataclass(frozen=True)
class Event:
    """One VEVENT."""

    line: int
    uid: str
    properties: Properties

    @classmethod
    def read(cls, told: Component) -> "Event":
        """Raises UnreadableError."""
        properties = Properties(told.lines)
        uid = properties.first("UID")
        if uid is None or not uid.value.strip():
            raise UnreadableError(told.line, "UID", "the event has no UID: export with UIDs", code="missing-field")
        return cls(told.line, uid.value.strip(), properties)

    @property
    def sequence(self) -> int:
        """How often it was rescheduled, by its own count. Raises UnreadableError."""
        return min(whole_number(self.properties.first("SEQUENCE")), 2**19)

    def stamp(self) -> int:
        """When it was last changed, seconds since 1970; 0 when it does not say. Raises UnreadableError."""
        found = [one for name in ("LAST-MODIFIED", "DTSTAMP") for one in self.properties.every(name)]
        return max((_seconds(one) for one in found), default=0)

    @property
    def cancelled(self) -> bool:
        found = self.properties.first("STATUS")
        return found is not None and found.value.strip().upper() == "CANCELLED"


def _seconds(found: Property) -> int:
    told = time_told(found, found.value.strip())
    at = told if isinstance(told, datetime) else datetime.combine(told, datetime.min.time())
    aware = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0, int((aware - _EPOCH).total_seconds()))


class Occurrence(NamedTuple):
    """One time that an event happens. `original` is when it was first to be; it names the occasion for good."""

    original: datetime
    starts: datetime
    ends: datetime
    event: Event


class Series:
    """An event with its exceptions."""

    def __init__(self, events: list[Event], zones: Zones) -> None:
        """Of events with one UID; of doubles the newest. Raises UnreadableError."""
        self.zones = zones
        masters = [one for one in events if not one.properties.every("RECURRENCE-ID")]
        if not masters:
            detail = "the file has exceptions to this event and not the event itself: export the whole series"
            raise UnreadableError(events[0].line, "RECURRENCE-ID", detail)
        self.master = max(masters, key=_newest)
        self.exceptions = [one for one in events if one.properties.every("RECURRENCE-ID")]
        start = self.master.properties.first("DTSTART")
        if start is None:
            raise UnreadableError(self.master.line, "DTSTART", "the event has no DTSTART", code="missing-field")
        self.start = moment(start, zones)
        self.lasting = lasting(self.start, self.master.properties, zones, self.master.line)

    @property
    def repeats(self) -> bool:
        """Whether it can have more than one occasion."""
        return any(self.master.properties.every(name) for name in ("RRULE", "RDATE")) or bool(self.exceptions)

    def stamp(self) -> int:
        """When the event, or an exception to it, was last changed. Raises UnreadableError."""
        return max(one.stamp() for one in (self.master, *self.exceptions))

    def occurrences(self, window: Window, budget: Budget) -> list[Occurrence]:
        """Every time that it happens, in order; of one that repeats those in the window. Raises UnreadableError."""
        try:
            found = dict(self._planned(window, budget)) if self.repeats else {self.start.at: self.start}
            budget.spend_occasions(len(found) + len(self.exceptions))
        except TooMuchError:
            detail = "the file repeats more than can be worked out at once: send it in parts"
            raise UnreadableError(self.master.line, "RRULE", detail, code="too-large") from None
        left_out = self._left_out(list(found.values()))
        planned = {
            at: Occurrence(at, at, self.lasting.after(one), self.master)
            for at, one in found.items()
            if at not in left_out
        }
        for exception in sorted(self.exceptions, key=_newest):
            self._apply(exception, planned, left_out, window)
        occurrences = sorted(planned.values(), key=lambda one: (one.starts, one.original))
        if len(occurrences) > MOST_OCCASIONS:
            detail = f"more than {MOST_OCCASIONS} occasions in {LONGEST_WINDOW.days} days: split the event"
            raise UnreadableError(self.master.line, "RRULE", detail)
        return occurrences

    def _planned(self, window: Window, budget: Budget) -> Iterator[tuple[datetime, Moment]]:
        """What rule and dates say, before exceptions."""
        dates = [one for told in self.master.properties.every("RDATE") for one in moments(told, self.zones)]
        for one in (*self._by_rule(window, budget), *dates):
            whole = Moment(datetime.combine(one.wall.date(), datetime.min.time()), one.zone, whole_day=True)
            told = whole if self.start.whole_day else one
            if window.holds(told.wall):
                yield told.at, told

    def _by_rule(self, window: Window, budget: Budget) -> list[Moment]:
        told = self.master.properties.first("RRULE")
        if found := self.master.properties.first("EXRULE"):
            raise found.unreadable("is not taken: export exceptions as EXDATE")
        if told is None:
            return [self.start]
        try:
            rule = read_rule(told.value)
            on = days(rule, self.start.wall.date(), (window.first, window.last), budget)
            return [one for one in map(self.start.on, on) if not _too_late(one, rule)]
        except ValueError as error:
            raise told.unreadable(str(error)) from None

    def _left_out(self, planned: list[Moment]) -> set[datetime]:
        """What EXDATE takes out: a moment, or all that begins on a date."""
        out: set[datetime] = set()
        for told in self.master.properties.every("EXDATE"):
            for one in moments(told, self.zones):
                on_day = {each.at for each in planned if each.wall.date() == one.wall.date()}
                out |= on_day if one.whole_day else {one.at}
        return out

    def _apply(
        self, exception: Event, planned: dict[datetime, Occurrence], left_out: set[datetime], window: Window
    ) -> None:
        told = exception.properties.first("RECURRENCE-ID")
        if told is None:
            return
        if "RANGE" in told.params:
            raise told.unreadable("RANGE is not taken: end the series, and begin another")
        id_ = moment(told, self.zones)
        original = self._original(id_, planned)
        if exception.cancelled:
            planned.pop(original, None)
            return
        start = exception.properties.first("DTSTART")
        at = moment(start, self.zones) if start else id_
        planned.pop(original, None)
        if original not in left_out and window.holds(at.wall):
            planned[original] = Occurrence(original, at.at, self._long(exception, at).after(at), exception)

    def _original(self, id_: Moment, planned: dict[datetime, Occurrence]) -> datetime:
        """Which occasion is meant: by its moment, or by its date."""
        if not id_.whole_day or id_.at in planned:
            return id_.at
        on_day = [at for at in planned if at.astimezone(UTC).date() == id_.at.date() or at.date() == id_.wall.date()]
        return on_day[0] if on_day else id_.at

    def _long(self, exception: Event, at: Moment) -> Lasting:
        properties = exception.properties
        if properties.first("DTEND", "DURATION") is None and properties.first("DTSTART") is None:
            return self.lasting
        return lasting(at, properties, self.zones, exception.line)


def _newest(event: Event) -> tuple[int, int]:
    return event.sequence, event.stamp()


def _too_late(one: Moment, rule: Rule) -> bool:
    match rule.until:
        case None:
            return False
        case datetime(tzinfo=None) as until:
            return one.wall > until
        case datetime() as until:
            return one.at > until
        case until:
            return one.wall.date() > until
