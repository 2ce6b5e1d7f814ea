"""How long something was so: spans laid together, cut out of each other, and added up. Pure; microseconds, half open.

A local month is as long as it is: 743 hours in March, 745 in October. Who adds up UTC moments is right about that.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import NamedTuple

from hub.clock import HOUR, STOCKHOLM, micros
from hub.planner.spans import Span

_CENTS = Decimal("0.01")
_DECEMBER = 12


class Month(NamedTuple):
    """A month of local time."""

    year: int
    month: int

    @classmethod
    def of(cls, at: datetime) -> "Month":
        """The month that a moment is in."""
        local = at.astimezone(STOCKHOLM)
        return cls(local.year, local.month)

    @classmethod
    def read(cls, told: str) -> "Month":
        """From 2026-11."""
        year, month = told.split("-")
        return cls(int(year), int(month))

    @property
    def after(self) -> "Month":
        """The next."""
        return Month(self.year + self.month // _DECEMBER, self.month % _DECEMBER + 1)

    @property
    def before(self) -> "Month":
        """The one before."""
        return Month(self.year, self.month - 1) if self.month > 1 else Month(self.year - 1, _DECEMBER)

    @property
    def span(self) -> Span:
        """From its first midnight to the next month's."""
        return _begins(self), _begins(self.after)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"


def _begins(month: Month) -> int:
    return micros(datetime(month.year, month.month, 1, tzinfo=STOCKHOLM))


def united(spans: Iterable[Span], within: Span) -> list[Span]:
    """Spans laid together, cut to what lies within; in order, none touches another."""
    found: list[Span] = []
    first, last = within
    for starts, ends in sorted((max(starts, first), min(ends, last)) for starts, ends in spans):
        if starts >= ends:
            continue
        if found and starts <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], ends)
        else:
            found.append((starts, ends))
    return found


def without(spans: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """What is left of spans outside the others, which are united."""
    taken, found = list(others), list[Span]()
    for begins, ends in spans:
        at = begins
        for start, stop in taken:
            if stop <= at or start >= ends:
                continue
            if start > at:
                found.append((at, start))
            at = stop
        if at < ends:
            found.append((at, ends))
    return found


def hours(spans: Iterable[Span]) -> Decimal:
    """How long they are together, in hours."""
    length = sum(ends - starts for starts, ends in spans)
    return (Decimal(length) / HOUR).quantize(_CENTS, ROUND_HALF_UP)


def used(meter: Iterable[tuple[int, int]]) -> int | None:
    """What a meter counted, of its first and last readings hour by hour; None where it told at most once.

    A meter that falls was exchanged: the fall counts as nothing.
    """
    told = list(meter)
    if len(told) <= 1 and all(first == last for first, last in told):
        return None
    readings = [value for hour in told for value in hour]
    return sum(max(0, later - earlier) for earlier, later in pairwise(readings))
