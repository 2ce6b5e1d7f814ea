"""Credentials that several bookings share: an association's code, a card, the key in a phone. Pure.

Such a key carries our mark and a keyed hash, and no booking's number: all bookings claim the one credential and none
owns it, so that what one of them gives up is never what another needs.
"""

from datetime import date, datetime, time
from functools import lru_cache
from typing import NamedTuple

from hub.clock import STOCKHOLM, instant, micros
from hub.model.booking import Customer

OUR_MARK = "hub-"
"""Begins every key that we make in another system; what does not carry it is never touched."""
_SHARED = f"{OUR_MARK}~"


class Season(NamedTuple):
    """How long an association keeps a code (säsong): from one day of change to the next. Times in microseconds."""

    year: int
    """In which it begins."""
    starts: int
    ends: int


def shared_key(mark: str, season: Season | None = None) -> str:
    """The key of a credential that is several bookings'."""
    return f"{_SHARED}{mark}" if season is None else f"{_SHARED}{mark}.{season.year}"


def is_shared(key: str) -> bool:
    """Whether the credential may be several bookings'."""
    return key.startswith(_SHARED)


def is_seasonal(key: str) -> bool:
    """Whether it is a code that is kept for its season, also while no booking claims it."""
    return is_shared(key) and "." in key


def season_of(at: int, begins: str) -> Season:
    """The season that a moment (microseconds) lies in; `begins`: its first day, 09-01, from midnight in Sweden."""
    day = instant(at).astimezone(STOCKHOLM).date()
    return _season(day.year if day >= _first(day.year, begins) else day.year - 1, begins)


@lru_cache(256)
def _season(year: int, begins: str) -> Season:
    starts, ends = (micros(datetime.combine(_first(one, begins), time(), STOCKHOLM)) for one in (year, year + 1))
    return Season(year, starts, ends)


@lru_cache(256)
def _first(year: int, begins: str) -> date:
    return date.fromisoformat(f"{year}-{begins}")


def sharer(customer: Customer) -> str | None:
    """Whose code it is, where bookings share one: an association's or a company's number; None for all others.

    Two persons may have one name, and a municipality's own units have one number: each of their bookings has a code of
    its own. A sole trader's number is a person's.
    """
    number = customer.organisation_number
    if customer.kind not in {"association", "company"} or number is None or number.is_a_person:
        return None
    return number.digits
