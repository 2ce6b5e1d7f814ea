"""What a target should be, folded from its claims. Pure, and the same whatever the order of the claims.

A state is text, so that it can be stored and compared: `release` or `dim:60` for a zone, the list of windows for a
credential. Nothing changes between a fold's own edges, which is what lets a sender sleep until `next_edge`.
"""

import json
from collections.abc import Iterable
from functools import lru_cache
from json.encoder import encode_basestring as quoted
from typing import NamedTuple

from hub.clock import NEVER
from hub.model.lit import REACH
from hub.model.plan import Ask, Claim, TargetKind
from hub.planner.lines import PLAIN, LineRule, line

RELEASE = "release"
"""Nobody's wish for a zone."""
NO_WINDOWS = "[]"
"""No door opens: the credential is to be gone."""
_NOTHING = frozenset({RELEASE, NO_WINDOWS})
Span = tuple[str, int, int]
"""A window: door, and from when until when, microseconds."""
Spans = tuple[Span, ...]
AWAITED = "~"
"""Begins the confirmed state of a credential that is in its system, and opens nothing before its holder accepts."""


class Desired(NamedTuple):
    """One absolute state, and when the next one begins."""

    state: str
    next_edge: int
    needed_by: int
    """When the state must stand for nobody to notice; NEVER when nothing is wanted."""

    @property
    def wanted(self) -> bool:
        """Whether anything of ours should stand at all."""
        return self.state not in _NOTHING


def fold(kind: TargetKind, asks: Iterable[Ask], *, now: int, horizon: int = NEVER, rule: LineRule = PLAIN) -> Desired:
    """Return what the target should be at `now`.

    Args:
        kind: of the target; tells how claims are laid together.
        asks: its claims that are not suspended; those that ended longer ago than `REACH` may be left out, and where the
            target has no rules of its own all that have ended.
        now: microseconds.
        horizon: a window that starts later than this long from now is not sent yet.
        rule: of a zone, its own.
    """
    if kind is TargetKind.CREDENTIAL:
        return _windows(asks, now, horizon)
    return _level(kind, asks, now) if rule.is_plain else _ruled(kind, asks, now, rule)


def wakes(kind: TargetKind, ask: Ask | Claim, *, now: int, horizon: int = NEVER, rule: LineRule = PLAIN) -> int:
    """The first moment when adding or removing this claim can change its target; never later than the truth.

    An early wake costs a fold, a late one is a dark hall.
    """
    if ask.ends <= now and ask.ends + rule.outlasts <= now:
        return NEVER
    return max(now, ask.starts - (horizon if kind is TargetKind.CREDENTIAL else rule.foreruns))


def lit_until(asks: Iterable[Ask], *, now: int, rule: LineRule = PLAIN) -> int:
    """When a zone is released after a moment, as far as is known; that moment where it is released then."""
    until = now
    for one in line((ask for ask in asks if ask.ends > now - REACH), rule):
        if one.starts > until:
            break
        until = max(until, one.ends)
    return until


def same(confirmed: str | None, desired: str, *, now: int) -> bool:
    """Whether nothing need be sent. Windows are compared by what is left of them: time alone must not cause a call."""
    if confirmed is None or not desired.startswith("["):
        return confirmed == desired
    return remaining(confirmed, now) == remaining(desired, now)


def written(windows: Iterable[Span]) -> str:
    """Return the state of a credential that opens so; as `listed_in` reads it. By hand, for each grant is."""
    return f"[{','.join([f'[{quoted(door)},{starts},{ends}]' for door, starts, ends in windows])}]"


@lru_cache(2048)
def listed_in(state: str) -> Spans:
    """The windows of a credential's state; read once for all who have the same, and who ask while it is sent."""
    return tuple((door, starts, ends) for door, starts, ends in json.loads(state))


def remaining(state: str, now: int) -> list[Span]:
    """What is left at `now` of a credential's windows, sorted."""
    if not state.startswith("["):
        return []
    return sorted((door, max(starts, now), ends) for door, starts, ends in listed_in(state) if ends > now)


def _level(kind: TargetKind, asks: Iterable[Ask], now: int) -> Desired:
    level, edge, needed_by = -1, NEVER, NEVER
    for ask in asks:
        if ask.starts <= now < ask.ends:
            level, edge, needed_by = max(level, ask.level), min(edge, ask.ends), min(needed_by, ask.starts)
        elif now < ask.starts:
            edge = min(edge, ask.starts)
    return Desired(RELEASE if level < 0 else f"{kind}:{level}", edge, needed_by)


def _ruled(kind: TargetKind, asks: Iterable[Ask], now: int, rule: LineRule) -> Desired:
    """The zone's line at the moment. What was set by hand is left until a claim begins or ends, lit or not."""
    asks = [ask for ask in asks if ask.ends > now - REACH]
    edge = min((at for ask in asks for at in (ask.starts, ask.ends) if at > now), default=NEVER)
    for one in line(asks, rule):
        if one.starts > now:
            return Desired(RELEASE, min(edge, one.starts), NEVER)
        if one.ends > now:
            return Desired(f"{kind}:{one.level}", min(edge, one.ends), one.starts)
    return Desired(RELEASE, edge, NEVER)


def _windows(asks: Iterable[Ask], now: int, horizon: int) -> Desired:
    """The whole set of (door, window): past ones gone, touching ones joined, those beyond the horizon not yet in."""
    edge, needed_by, listed = NEVER, NEVER, list[Span]()
    for starts, ends, _, door in sorted(asks, key=_by_door):
        if ends <= now:
            continue
        if starts - horizon > now:
            edge = min(edge, starts - horizon)
        elif listed and listed[-1][0] == door and starts <= listed[-1][2]:
            _, first, last = listed[-1]
            listed[-1] = door, first, max(last, ends)
        else:
            listed.append((door, starts, ends))
    for _, starts, ends in listed:
        edge, needed_by = min(edge, ends), min(needed_by, starts)
    return Desired(written(listed), edge, needed_by)


def _by_door(ask: Ask) -> tuple[str, int, int]:
    return ask.door, ask.starts, ask.ends
