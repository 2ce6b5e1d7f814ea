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


def narrowed(
    windows: Iterable[Window], limits: AccessLimits, now: datetime
) -> tuple[frozenset[Window], datetime | None]:
    """Give the windows to send now, and the next moment at which the answer may be another (None: never).

    Touching windows on one door become one, and what has ended is left out. An empty set means that nothing should
    stand: remove the credential. Asked for anew at each edge, the answer always opens what `windows` opens, no more.
    """
    pieces = [piece for window in merged(windows) for piece in _pieces(window, limits.longest_window)]
    left = [piece for piece in pieces if piece.ends_at > now]
    timed = limits.validity is Validity.TIMES
    sent = [piece for piece in left if timed or piece.starts_at <= now]
    if limits.windows_per_door is not None:
        sent = _earliest(sent, limits.windows_per_door, now)
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

    A lock that keeps dates shows whole local days, one without times `Window.always`, and one of wall time shows a
    start in the hour that comes twice as the first, an end as the last.
    """
    match limits:
        case AccessLimits(validity=Validity.NONE):
            return frozenset(Window.always(window.door) for window in windows)
        case AccessLimits(validity=Validity.DATES):
            return frozenset(_spanning(w, _midnight(w.starts_at), _midnight(w.ends_at, after=True)) for w in windows)
        case AccessLimits(local_time=True):
            return frozenset(_spanning(w, _read(w.starts_at, fold=0), _read(w.ends_at, fold=1)) for w in windows)
    return frozenset(windows)


def _midnight(moment: datetime, *, after: bool = False) -> datetime:
    """Local midnight at or before a moment, or the one at or after it."""
    day = (moment - timedelta(microseconds=1) if after else moment).astimezone(STOCKHOLM).date()
    return datetime.combine(day + timedelta(days=after), time(), STOCKHOLM).astimezone(UTC)


def _read(moment: datetime, *, fold: int) -> datetime:
    """The moment after a detour over wall time."""
    return moment.astimezone(STOCKHOLM).replace(fold=fold).astimezone(UTC)


def _pieces(window: Window, longest: timedelta | None) -> list[Window]:
    """Cut a long window into pieces that overlap by half: each can take over while the one before still opens."""
    starts_at, pieces = window.starts_at, []
    while longest is not None and window.ends_at - starts_at > longest:
        pieces.append(_spanning(window, starts_at, starts_at + longest))
        starts_at += longest / 2
    return [*pieces, _spanning(window, starts_at, window.ends_at)]


def _earliest(pieces: Iterable[Window], room: int, now: datetime) -> list[Window]:
    """Keep as many of each door as it has room for; of those open now, only the one that lasts."""
    kept: list[Window] = []
    for _, of_door in groupby(sorted(pieces, key=_by_door), key=lambda piece: piece.door):
        here = list(of_door)
        open_now = [piece for piece in here if piece.starts_at <= now]
        later = [piece for piece in here if piece.starts_at > now]
        kept += [*open_now[-1:], *later][:room]
    return kept


def _spanning(window: Window, starts_at: datetime, ends_at: datetime) -> Window:
    return window.model_copy(update={"starts_at": starts_at, "ends_at": ends_at})


def _by_door(window: Window) -> tuple[str, datetime]:
    return window.door, window.starts_at
