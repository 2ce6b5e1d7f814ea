"""Whose place it is in a lock that is full: the earliest windows are in, and what is in use is left alone. Pure.

Times in microseconds.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hub.clock import MINUTE, NEVER, SECOND
from hub.model.room import Spell

SOON = 10 * MINUTE
"""So long before its window somebody is told that a credential has no place."""
AGAIN = 5 * SECOND
"""After so long it is asked for again where a place is just being made free."""
_SHORTLY = MINUTE


class Turn(NamedTuple):
    """Whether a credential has a place. `again`: when to ask again, where it has none."""

    has_place: bool
    taken: int
    """How many of ours are in."""
    again: int = NEVER
    short: bool = False
    """Whether it will be missed: its window is near, and no room is in sight."""
    leave: tuple[int, ...] = ()
    """Lanes that are to make room for it."""


def turn(spells: Iterable[Spell], lane: int, *, capacity: int, taken: int, gone: int, now: int) -> Turn:
    """Give the turn of one credential.

    Args:
        spells: of all that want to be in, this one among them, sorted by lane and start.
        lane: of the one that asks.
        capacity: how many have room.
        taken: how many are in, or may be, wanted or not, this one among them where it is.
        gone: how many of those nobody wants, and cannot be had away.
        now: the moment.
    """
    order = sorted(_first_windows(spells), key=lambda one: _rank(one, now))
    rank = [one.lane for one in order].index(lane)
    mine, entitled, late = order[rank], rank + gone < capacity, now >= order[rank].starts + _SHORTLY
    if entitled and (mine.inside or taken < capacity):
        return Turn(has_place=True, taken=taken)
    if entitled:
        leave = tuple(one.lane for one in order[capacity - gone :] if one.inside and not _stays(one, now))
        return Turn(has_place=False, taken=taken, again=now + AGAIN, short=late, leave=leave)
    ahead, near = order[:rank], mine.starts - now <= SOON
    kept = gone + sum(one.ends > max(mine.starts, now) for one in ahead)
    return Turn(has_place=False, taken=taken, again=_again(mine, ahead, now), short=near and (late or kept >= capacity))


def _again(mine: Spell, ahead: Iterable[Spell], now: int) -> int:
    """When one of those ahead ends, and at its own last moment; from then on every minute."""
    last = mine.starts - SOON if mine.starts - SOON > now else now + _SHORTLY
    return min([last, *(one.ends for one in ahead if one.ends > now)])


def _first_windows(spells: Iterable[Spell]) -> Sequence[Spell]:
    """Of each credential what it is wanted for first: windows that touch are one."""
    first: dict[int, Spell] = {}
    for one in spells:
        known = first.get(one.lane)
        if known is None:
            first[one.lane] = one
        elif one.starts <= known.ends:
            first[one.lane] = known._replace(ends=max(known.ends, one.ends))
    return list(first.values())


def _stays(one: Spell, now: int) -> bool:
    """Whether nobody may turn it out: somebody stands at the door with it."""
    return one.inside and (one.firm or one.starts <= now)


def _rank(one: Spell, now: int) -> tuple[bool, int, bool, int]:
    return not _stays(one, now), one.starts, not one.inside, one.lane
