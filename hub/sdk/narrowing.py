"""From the windows that should open to those that a lock can be sent now: pure, and the same for hub and kit.

A lock with `longest_window` 12 h and `windows_per_door` 1 that should open from Friday 18:00 to Saturday 18:00:

    at Friday 12:00     sent 18-06   next edge 18:00
    at Saturday 00:00   sent 00-12   next edge 06:00
    at Saturday 06:00   sent 06-18   next edge 18:00
    at Saturday 18:00   sent nothing, no edge left
"""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from itertools import groupby

from hub.clock import STOCKHOLM
from hub.model import Window
from hub.sdk.limits import AccessLimits, Validity


def takes_all(limits: AccessLimits) -> bool:
    """Whether a lock can be sent every window as it is, all of them at once: nothing is `narrowed`."""
    return limits.validity is Validity.TIMES and limits.windows_per_door is None and limits.longest_window is None


def narrowed(
    windows: Iterable[Window], limits: AccessLimits, now: datetime
) -> tuple[frozenset[Window], datetime | None]:
    """Give the windows to send now, and the next moment at which the answer may be another (None: never).

    Touching windows on one door become one, and what has ended is left out. An empty set means that nothing should
    stand: remove the credential. Asked for anew at each edge, the answer always opens what `windows` opens, no more.
    """
    pieces = [piece for window in merged(windows) for piece in _pieces(window, limits.longest_window)]
    left = [piece for piece in pieces if piece.ends_at > now]
    if limits.windows_per_door is not None:
        left = _outlasting(left, now)
    timed = limits.validity is Validity.TIMES
    sent = _earliest([piece for piece in left if timed or piece.starts_at <= now], limits.windows_per_door)
    if timed and len(sent) == len(left):
        return frozenset(sent), None
    edges = {edge for piece in left for edge in (piece.starts_at, piece.ends_at) if edge > now}
    return frozenset(sent), min(edges, default=None)


def merged(windows: Iterable[Window]) -> list[Window]:
    """Join windows of one door that overlap or touch; sorted by door and time."""
    joined: list[Window] = []
    for window in sorted(windows, key=_by_door):
        last = joined[-1] if joined else None
        if last and last.door == window.door and window.starts_at <= last.ends_at:
            joined[-1] = _spanning(last, last.starts_at, max(last.ends_at, window.ends_at))
        else:
            joined.append(window)
    return joined


def as_kept(windows: Iterable[Window], limits: AccessLimits) -> frozenset[Window]:
    """Give the windows as a lock of these limits shows them when it is read: what a look is compared with.

    A lock that keeps dates shows whole local days, one without times `Window.always`, and one of wall time what
    `widened` gives.
    """
    match limits:
        case AccessLimits(validity=Validity.NONE):
            return frozenset(Window.always(window.door) for window in windows)
        case AccessLimits(validity=Validity.DATES):
            return frozenset(_spanning(w, _midnight(w.starts_at), _midnight(w.ends_at, after=True)) for w in windows)
        case AccessLimits(local_time=True):
            return frozenset(widened(window) for window in windows)
    return frozenset(windows)


def widened(window: Window) -> Window:
    """Give the shortest window around it whose local times, in whole seconds, each mean one moment only.

    Which of the two a server takes an ambiguous 02:15 for is seldom documented. In the hour that comes twice a start
    moves to the last second before it, 01:59:59, and an end to the first moment after it, 03:00.
    """
    return _spanning(window, _surely_before(window.starts_at), _surely_after(window.ends_at))


def _surely_before(moment: datetime) -> datetime:
    local = moment.astimezone(STOCKHOLM).replace(microsecond=0)
    if _comes_twice(local):
        return local.replace(minute=0, second=0, fold=0).astimezone(UTC) - timedelta(seconds=1)
    return local.astimezone(UTC)


def _surely_after(moment: datetime) -> datetime:
    local = (moment + timedelta(microseconds=999_999)).astimezone(STOCKHOLM).replace(microsecond=0)
    if _comes_twice(local):
        return local.replace(minute=0, second=0, fold=1).astimezone(UTC) + timedelta(hours=1)
    return local.astimezone(UTC)


def _comes_twice(local: datetime) -> bool:
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def _midnight(moment: datetime, *, after: bool = False) -> datetime:
    """Local midnight at or before a moment, or the one at or after it."""
    day = (moment - timedelta(microseconds=1) if after else moment).astimezone(STOCKHOLM).date()
    return datetime.combine(day + timedelta(days=after), time(), STOCKHOLM).astimezone(UTC)


def _pieces(window: Window, longest: timedelta | None) -> list[Window]:
    """Cut a long window into pieces that overlap by half: each can take over while the one before still opens."""
    starts_at, pieces = window.starts_at, []
    while longest is not None and window.ends_at - starts_at > longest:
        pieces.append(_spanning(window, starts_at, starts_at + longest))
        starts_at += longest / 2
    return [*pieces, _spanning(window, starts_at, window.ends_at)]


def _outlasting(pieces: Iterable[Window], now: datetime) -> list[Window]:
    """Leave out, of those that are open now on one door, all but the one that lasts."""
    lasting = {piece.door: piece for piece in sorted(pieces, key=_by_door) if piece.starts_at <= now}
    return [piece for piece in pieces if piece.starts_at > now or piece is lasting[piece.door]]


def _earliest(pieces: Iterable[Window], room: int | None) -> list[Window]:
    """Keep as many of each door as it has room for."""
    doors = groupby(sorted(pieces, key=_by_door), key=lambda piece: piece.door)
    return [piece for _, here in doors for piece in list(here)[:room]]


def _spanning(window: Window, starts_at: datetime, ends_at: datetime) -> Window:
    return window.model_copy(update={"starts_at": starts_at, "ends_at": ends_at})


def _by_door(window: Window) -> tuple[str, datetime]:
    return window.door, window.starts_at
