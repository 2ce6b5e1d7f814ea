"""How much is asked of a system at once, and how late its calls would be. Pure; times in microseconds."""

from collections.abc import Iterable
from typing import NamedTuple

from hub.clock import MINUTE, NEVER


class Peak(NamedTuple):
    """More at once than there is room for."""

    most: int
    at: int
    """The first moment with the most."""
    since: int
    """The first moment with too many."""
    until: int
    """The last."""


def peak(spans: Iterable[tuple[int, int]], room: int) -> Peak | None:
    """When more half-open spans lie over each other than there is room for; None: never."""
    edges = sorted(edge for starts, ends in spans if starts < ends for edge in ((starts, 1), (ends, -1)))
    count, most, at, since, until = 0, room, 0, 0, 0
    for moment, change in edges:  # at one moment, what ends comes before what begins
        was, count = count, count + change
        if count > most:
            most, at = count, moment
        if was <= room < count and not since:
            since = moment
        if count <= room < was:
            until = moment
    return Peak(most, at, since, until) if most > room else None


class Call(NamedTuple):
    """Something that is to be sent: from when, and when it must be done for nobody to notice. NEVER: it need not be."""

    at: int
    needed_by: int
    cost: int = 1
    """Commands and looks."""


class Late(NamedTuple):
    """Calls that would come too late."""

    calls: int
    first: int
    """When the first of them was needed."""
    worst: int
    """When the one that is most late was needed."""
    by: int
    """And how late it is."""


def late(calls: Iterable[Call], per_minute: int) -> Late | None:
    """What a system that takes so many a minute gets a minute or more too late, the first due first; None: nothing."""
    each, free = MINUTE / per_minute, float(-NEVER)
    count, first, worst, most = 0, NEVER, 0, MINUTE
    for call in sorted(calls):
        free = max(free, call.at - MINUTE) + call.cost * each
        behind = round(max(free, call.at)) - call.needed_by
        if behind >= MINUTE:
            count, first = count + 1, min(first, call.needed_by)
        if behind > most or (behind == most and not worst):
            worst, most = call.needed_by, behind
    return Late(count, first, worst, most) if count else None


def merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same in fewer: what overlaps or touches is one."""
    joined: list[tuple[int, int]] = []
    for starts, ends in sorted(spans):
        if joined and starts <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], ends)
        else:
            joined.append((starts, ends))
    return joined
