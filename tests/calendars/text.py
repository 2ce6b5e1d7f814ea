"""Calendars in few words."""

import json
from datetime import date
from pathlib import Path
from typing import Any

from hub.calendars import CalendarOptions, Entry, Places, read_calendar

SAMPLES = Path(__file__).parent / "samples"
TODAY = date(2026, 11, 21)
PLACES = Places(
    {
        "hall.court-1": "Bana 1",
        "hall.court-2": "Bana 2",
        "hall.court-3": "Bana 3",
        "hall.whole": "Hela hallen",
    }
)
EVENT = {
    "UID": "uid-1",
    "DTSTAMP": "20261120T120000Z",
    "DTSTART;TZID=Europe/Stockholm": "20261123T180000",
    "DTEND;TZID=Europe/Stockholm": "20261123T190000",
    "LOCATION": "Bana 1",
    "ORGANIZER;CN=Lena Norberg": "mailto:lena@example.se",
}


def an_event(*more: str, without: str = "", **changed: str) -> str:
    """A VEVENT; `changed` by the name before any parameter, with `_` for `-`."""
    lines = []
    for name, value in EVENT.items():
        word = name.partition(";")[0]
        if word not in without.split():
            lines.append(changed.pop(word, f"{name}:{value}"))
    return "\r\n".join(["BEGIN:VEVENT", *lines, *changed.values(), *more, "END:VEVENT"])


def a_calendar(*parts: str) -> bytes:
    """A VCALENDAR of such events."""
    return ("\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *parts, "END:VCALENDAR"]) + "\r\n").encode()


def read(raw: bytes, *, today: date = TODAY, places: Places = PLACES, **options: Any) -> list[Entry]:
    """Every entry."""
    return read_calendar(raw, places, CalendarOptions(**options), today=today)


def booking(raw: bytes, **how: Any) -> dict[str, Any]:
    """The only booking."""
    (entry,) = read(raw, **how)
    assert entry.booking is not None, [str(fault) for fault in entry.faults]
    told: dict[str, Any] = json.loads(entry.booking)
    return told


def spans(raw: bytes, **how: Any) -> list[str]:
    """When its occasions are, UTC."""
    return [f"{one['starts_at'][:16]}/{one['ends_at'][11:16]}" for one in booking(raw, **how)["occasions"]]


def faults(raw: bytes, **how: Any) -> list[str]:
    """Every fault, as it is told."""
    return [str(fault) for entry in read(raw, **how) for fault in entry.faults]
