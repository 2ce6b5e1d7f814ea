"""Quiet hours, digests, lights out: written in Swedish wall time, right in the nights of both clock changes. Pure.

Each edge is an instant of its own, so an hour that comes twice in autumn is quiet once, and a time that spring leaves
out comes an hour later.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from hub.clock import STOCKHOLM, instant, micros
from hub.model.lit import LatestOff
from hub.model.notifying import Digest, QuietHours, Weekday

_DAY = timedelta(days=1)
_WEEK_AND_A_DAY = 8


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


def nights(off: LatestOff, since: int) -> Iterator[tuple[int, int]]:
    """Every time of lights out that ends after `since` (microseconds), the first first, each apart from the next.

    A time before that of the morning is of the night that follows the evening's day. Of a morning that comes twice in
    autumn the last one counts: a rule of rest is kept rather too long.
    """
    day = instant(since).astimezone(STOCKHOLM).date() - 2 * _DAY
    ends = 0
    while True:
        wall = off.evenings.get(tuple(Weekday)[day.weekday()], off.at)
        evening, day = day, day + _DAY
        if wall is None:
            continue
        begins = max(ends, at_wall(evening if wall >= off.until else day, wall))
        ends = max(ends, at_wall(day, off.until), at_wall(day, off.until, again=True))
        if begins < ends and ends > since:
            yield begins, ends


def at_wall(day: date, wall: str, *, again: bool = False) -> int:
    """The instant of a wall time; of one that comes twice the first or last; of one left out an hour later."""
    return micros(datetime.combine(day, time.fromisoformat(wall), tzinfo=STOCKHOLM).replace(fold=int(again)))
