"""A booking as a calendar for its booker: an entry for each occasion, the same one however often it changes. Pure.

Times are in UTC: in the hour that autumn has twice, no local time says which of the two is meant.

Source: RFC 5545 (iCalendar), RFC 5546 3.2.1 and 3.2.5 (PUBLISH, CANCEL), read 2026-11-26.
"""

from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import quote

from icalendar import Calendar, Event, vCalAddress

from hub.clock import instant
from hub.service.telling.judging import Slice


class Entry(NamedTuple):
    """One occasion. `gone`: it is called off, moved away or cancelled."""

    occasion: Slice
    summary: str
    description: str
    gone: bool


class About(NamedTuple):
    """What all entries of a message have in common; `at` in microseconds."""

    municipality: str
    name: str
    contact: str
    number: str
    revision: int
    at: int


def calendar(about: About, entries: Iterable[Entry], *, cancelled: bool) -> str:
    """All entries; of a cancelled booking as a calendar that takes them away."""
    made = Calendar()
    made.add("prodid", "-//Knutpunkt//Knutpunkt//SV")
    made.add("version", "2.0")
    made.add("method", "CANCEL" if cancelled else "PUBLISH")
    for entry in entries:
        made.add_component(_event(about, entry))
    return str(made.to_ical().decode())


def uid(municipality: str, number: str, occasion: str) -> str:
    """The same for the same occasion of the same booking, always."""
    return f"{quote(number, safe='')}/{quote(occasion, safe='')}@{municipality}.knutpunkt"


def _event(about: About, entry: Entry) -> Event:
    one, event = entry.occasion, Event()
    event.add("uid", uid(about.municipality, about.number, one.id))
    event.add("sequence", min(about.revision, _LARGEST))
    event.add("dtstamp", instant(about.at).replace(microsecond=0))
    event.add("dtstart", instant(one.starts).replace(microsecond=0))
    event.add("dtend", instant(one.ends).replace(microsecond=0))
    event.add("summary", entry.summary)
    event.add("description", entry.description)
    event.add("status", "CANCELLED" if entry.gone else "CONFIRMED")
    organizer = vCalAddress(f"mailto:{about.contact}")
    organizer.params["CN"] = about.name
    event.add("organizer", organizer)
    return event


_LARGEST = 2**31 - 1
"""What SEQUENCE may be. Source: RFC 5545 3.3.8."""
