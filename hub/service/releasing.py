"""What becomes free when a booking is cancelled, moved or shortened (ledig tid): told once, to whoever waits for it."""

import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from hub.clock import instant
from hub.model.events import EventType
from hub.service.asked import Use
from hub.service.changes import Change
from hub.store import occupancy
from hub.store.database import Connection
from hub.store.events import Event


class Span(NamedTuple):
    """A half-open interval, microseconds."""

    starts: int
    ends: int


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


def given_up(before: frozenset[Use], now: frozenset[Use], *, at: int) -> list[tuple[str, Span]]:
    """What a booking no longer uses of what it used, from `at` on. Pure."""
    found = []
    for use in sorted(before - now):
        spans = [Span(max(use.starts, at), use.ends)] if use.ends > at else []
        for kept in now:
            if kept.resource == use.resource:
                spans = list(without(spans, Span(kept.starts, kept.ends)))
        found += [(use.resource, span) for span in spans]
    return found


def released(connection: Connection, changes: Iterable[Change]) -> list[Event]:
    """What became free: nobody has it, nor a whole or part of it; told once when several leave it together."""
    told, known = [], dict[tuple[str, str], list[Span]]()
    for one in changes:
        request = one.request
        for resource, span in given_up(one.before.uses, request.uses, at=request.now):
            already = known.setdefault((request.municipality, resource), [])
            for free in _left([span], [*_taken(connection, one, resource, span), *already]):
                already.append(free)
                body = {"resource": resource, "starts_at": _said(free.starts), "ends_at": _said(free.ends)}
                event = Event(
                    request.municipality, EventType.TIME_RELEASED, request.number, json.dumps(body), request.now
                )
                told.append(event)
    return told


def _taken(connection: Connection, one: Change, resource: str, span: Span) -> Iterator[Span]:
    """When others have the resource, a whole or a part of it, or the booking itself has."""
    rules = one.request.rules
    related = rules.resources[resource].related if resource in rules.resources else frozenset((resource,))
    for name in sorted(related):
        others = occupancy.overlapping(
            connection, rules.municipality, name, span.starts, span.ends, but=one.request.number
        )
        yield from (Span(other.starts, other.ends) for other in others)
    yield from (Span(use.starts, use.ends) for use in one.request.uses if use.resource in related)


def _left(spans: list[Span], taken: Iterable[Span]) -> list[Span]:
    for one in taken:
        spans = list(without(spans, one))
    return spans


def _said(at: int) -> str:
    return instant(at).isoformat().replace("+00:00", "Z")
