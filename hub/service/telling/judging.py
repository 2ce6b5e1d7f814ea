"""What somebody was last told of a booking, held against what it is now: what of it is news to them. Pure."""

import json
from typing import NamedTuple

from hub.model.notifying import News


class Slice(NamedTuple):
    """One occasion as somebody knows it. Times in microseconds."""

    id: str
    resource: str
    starts: int
    ends: int
    extras: tuple[str, ...] = ()


class State(NamedTuple):
    """What somebody knows of a booking. Nothing about persons, for it is kept in clear."""

    standing: bool
    """Whether the booking concerns them: neither cancelled, nor moved to where it does not."""
    revision: int
    occasions: tuple[Slice, ...] = ()
    closed: frozenset[tuple[str, str]] = frozenset()
    """(occasion, resource) of what a closure holds back."""
    codes: frozenset[tuple[str, int]] = frozenset()
    """(credential, version of its secret) of the codes that were told."""

    def to_json(self) -> str:
        """As it is kept."""
        told = (int(self.standing), self.revision, self.occasions, sorted(self.closed), sorted(self.codes))
        return json.dumps(told, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str | None) -> "State | None":
        """What to_json wrote; None for none."""
        if text is None:
            return None
        standing, revision, occasions, closed, codes = json.loads(text)
        slices = tuple(Slice(id_, place, starts, ends, tuple(extras)) for id_, place, starts, ends, extras in occasions)
        return cls(bool(standing), revision, slices, frozenset(map(tuple, closed)), frozenset((k, v) for k, v in codes))


def news(before: State | None, now: State, *, perhaps: bool, at: int) -> News | None:
    """What has happened, for somebody; None when nothing has that they do not know.

    Args:
        before: what they were last told; None for nothing.
        now: what there is to tell.
        perhaps: they may have been told something else meanwhile, and nobody knows.
        at: the moment, microseconds; of what is over no closure is told.
    """
    knows = before is not None and before.standing
    if not now.standing:
        return News.CANCELLED if knows or perhaps else None
    if before is None or not knows:
        return News.CHANGED if perhaps else News.NEW
    if before.occasions != now.occasions:
        return News.CHANGED
    if closing := _of_closures(before, now, at):
        return closing
    if now.codes - before.codes:
        return News.CODE
    return News.CHANGED if perhaps else None


def _of_closures(before: State, now: State, at: int) -> News | None:
    left = {one.id for one in now.occasions if one.ends > at}
    was, is_ = ({use for use in state.closed if use[0] in left} for state in (before, now))
    if is_ - was:
        return News.CLOSED
    return News.REOPENED if was - is_ else None
