"""When the sun is up somewhere. Pure.

Each day's light is reckoned from that day's solar noon, so that a night that begins after midnight, a sun that never
sets and one that never rises need no rule of their own.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from astral import Observer
from astral.sun import elevation, noon, sunrise, sunset

from hub.clock import DAY, MINUTE, instant, micros
from hub.model.lit import Position

_DAY = timedelta(days=1)
_HALF_A_DAY = DAY // 2 + 5 * MINUTE
"""From one solar noon to the next is never a full day longer than that twice: light that does not end has no gap."""
_KEPT_DAYS = 16_384


def daylight(position: Position, margin: int, since: int) -> Iterator[tuple[int, int]]:
    """Every time of light that ends after `since`, the first first, each apart from the next. Microseconds.

    Args:
        position: where.
        margin: how long after sunrise, and before sunset, it still counts as dark.
        since: microseconds.
    """
    day = instant(since).date() - 2 * _DAY
    starts = ends = 0
    while True:
        light = _light(position.latitude, position.longitude, day)
        day += _DAY
        if light is None or light[0] + margin >= light[1] - margin:
            continue
        rises, sets = light[0] + margin, light[1] - margin
        if rises > ends:
            if ends > since:
                yield starts, ends
            starts = rises
        ends = max(ends, sets)


@lru_cache(maxsize=_KEPT_DAYS)
def _light(latitude: float, longitude: float, day: date) -> tuple[int, int] | None:
    """From sunrise to sunset around the day's solar noon; None while the sun stays down."""
    there = Observer(latitude, longitude)
    middle = noon(there, day)
    at = micros(middle)
    try:
        rises, sets = _within(at, sunrise(there, day)), _within(at, sunset(there, day))
    except ValueError:  # it does neither that day
        return (at - _HALF_A_DAY, at + _HALF_A_DAY) if elevation(there, middle) > 0 else None
    return min(rises, at), max(sets, at)


def _within(noon_at: int, told: datetime) -> int:
    """The moment within half a day of noon: the library tells the time of the day in UTC, of that day's date."""
    at = micros(told.astimezone(UTC))
    return (at - noon_at + DAY // 2) % DAY - DAY // 2 + noon_at
