"""Quiet hours, digests, lights out: written in Swedish wall time, right in the nights of both clock changes. Pure.

Each edge is an instant of its own, so an hour that comes twice in autumn is quiet once, and a time that spring leaves
out comes an hour later.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache, partial
from typing import NamedTuple

from hub.clock import STOCKHOLM, instant, micros
from hub.model.lit import LatestOff
from hub.model.notifying import Digest, QuietHours, Weekday
from hub.planner.spans import Span, days_of, spans_of

_DAY = timedelta(days=1)
_WEEK_AND_A_DAY = 8
_KEPT_MONTHS = 4096


def quiet_until(now: int, quiet: QuietHours | None) -> int | None:
    """When the quiet hours end that `now` lies in (microseconds); None when it lies in none."""
    if quiet is None:
        return None
    today = instant(now).astimezone(STOCKHOLM).date()
    for day in (today - _DAY, today):
        begins = at_wall(day, quiet.begins)
        ends = at_wall(day if quiet.begins < quiet.until else day + _DAY, quiet.until)
        if begins <= now < ends:
            return ends
    return None


def next_digest(after: int, digest: Digest) -> int:
    """The first time of a digest that lies after a moment (microseconds)."""
    return next(at for at in _digests(instant(after).astimezone(STOCKHOLM).date(), digest) if at > after)


def _digests(day: date, digest: Digest) -> Iterator[int]:
    wanted = {tuple(Weekday).index(weekday) for weekday in digest.weekdays}
    for _ in range(_WEEK_AND_A_DAY):
        if day.weekday() in wanted:
            yield at_wall(day, digest.at)
        day += _DAY


class Rest(NamedTuple):
    """Lights out: from a time of each evening, Monday first (None: not that evening), until the next morning's."""

    evenings: tuple[str | None, ...]
    until: str

    @classmethod
    def of(cls, off: LatestOff) -> "Rest | None":
        """As a municipality wrote it; None when no evening has any."""
        evenings = tuple(off.evenings.get(day, off.at) for day in Weekday)
        return cls(evenings, off.until) if any(evenings) else None


def nights(rest: Rest, since: int) -> Iterator[Span]:
    """Every time of lights out that ends after `since` (microseconds), in order, without end.

    A time before that of the morning is of the night that follows the evening's day. Of a morning that comes twice in
    autumn the last one counts: a rule of rest is kept rather too long.
    """
    return spans_of(partial(_nights, rest), since)


@lru_cache(maxsize=_KEPT_MONTHS)
def _nights(rest: Rest, month: int) -> tuple[Span, ...]:
    return tuple(night for evening in days_of(month) if (night := _night(rest, evening)))


def _night(rest: Rest, evening: date) -> Span | None:
    wall, morning = rest.evenings[evening.weekday()], evening + _DAY
    if wall is None:
        return None
    begins = at_wall(evening if wall >= rest.until else morning, wall)
    ends = max(at_wall(morning, rest.until), at_wall(morning, rest.until, again=True))
    return (begins, ends) if begins < ends else None


def at_wall(day: date, wall: str, *, again: bool = False) -> int:
    """The instant of a wall time; of one that comes twice the first or last; of one left out an hour later."""
    return micros(datetime.combine(day, time.fromisoformat(wall), tzinfo=STOCKHOLM).replace(fold=int(again)))
