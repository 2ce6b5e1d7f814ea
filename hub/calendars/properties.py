"""The properties of an event: name, parameters and value, each with its line. icalendar reads a line and its values."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple

from icalendar.parser import Contentline, split_on_unescaped_comma
from icalendar.prop import vDDDTypes, vDuration

from hub.calendars.entries import UnreadableError
from hub.calendars.lines import Line

READ = frozenset({
    "UID", "SEQUENCE", "LAST-MODIFIED", "DTSTAMP", "STATUS", "DTSTART", "DTEND", "DURATION",
    "RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID", "LOCATION", "CATEGORIES", "ORGANIZER", "CONTACT",
    "X-KNUTPUNKT-RESOURCE", "X-KNUTPUNKT-NUMBER", "X-KNUTPUNKT-ACTIVITY",
    "TZOFFSETFROM", "TZOFFSETTO", "X-LIC-LOCATION",
})  # fmt: skip
"""All others are left unread: a description can hold anything about anybody."""
_MANY = frozenset({"RDATE", "EXDATE", "CATEGORIES"})


class Property(NamedTuple):
    """One property. `value` is unescaped; `listed` are the parts of a value that is a list."""

    name: str
    line: int
    params: Mapping[str, str]
    value: str
    listed: tuple[str, ...]

    def unreadable(self, detail: str) -> UnreadableError:
        """Its fault."""
        return UnreadableError(self.line, self.name, detail)


class Properties:
    """The properties of one component."""

    def __init__(self, lines: Iterable[Line]) -> None:
        """Read those that we know. Raises UnreadableError."""
        self._by_name: dict[str, list[Property]] = {}
        for line in lines:
            name = line.raw.replace(b";", b":").partition(b":")[0].strip().upper().decode("ascii", "replace")
            if name in READ:
                self._by_name.setdefault(name, []).append(_property(name, line))

    def every(self, name: str) -> list[Property]:
        return self._by_name.get(name, [])

    def first(self, *names: str) -> Property | None:
        """The property, by the first of the names that is there.

        Raises:
            UnreadableError: it stands there more than once.
        """
        for name in names:
            if found := self.every(name):
                if len(found) > 1 and name not in _MANY and any(one.value != found[0].value for one in found):
                    raise found[1].unreadable(f"stands on line {found[0].line} too: an event has one {name}")
                return found[0]
        return None


def _property(name: str, line: Line) -> Property:
    try:
        told = Contentline(line.raw.decode())  # type: ignore[no-untyped-call]
        _, params, value = told.parts()
    except UnicodeDecodeError:
        raise UnreadableError(line.number, name, "is not UTF-8: export the calendar as UTF-8") from None
    except ValueError:
        raise UnreadableError(line.number, name, "is no line of iCalendar: correct it") from None
    listed = split_on_unescaped_comma(told[told.value_separator_index() + 1 :]) if name in _MANY else [value]
    single = {key.upper(): one if isinstance(one, str) else one[0] for key, one in params.items() if one}
    return Property(name, line.number, single, value, tuple(str(each) for each in listed))


def whole_number(found: Property | None) -> int:
    """A number that is not negative; 0 where there is none. Raises UnreadableError."""
    if found is None:
        return 0
    if not (found.value.isascii() and found.value.isdigit()) or len(found.value) > 9:  # noqa: PLR2004 - digits
        raise found.unreadable(f"{found.value[:40]!r} is no number")
    return int(found.value)


def length(found: Property) -> timedelta:
    """A length of time. Raises UnreadableError."""
    try:
        told: timedelta = vDuration.from_ical(found.value)  # type: ignore[no-untyped-call]
    except (ValueError, OverflowError):
        raise found.unreadable(f"{found.value[:40]!r} is no length of time, such as PT1H30M") from None
    return told


def time_told(found: Property, value: str) -> date | datetime:
    """A date, or a time that is naive unless it ends with Z. Raises UnreadableError."""
    try:
        told = vDDDTypes.from_ical(value)  # type: ignore[no-untyped-call]
    except (ValueError, OverflowError):
        told = None
    if not isinstance(told, date) or not 1600 <= told.year < 2200:  # noqa: PLR2004 - Windows begins in 1601
        raise found.unreadable(f"{value[:40]!r} is no time between 1600 and 2200, such as 20261123T180000")
    return told
