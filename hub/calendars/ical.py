"""An iCalendar file as bookings: each UID one booking, with all its occasions.

The number is `ics-` and a hash of the calendar's name and the UID, the same every time. The revision must only grow,
and SEQUENCE alone does not: many systems leave it at 0, and nothing in the file grows when a new week of a series comes
within reach. So it is made of three: when the event or an exception to it was last changed (LAST-MODIFIED, DTSTAMP),
first; then, for what repeats, the week of the window; then SEQUENCE.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from hub.calendars.entries import Entry, Fault, Gathering, Origins, UnreadableError, as_json, faults_of
from hub.calendars.lines import Component, calendars
from hub.calendars.options import CalendarOptions, Places, plain
from hub.calendars.people import customer, holders
from hub.calendars.properties import Properties
from hub.calendars.recurring import Budget
from hub.calendars.series import Event, Occurrence, Series, Window
from hub.calendars.zones import Zones

_STATUS = {"CONFIRMED": "confirmed", "TENTATIVE": "preliminary", "CANCELLED": "cancelled"}
_STAMP_BITS = 20
"""Below the second of the last change: room for the week and SEQUENCE."""
_NUMBER_BYTES = 15


def number_of(uid: str, calendar: str = "") -> str:
    """The booking number of a UID."""
    digest = hashlib.blake2b(f"{calendar}\0{uid}".encode(), digest_size=_NUMBER_BYTES)
    return f"ics-{digest.hexdigest()}"


def read_calendar(raw: bytes, places: Places, options: CalendarOptions, *, today: date) -> list[Entry]:
    """Every UID of a file as an entry, in order.

    What repeats and has no occasion in the window (any more) is cancelled: there may have been some when last read.

    Args:
        raw: the file.
        places: which resource a text means.
        options: what the calendar does not say.
        today: the window of what repeats lies around it; the same week gives the same.

    Raises:
        InvalidError: the file is no calendar, is cut off, or is too large.
    """
    budget = Budget()
    entries: list[Entry] = []
    for calendar in calendars(raw):
        zones = Zones([one for one in calendar.components if one.name == "VTIMEZONE"], budget)
        reading = _Reading(places, options, Window.around(today), zones, budget, _cancels(calendar))
        entries += reading.entries([one for one in calendar.components if one.name == "VEVENT"])
    return list(_once(sorted(entries, key=lambda entry: entry.line)))


def _once(entries: Iterable[Entry]) -> Iterator[Entry]:
    """A number that comes twice is refused the second time: nobody knows which of the two is meant."""
    lines: dict[str, int] = {}
    for entry in entries:
        first = lines.setdefault(entry.number, entry.line) if entry.number else entry.line
        if first == entry.line:
            yield entry
            continue
        detail = f"the event of line {first} has the same UID or number: send each once"
        yield entry._replace(booking=None, faults=(Fault(entry.line, "UID", "doubled", detail),))


def _cancels(calendar: Component) -> bool:
    """Whether all of it is a message that says what is no more (METHOD:CANCEL)."""
    return any(line.raw.upper().replace(b" ", b"") == b"METHOD:CANCEL" for line in calendar.lines)


class _Told(NamedTuple):
    """What an event says of each of its occasions."""

    resource: str | None
    activity: str
    holders: list[dict[str, Any]]


@dataclass(frozen=True)
class _Reading:
    """One calendar being read."""

    places: Places
    options: CalendarOptions
    window: Window
    zones: Zones
    budget: Budget
    cancels: bool

    def entries(self, told: list[Component]) -> Iterator[Entry]:
        by_uid: dict[str, list[Event]] = {}
        for component in told:
            try:
                event = Event.read(component)
            except UnreadableError as error:
                yield Entry(component.line, _uid_in(component), None, None, (error.fault,))
                continue
            by_uid.setdefault(event.uid, []).append(event)
        for uid, events in by_uid.items():
            yield self._entry(uid, events)

    def _entry(self, uid: str, events: list[Event]) -> Entry:
        gathering, number = Gathering(), number_of(uid, self.options.calendar)
        series = gathering.read(Series, events, self.zones)
        booking = None
        if series:
            number = gathering.read(_own_number, series.master) or number
            booking, origins = self._booking(series, number, gathering)
            gathering.faults += [] if gathering.faults else faults_of(booking, origins)
        faults = tuple(dict.fromkeys(gathering.faults))
        written = as_json(booking) if booking and not faults else None
        return Entry(events[0].line, uid[:200], number, written, faults)

    def _booking(self, series: Series, number: str, gathering: Gathering) -> tuple[dict[str, Any], Origins]:
        occurrences = gathering.read(series.occurrences, self.window, self.budget) or []
        master = series.master
        told = {one.event.line: self._told(one.event, master, gathering) for one in occurrences}
        status = "cancelled" if self.cancels else gathering.read(_status, master)
        booking = {
            "number": number,
            "revision": gathering.read(self._revision, series),
            "status": status if occurrences else "cancelled",
            "customer": gathering.read(_required_customer, master, self.options),
            "occasions": [_occasion(one, told[one.event.line]) for one in occurrences],
            "payment": {"kind": self.options.payment},
            "notify": list(self.options.notify),
        }
        origins: dict[tuple[str | int, ...], tuple[int, str]] = {(): (master.line, "")}
        origins |= {("occasions", at): (one.event.line, "") for at, one in enumerate(occurrences)}
        return booking, origins

    def _told(self, event: Event, master: Event, gathering: Gathering) -> _Told:
        """What an exception does not say, the event says."""
        own, whole = event.properties, master.properties
        who = own if own.every("ORGANIZER") or own.every("CONTACT") else whole
        return _Told(
            gathering.read(self._resource, event, master),
            gathering.read(self._activity, own) or gathering.read(self._activity, whole) or "other",
            gathering.read(holders, who, self.options) or [],
        )

    def _revision(self, series: Series) -> int:
        stamp = series.stamp()
        if not stamp:
            detail = "the event does not say when it was changed: export with DTSTAMP or LAST-MODIFIED"
            raise UnreadableError(series.master.line, "DTSTAMP", detail, code="missing-field")
        return (stamp << _STAMP_BITS) + (self.window.week if series.repeats else 0) + series.master.sequence

    def _resource(self, event: Event, master: Event) -> str:
        for properties in (event.properties, master.properties):
            told = properties.first("X-KNUTPUNKT-RESOURCE", "LOCATION")
            if told and told.value.strip():
                found = self.places.find(told.value)
                if found is None and told.name == "LOCATION":
                    found = self._by_category(properties)
                if found is None:
                    raise told.unreadable(self.places.why_not(told.value[:100]))
                return found
            if found := self._by_category(properties):
                return found
        detail = "nothing says which resource: give LOCATION, or X-KNUTPUNKT-RESOURCE"
        raise UnreadableError(event.line, "LOCATION", detail, code="unknown-resource")

    def _by_category(self, properties: Properties) -> str | None:
        listed = [each for told in properties.every("CATEGORIES") for each in told.listed]
        return next((found for each in listed if (found := self.places.find(each))), None)

    def _activity(self, properties: Properties) -> str:
        if told := properties.first("X-KNUTPUNKT-ACTIVITY"):
            return told.value.strip()
        known = {plain(text): activity for text, activity in self.options.activities.items()}
        listed = [plain(each) for told in properties.every("CATEGORIES") for each in told.listed]
        return next((known[each] for each in listed if each in known), "")


def _occasion(one: Occurrence, told: _Told) -> dict[str, Any]:
    return {
        "id": f"{one.original:%Y%m%dT%H%M%SZ}",
        "starts_at": one.starts.isoformat(),
        "ends_at": one.ends.isoformat(),
        **told._asdict(),
    }


def _uid_in(component: Component) -> str:
    """The UID of an event that could not be read, as far as it can be seen."""
    lines = (line.raw for line in component.lines if line.raw[:4].upper() == b"UID:")
    return next(lines, b"")[4:204].decode("utf-8", "replace").strip()


def _own_number(event: Event) -> str:
    told = event.properties.first("X-KNUTPUNKT-NUMBER")
    return told.value.strip() if told else ""


def _status(event: Event) -> str:
    told = event.properties.first("STATUS")
    if told is None:
        return "confirmed"
    status = _STATUS.get(told.value.strip().upper())
    if status is None:
        raise told.unreadable(f"{told.value[:40]!r} is none of {', '.join(_STATUS)}")
    return status


def _required_customer(event: Event, options: CalendarOptions) -> dict[str, Any]:
    who = customer(event.properties, options)
    if who is None:
        detail = "nobody is told of: give ORGANIZER or CONTACT, or say who pays for all (customer_name)"
        raise UnreadableError(event.line, "ORGANIZER", detail, code="missing-field")
    return who
