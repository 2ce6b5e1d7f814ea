"""Maintenance windows (servicefönster): when a system is worked on, and nothing is asked of it.

Written in Swedish wall time, and right in the nights of both clock changes: a time that comes twice begins a window the
first time and ends one the second, a time that spring leaves out begins one at the jump and ends one an hour later.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, NamedTuple, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from hub.clock import DAY, STOCKHOLM, instant, micros
from hub.model.frozen import Frozen
from hub.model.notifying import Weekday

_DAY = timedelta(days=1)
_WALL = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_DATED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]")
LONGEST = 31 * DAY
"""Of a dated window; one that is longer is a pause."""


def _some(listed: tuple[Weekday, ...] | None) -> tuple[Weekday, ...] | None:
    if listed == ():
        msg = "an empty list; write the days, or leave it out and write dates"
        raise ValueError(msg)
    return listed


class Maintenance(Frozen):
    """One window: each week on some days, or once."""

    model_config = ConfigDict(serialize_by_alias=True)

    weekdays: Annotated[
        tuple[Weekday, ...] | None,
        AfterValidator(_some),
        Field(description="each week on these days, by its beginning; left out: once, on the dates below"),
    ] = None
    begins: Annotated[str, Field(alias="from", description="Swedish time: 02:00, or once 2026-12-01T22:00")]
    until: Annotated[
        str, Field(description="Swedish time, 04:30 (on the next day when it is the earlier), or once 2026-12-02T06:00")
    ]

    @model_validator(mode="after")
    def _some_time(self) -> Self:
        form, example = (_WALL, "02:00") if self.weekdays else (_DATED, "2026-12-01T22:00")
        for told in (self.begins, self.until):
            if not form.fullmatch(told):
                msg = f"`{told}` is not written as {example}"
                raise ValueError(msg)
        if self.weekdays and self.begins == self.until:
            msg = "`from` and `until` are the same time; take the window out, or make them differ"
            raise ValueError(msg)
        if not self.weekdays and not self._is_short():
            msg = "`until` should come after `from`, and at most 31 days after it"
            raise ValueError(msg)
        return self

    def _is_short(self) -> bool:
        begins, ends = (datetime.fromisoformat(told) for told in (self.begins, self.until))
        return timedelta() < ends - begins <= LONGEST * timedelta(microseconds=1)


class Span(NamedTuple):
    """From when until when, microseconds; half-open."""

    begins: int
    ends: int


def spans(windows: Iterable[Maintenance], *, since: int, until: int) -> list[Span]:
    """The windows that lie in [since, until) at least in part, as one where they touch; in order."""
    found = sorted(span for window in windows for span in _near(window, since, until))
    joined: list[Span] = []
    for span in found:
        if joined and span.begins <= joined[-1].ends:
            joined[-1] = Span(joined[-1].begins, max(joined[-1].ends, span.ends))
        else:
            joined.append(span)
    return [span for span in joined if span.ends > since and span.begins < until]


def held(windows: Iterable[Maintenance], at: int) -> Span | None:
    """The window that a moment lies in, with all that touches it within two weeks."""
    for span in spans(windows, since=at, until=at + 14 * DAY):
        if span.begins <= at:
            return span
    return None


def _near(window: Maintenance, since: int, until: int) -> Iterator[Span]:
    if window.weekdays is None:
        begins, ends = (datetime.fromisoformat(told) for told in (window.begins, window.until))
        yield Span(_first(begins), _last(ends))
        return
    day, last = _local(since) - 8 * _DAY, _local(until)
    begins_at, ends_at = time.fromisoformat(window.begins), time.fromisoformat(window.until)
    wanted = {tuple(Weekday).index(weekday) for weekday in window.weekdays}
    while day <= last:
        if day.weekday() in wanted:
            end = day if begins_at < ends_at else day + _DAY
            yield Span(_first(datetime.combine(day, begins_at)), _last(datetime.combine(end, ends_at)))
        day += _DAY


def _local(at: int) -> date:
    return instant(at).astimezone(STOCKHOLM).date()


def _both(wall: datetime) -> tuple[datetime, datetime]:
    """What a wall time may mean; of one that is left out the second is the earlier."""
    first, second = (wall.replace(tzinfo=STOCKHOLM, fold=fold).astimezone(UTC) for fold in (0, 1))
    return first, second


def _first(wall: datetime) -> int:
    first, second = _both(wall)
    left_out = second < first
    return micros(first.replace(minute=0) if left_out else first)


def _last(wall: datetime) -> int:
    return micros(max(_both(wall)))
