"""What templates of messages are given: plain values, in Swedish time, with no more about persons than is needed."""

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import product
from typing import NamedTuple

from hub.model.ladder import Ended
from hub.model.notifying import News


class Occasion(NamedTuple):
    """One occasion of a booking."""

    place: str
    facility: str
    weekday: str
    date: str
    starts: str
    ends: str
    extras: list[str]
    closed: bool = False
    """A closure holds it back."""


class Opening(NamedTuple):
    """Doors that a code opens, and when."""

    doors: list[str]
    weekday: str
    date: str
    opens: str
    shuts: str


class DoorCode(NamedTuple):
    """A code; `holder` is told when holders have codes of their own, and None of whoever is, or may be, protected."""

    value: str
    holder: str | None
    openings: list[Opening]


class Item(NamedTuple):
    """One booking in a digest."""

    kind: str
    number: str
    occasions: list[Occasion]
    """The next few, and how many `more` there are."""
    more: int
    places: list[str]
    customer: str | None


_BOOKING = frozenset({"municipality", "role", "kind", "number", "occasions", "places", "more", "customer", "moved"})
_BOOKER = _BOOKING | {"contact", "reason", "codes", "code_later"}
_DIGEST = frozenset({"municipality", "role", "date", "items", "counts"})
_RUNG = frozenset({"municipality", "role", "kind", "why", "number", "one", "customer", "told"})
_CALENDAR = frozenset({"municipality", "kind", "number", "one", "contact"})

TEMPLATES: Mapping[str, frozenset[str]] = {
    "role.txt": _BOOKING | {"reason"},
    "role.html": _BOOKING | {"reason"},
    "role-sms.txt": _BOOKING | {"reason"},
    "booker.txt": _BOOKER,
    "booker.html": _BOOKER,
    "booker-sms.txt": _BOOKER,
    "digest.txt": _DIGEST,
    "digest.html": _DIGEST,
    "digest-sms.txt": _DIGEST,
    "calendar.txt": _CALENDAR,
    "rung.txt": _RUNG,
    "rung-sms.txt": _RUNG,
    "booker-rung.txt": _RUNG | {"contact", "spare", "code"},
    "booker-rung-sms.txt": _RUNG | {"contact", "spare", "code"},
}
"""Every template by name, and what it is given."""

_MONDAY, _TUESDAY = str(date(2026, 11, 23)), str(date(2026, 11, 24))
_HALL = Occasion("Bana 1", "Tennishallen", "måndag", _MONDAY, "18:00", "19:00", ["Bollmaskin"])
_SHUT = Occasion("Bana 2", "Tennishallen", "tisdag", _TUESDAY, "23:00", "2026-11-25 01:00", [], closed=True)
_CODE = DoorCode("12345", "Kim Berg", [Opening(["Entrén"], "måndag", _MONDAY, "17:30", "19:30")])


def trials(name: str) -> Iterator[dict[str, object]]:
    """Values to try a template with: rich ones and bare ones, for each thing that may have happened."""
    yield from _of_rungs() if "rung" in name else _of_news(name)


def _of_rungs() -> Iterator[dict[str, object]]:
    for why, spare in product((None, Ended.WORKS, Ended.GONE), (False, True)):
        yield {
            "municipality": "Umeå kommun",
            "role": "vaktmastare",
            "kind": "withdrawn" if why else "given",
            "why": why,
            "number": "B-1",
            "one": _HALL,
            "customer": "Kim Berg" if why else None,
            "told": "" if spare else "vaktmastare",
            "spare": spare,
            "code": "73915" if spare and why is None else None,
            "contact": "bokning@kommun.example",
        }


def _of_news(name: str) -> Iterator[dict[str, object]]:
    for kind in (kind for kind in News if kind is not News.CODE or name.startswith("booker")):
        for rich in (True, False):
            occasions = [_HALL, _SHUT] if rich else [_SHUT]
            customer = "Ett & annat <kansli>" if rich else None
            item = Item(str(kind), "B-1", occasions, 2 if rich else 0, ["Bana 1"], customer)
            yield {
                "municipality": "Umeå kommun",
                "role": "vaktmastare",
                "kind": str(kind),
                "number": "B-1",
                "occasions": occasions,
                "places": ["Bana 1", "Bana 2"] if rich else ["Bana 2"],
                "more": 2 if rich else 0,
                "customer": customer,
                "moved": rich,
                "contact": "bokning@kommun.example",
                "reason": "snö" if rich else None,
                "codes": [_CODE, _CODE._replace(holder=None)] if rich else [],
                "code_later": not rich,
                "date": _TUESDAY,
                "items": [item, item],
                "counts": {str(one): int(one is kind) for one in News},
                "one": occasions[0],
            }
