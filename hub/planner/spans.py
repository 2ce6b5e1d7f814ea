"""Times that come again day after day, reckoned a month at a time and remembered: a season asks for the same often.

Pure: what is remembered is the same whoever asks, and in whichever order.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from datetime import date
from operator import itemgetter

from hub.clock import DAY

Span = tuple[int, int]
"""From, until: microseconds."""
Month = Callable[[int], tuple[Span, ...]]
"""The spans of the days of a month by its number, in order; a span belongs to the day that it begins on, or near."""

_DAYS = 32
_EPOCH = date(1970, 1, 1).toordinal()
_ENDS = itemgetter(1)


def days_of(month: int) -> Iterator[date]:
    """The days of a month, which has 32 here."""
    return (date.fromordinal(_EPOCH + month * _DAYS + day) for day in range(_DAYS))


def spans_of(months: Month, since: int) -> Iterator[Span]:
    """Every span that ends after a moment; each ends after the one before, and they may touch or overlap. No end."""
    month = (since // DAY - 2) // _DAYS
    while True:
        spans = months(month)
        yield from spans[bisect_right(spans, since, key=_ENDS) :]
        month += 1
