"""What becomes free when a booking is cancelled, moved or shortened (ledig tid): told once, to whoever waits for it.

Time of which a closure is in force is not free: it is kept until the closure is lifted or moved, and told then, if
nobody has taken it and it is not over. Of a whole that is not free, the parts that are so are told.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, Self

from hub.clock import instant
from hub.model.events import EventType
from hub.model.plan import Closure
from hub.planner.rules import Rules
from hub.service.asking.asked import Use
from hub.service.asking.changes import Change
from hub.store import occupancy, unreleased
from hub.store.engine.database import Connection
from hub.store.events import Event
from hub.store.unreleased import Unreleased


class Span(NamedTuple):
    """A half-open interval, microseconds."""

    starts: int
    ends: int


class Freed(NamedTuple):
    """A resource, and when it is free."""

    resource: str
    span: Span


def without(spans: Iterable[Span], taken: Span) -> Iterator[Span]:
    """What is left of the spans when one is taken out. Pure."""
    for span in spans:
        if taken.ends <= span.starts or span.ends <= taken.starts:
            yield span
            continue
        if span.starts < taken.starts:
            yield Span(span.starts, taken.starts)
        if taken.ends < span.ends:
            yield Span(taken.ends, span.ends)


def left(spans: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """What is left of the spans when several are taken out. Pure."""
    found = list(spans)
    for one in taken:
        found = list(without(found, one))
    return found


def given_up(before: frozenset[Use], now: frozenset[Use], *, at: int) -> list[Freed]:
    """What a booking no longer uses of what it used, from `at` on. Pure."""
    found = []
    for use in sorted(before - now):
        kept = [Span(other.starts, other.ends) for other in now if other.resource == use.resource]
        spans = [Span(max(use.starts, at), use.ends)] if use.ends > at else []
        found += [Freed(use.resource, span) for span in left(spans, kept)]
    return found


@dataclass
class _Share:
    """What there is of a span: told as free, and held back by a closure."""

    told: list[Freed] = field(default_factory=list)
    held: list[Freed] = field(default_factory=list)

    def __iadd__(self, other: "_Share") -> Self:
        self.told += other.told
        self.held += other.held
        return self


@dataclass(frozen=True)
class _Looking:
    """Where to look for who has what."""

    connection: Connection
    rules: Rules
    closures: tuple[Closure, ...]
    told: list[Freed]
    """What this transaction has told already."""
    number: str = ""
    """The booking that gives up, and what it uses now."""
    uses: frozenset[Use] = frozenset()

    def share(self, resource: str, span: Span) -> _Share:
        """Of a whole that is taken or shut, what its parts come to."""
        taken, shut = self._taken(resource, span), self._shut(resource)
        share = _Share([Freed(resource, one) for one in left([span], [*taken, *shut])])
        self.told.extend(share.told)
        for rest in left([span], [one.span for one in share.told]):
            held = left([rest], taken)
            for busy in left([rest], held):
                share += self._of_parts(resource, busy)
            for one in held:
                of_parts = self._of_parts(resource, one)
                share += of_parts if of_parts.told else _Share(held=[Freed(resource, one)])
        return share

    def _of_parts(self, resource: str, span: Span) -> _Share:
        share = _Share()
        for part in self.rules.resources[resource].parts if resource in self.rules.resources else ():
            share += self.share(part, span)
        return share

    def _taken(self, resource: str, span: Span) -> list[Span]:
        """When anybody has the resource, a whole or a part of it; and what has been told of any of them."""
        town, related = self.rules.municipality, self.related(resource)
        others = (
            Span(other.starts, other.ends)
            for name in sorted(related)
            for other in occupancy.overlapping(self.connection, town, name, *span, but=self.number)
        )
        own = (Span(use.starts, use.ends) for use in self.uses if use.resource in related)
        return [*others, *own, *(one.span for one in self.told if one.resource in related)]

    def _shut(self, resource: str) -> list[Span]:
        related = self.related(resource)
        return [Span(one.starts, one.ends) for one in self.closures if one.resource in related]

    def related(self, resource: str) -> frozenset[str]:
        """What cannot be used at the same time."""
        rules = self.rules.resources.get(resource)
        return rules.related if rules else frozenset((resource,))


def released(connection: Connection, changes: Iterable[Change]) -> list[Event]:
    """What became free: nobody has it, nor a whole or part of it; told once when several leave it together."""
    events: list[Event] = []
    told: dict[str, list[Freed]] = {}
    for one in changes:
        request = one.request
        town, rules, number = request.municipality, request.rules, request.number
        looking = _Looking(connection, rules, rules.closures, told.setdefault(town, []), number, request.uses)
        for freed in given_up(one.before.uses, request.uses, at=request.now):
            share = looking.share(*freed)
            events += [_event(town, number, free, request.now) for free in share.told]
            unreleased.keep(connection, _kept(town, number, share.held), now=request.now)
    return events


def opened(
    connection: Connection, rules: Rules, closure: Closure, still: Iterable[Closure], *, now: int
) -> list[Event]:
    """What was given up while the closure was in force, and is free now that it is lifted, or is another."""
    town, events = rules.municipality, list[Event]()
    looking = _Looking(connection, rules, tuple(still), [])
    related = sorted(looking.related(closure.resource))
    for row in unreleased.take(connection, town, related, starts=closure.starts, ends=closure.ends):
        span = Span(max(row.starts, now), row.ends)
        if span.starts < span.ends:
            share = looking.share(row.resource, span)
            events += [_event(town, row.number, free, now) for free in share.told]
            unreleased.keep(connection, _kept(town, row.number, share.held), now=now)
    return events


def _kept(municipality: str, number: str, held: Iterable[Freed]) -> list[Unreleased]:
    return [Unreleased(municipality, resource, *span, number) for resource, span in held]


def _event(municipality: str, number: str, free: Freed, now: int) -> Event:
    resource, (starts, ends) = free
    body = {"resource": resource, "starts_at": _said(starts), "ends_at": _said(ends)}
    return Event(municipality, EventType.TIME_RELEASED, number, json.dumps(body), now)


def _said(at: int) -> str:
    return instant(at).isoformat().replace("+00:00", "Z")
