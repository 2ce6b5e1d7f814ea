"""What a zone should be from hour to hour (tidslinje): claims, laid together by the zone's own rules. Pure and lazy.

In this order, each on what the one before gave:

1. the highest level that anyone claims;
2. nothing past the latest time, and nothing by day, where the zone says so: a claim is cut there;
3. a tail or a purge after what ends because nobody claims it any longer, as long as neither of those forbids it;
4. a pause shorter than the lamp takes to strike again is lit, at the lower level of the two sides; never one past the
   latest time, and never before the first claim or after the last;
5. a lower level for a moment before it goes dark.

Levels are absolute all along. What ended longer ago than `hub.model.lit.REACH` has no part in what comes.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum, auto
from functools import cached_property
from typing import NamedTuple

from hub.clock import NEVER
from hub.model.lit import Position
from hub.model.plan import Ask, Claim
from hub.planner.daylight import daylight
from hub.planner.hours import Rest, nights
from hub.planner.spans import Span

Spans = Callable[[int], Iterator[Span]]
"""Times that end after a moment, in order; there is always one more."""


class Why(StrEnum):
    """Why a zone changes."""

    BOOKED = auto()
    """The claims on it are others."""
    DAYLIGHT = auto()
    """The sun is up, or has gone."""
    LATEST_OFF = "latest-off"
    """Past the latest time, or past its morning."""
    TAIL = auto()
    """For those who are leaving."""
    PURGE = auto()
    """To air out."""
    RESTRIKE = auto()
    """The lamp could not strike again in the pause."""
    WARNING = auto()
    """It will soon be dark."""
    WARNED = auto()
    """The warning is over."""


class Stretch(NamedTuple):
    """A level that stays for a while. Microseconds."""

    starts: int
    ends: int
    level: int
    why: Why
    """It begins with this level."""
    over: Why = Why.BOOKED
    """It ends, when nothing follows."""


class Dark(NamedTuple):
    """Lit only when it is dark there, and for so long before and after (microseconds)."""

    position: Position
    margin: int

    def by_day(self, since: int) -> Iterator[Span]:
        """Every time of light from a moment on."""
        return daylight(self.position, self.margin, since)


class After(NamedTuple):
    """What follows the last claim: how long (microseconds), at which level, as what."""

    length: int
    level: int
    why: Why


class Warned(NamedTuple):
    """How long before the dark, for how long (microseconds), at which level."""

    before: int
    length: int
    level: int


@dataclass(frozen=True)
class LineRule:
    """A zone's own rules, compiled. Without any it follows its claims."""

    restrike: int = 0
    dark: Dark | None = None
    latest_off: Rest | None = None
    after: After | None = None
    warned: Warned | None = None

    @cached_property
    def is_plain(self) -> bool:
        """Whether there are none."""
        return (self.restrike, self.dark, self.latest_off, self.after, self.warned) == (0, None, None, None, None)

    @cached_property
    def outlasts(self) -> int:
        """How long after its end a claim may still be what makes the zone so."""
        return self.after.length if self.after else 0

    @cached_property
    def foreruns(self) -> int:
        """How long before its start a claim may change the zone: it fills the pause, and no warning is due."""
        return self.restrike + self.outlasts + (self.warned.before if self.warned else 0)

    def nights(self, since: int) -> Iterator[Span]:
        """Times past the latest."""
        return nights(self.latest_off, since) if self.latest_off else iter(((NEVER, NEVER),))

    def withheld(self) -> Iterator[tuple[Spans, Why]]:
        """When nothing is lit whoever claims it, and why."""
        if self.latest_off:
            yield self.nights, Why.LATEST_OFF
        if self.dark:
            yield self.dark.by_day, Why.DAYLIGHT

    def withheld_after(self, at: int) -> tuple[int, Why]:
        """When it is withheld for the first time from a moment on, and why."""
        told = [(max(at, next(spans(at))[0]), why) for spans, why in self.withheld()]
        return min(told, default=(NEVER, Why.BOOKED))


PLAIN = LineRule()


def line(asks: Iterable[Ask], rule: LineRule = PLAIN) -> Iterator[Stretch]:
    """Give every stretch in which the zone has a level, the first first; between them it is released."""
    stretches = _highest(asks)
    for spans, why in rule.withheld():
        stretches = _cut(stretches, spans, why)
    if rule.after:
        stretches = _followed(stretches, rule, rule.after)
    if rule.restrike:
        stretches = _bridged(stretches, rule)
    return _warned(stretches, rule.warned) if rule.warned else stretches


def lit_from(claim: Ask | Claim, rule: LineRule, now: int) -> int:
    """Since when a claim is lit at a moment, or when it will be next, were it alone; NEVER when it will not be."""
    if rule.is_plain:
        return claim.starts
    its = line([_bare(claim)], rule)
    return next((one.starts for one in its if one.ends > now and one.starts < claim.ends), NEVER)


