"""Quiet hours and times of digests: written in Swedish wall time, and right in the nights of both clock changes. Pure.

Each edge is an instant of its own, so an hour that comes twice in autumn is quiet once, and a time that spring leaves
out comes an hour later.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from hub.clock import STOCKHOLM, instant, micros
from hub.model.notifying import Digest, QuietHours, Weekday

_DAY = timedelta(days=1)
_WEEK_AND_A_DAY = 8


def quiet_until(now: int, quiet: QuietHours | None) -> int | None:
    """When the quiet hours end that `now` lies in (microseconds); None when it lies in none."""
    if quiet is None:
        return None
    today = instant(now).astimezone(STOCKHOLM).date()
    for day in (today - _DAY, today):
        begins = _at(day, quiet.begins)
        ends = _at(day if quiet.begins < quiet.until else day + _DAY, quiet.until)
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
            yield _at(day, digest.at)
        day += _DAY


def _at(day: date, wall: str) -> int:
    """The instant of a wall time; of one that comes twice the first, of one that is left out an hour later."""
    return micros(datetime.combine(day, time.fromisoformat(wall), tzinfo=STOCKHOLM))
