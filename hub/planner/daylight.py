"""When the sun is up somewhere. Pure.

Each day's light is reckoned from that day's solar noon, so that a night that begins after midnight, a sun that never
sets and one that never rises need no rule of their own.
"""

from collections.abc import Iterator
from datetime import date, datetime
from functools import lru_cache, partial

from astral import Observer, SunDirection
from astral.sun import elevation, noon, time_at_elevation

from hub.clock import DAY, MINUTE, micros
from hub.model.lit import Position
from hub.planner.spans import Span, days_of, spans_of

_HALF_A_DAY = DAY // 2 + 5 * MINUTE
"""From one solar noon to the next is never a full day longer than that twice: light that does not end has no gap."""
_HORIZON = -16 / 60
"""Degrees at which the sun's middle is when its rim is at the horizon, refraction apart."""
_KEPT_MONTHS = 4096


def daylight(position: Position, margin: int, since: int) -> Iterator[Span]:
    """Every time of light that ends after `since`, in order, without end. Microseconds.

    Args:
        position: where.
        margin: how long after sunrise, and before sunset, it still counts as dark.
        since: microseconds.
    """
    return spans_of(partial(_month, position.latitude, position.longitude, margin), since)


@lru_cache(maxsize=_KEPT_MONTHS)
def _month(latitude: float, longitude: float, margin: int, month: int) -> tuple[Span, ...]:
    lit = (_light(latitude, longitude, day) for day in days_of(month))
    return tuple((rises + margin, sets - margin) for rises, sets in filter(None, lit) if rises + margin < sets - margin)


def _light(latitude: float, longitude: float, day: date) -> Span | None:
    """From sunrise to sunset around the day's solar noon; None while the sun stays down."""
    there = Observer(latitude, longitude)
    middle = noon(there, day)
    at = micros(middle)
    try:
        rises, sets = (
            _within(at, time_at_elevation(there, _HORIZON, day, direction))
            for direction in (SunDirection.RISING, SunDirection.SETTING)
        )
    except ValueError:  # it does neither that day
        return (at - _HALF_A_DAY, at + _HALF_A_DAY) if elevation(there, middle) > 0 else None
    return min(rises, at), max(sets, at)


def _within(noon_at: int, told: datetime) -> int:
    """The moment within half a day of noon: the library reckons with the day that begins at midnight in UTC."""
    at = micros(told)
    return (at - noon_at + DAY // 2) % DAY - DAY // 2 + noon_at