def least(claim: Ask | Claim, rule: LineRule, now: int) -> int | None:
    """The level that a claim has a right to at a moment; None while it has none: not yet, or the rules withhold it."""
    if rule.is_plain:
        return claim.level if claim.starts <= now < claim.ends else None
    its = line([_bare(claim)], rule)
    return next((one.level for one in its if one.starts <= now < min(one.ends, claim.ends)), None)


def _bare(claim: Ask | Claim) -> Ask:
    return Ask(claim.starts, claim.ends, claim.level, "")


def _highest(asks: Iterable[Ask]) -> Iterator[Stretch]:
    """The highest level at each time, in as few stretches as there are levels."""
    coming = sorted(((ask.starts, ask.ends, ask.level) for ask in asks), reverse=True)
    current: list[tuple[int, int]] = []
    """Levels and ends, negative: the highest first, and of those the longest."""
    last, at = None, 0
    while coming or current:
        at = at if current else coming[-1][0]
        while coming and coming[-1][0] <= at:
            _, ends, level = coming.pop()
            heapq.heappush(current, (-level, -ends))
        level, ends = -current[0][0], -current[0][1]
        until = min(ends, coming[-1][0]) if coming else ends
        if last and last.ends == at and last.level == level:
            last = last._replace(ends=until)
        else:
            if last:
                yield last
            last = Stretch(at, until, level, Why.BOOKED)
        at = until
        while current and -current[0][1] <= at:
            heapq.heappop(current)
    if last:
        yield last


def _cut(stretches: Iterator[Stretch], spans: Spans, why: Why) -> Iterator[Stretch]:
    """What lies outside the spans."""
    taken: Iterator[Span] | None = None
    begins = ends = 0
    for one in stretches:
        taken = spans(one.starts) if taken is None else taken
        rest = one
        while rest.starts < rest.ends:
            while ends <= rest.starts:
                begins, ends = next(taken)
            if begins > rest.starts:
                whole = begins >= rest.ends
                yield rest if whole else Stretch(rest.starts, begins, rest.level, rest.why, why)
            if begins >= rest.ends:
                break
            rest = Stretch(ends, rest.ends, rest.level, why, rest.over)


def _paired(stretches: Iterator[Stretch]) -> Iterator[tuple[Stretch, Stretch | None]]:
    """Each with the one that comes next."""
    before = next(stretches, None)
    for one in stretches:
        assert before is not None  # noqa: S101 - there was one before
        yield before, one
        before = one
    if before:
        yield before, None


def _followed(stretches: Iterator[Stretch], rule: LineRule, after: After) -> Iterator[Stretch]:
    """With the tail or the purge behind each that ends of itself."""
    for one, following in _paired(stretches):
        yield one
        starts = one.ends
        ends = min(starts + after.length, following.starts if following else NEVER)
        if one.over is not Why.BOOKED or starts >= ends:
            continue
        withheld, why = rule.withheld_after(starts)
        if withheld < ends:
            ends, over = withheld, why
        else:
            over = after.why
        if starts < ends:
            yield Stretch(starts, ends, after.level, after.why, over)


def _bridged(stretches: Iterator[Stretch], rule: LineRule) -> Iterator[Stretch]:
    """With short pauses lit, where no latest time lies in them."""
    for one, following in _paired(stretches):
        yield one
        if following is None or not one.ends < following.starts < one.ends + rule.restrike:
            continue
        if next(rule.nights(one.ends))[0] >= following.starts:
            level = min(one.level, following.level)
            yield Stretch(one.ends, following.starts, level, Why.RESTRIKE)


def _warned(stretches: Iterator[Stretch], warned: Warned) -> Iterator[Stretch]:
    """With the warning in each lit time, before its last claim ends."""
    together: list[Stretch] = []
    for one, following in _paired(stretches):
        together.append(one)
        if following is None or following.starts > one.ends:
            yield from _with_warning(together, warned)
            together = []


def _with_warning(together: list[Stretch], warned: Warned) -> Iterator[Stretch]:
    last = next(one for one in reversed(together) if one.why not in _NOT_CLAIMED)
    starts = last.ends - warned.before
    if last.over is Why.DAYLIGHT or starts <= together[0].starts:
        yield from together
        return
    for one in together:
        yield from _lowered(one, starts, starts + warned.length, warned.level)


_NOT_CLAIMED = frozenset({Why.TAIL, Why.PURGE, Why.RESTRIKE})


def _lowered(one: Stretch, starts: int, ends: int, level: int) -> Iterator[Stretch]:
    """A stretch in up to three: before, lower meanwhile, and after."""
    first, last = max(one.starts, starts), min(one.ends, ends)
    if first >= last or one.level <= level:
        yield one
        return
    if one.starts < first:
        yield Stretch(one.starts, first, one.level, one.why, one.over)
    yield Stretch(first, last, level, Why.WARNING)
    if last < one.ends:
        yield Stretch(last, one.ends, one.level, Why.WARNED, one.over)
