"""Bookings in each other's way: told, never refused; the booking core owns availability.

A group of requests is written as one, and each is told who stood in its way when it arrived: so what is told does not
hang on how requests were grouped, and a dry run, which takes them one by one, tells the same.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from hub.service.asking.asked import Use
from hub.service.asking.preparing import Accept
from hub.store import occupancy
from hub.store.engine.database import Connection, Later
from hub.store.occupancy import Overlap, Span

Key = tuple[str, str]
"""Municipality and booking number."""


class Conflict(NamedTuple):
    """Another booking that has the same resource, or a whole or part of it, at the same time."""

    occasion: str
    overlap: Overlap


Conflicts = tuple[Conflict, ...]


class _Stood(NamedTuple):
    """A use that another booking had before the request at `until`, and has perhaps no more."""

    key: Key
    since: int
    until: int
    use: Use


class Arrival:
    """Where the bookings of a group were, by the places of the requests that moved them; -1 is before the first."""

    def __init__(self) -> None:
        self._now: dict[Key, tuple[int, frozenset[Use]]] = {}
        self._stood: dict[tuple[str, str], list[_Stood]] = {}
        """By municipality and resource."""

    def stood(self, key: Key, uses: frozenset[Use]) -> None:
        """Where a booking was before the group."""
        self._now[key] = (-1, uses)

    def came(self, place: int, key: Key, uses: frozenset[Use]) -> None:
        """A request at that place was accepted; each booking's in order."""
        if before := self._now.get(key):
            for use in before[1]:
                self._stood.setdefault((key[0], use.resource), []).append(_Stood(key, before[0], place, use))
        self._now[key] = (place, uses)

    def conflicts_later(
        self, connection: Connection, requests: Iterable[tuple[int, Accept]]
    ) -> Later[dict[int, Conflicts]]:
        """Who was in the way of the requests at those places; who comes later is told of it itself."""
        asked = [
            (place, use.occasion, Span(request.municipality, resource, use.starts, use.ends, request.number))
            for place, request in requests
            for use in request.uses
            for resource in request.rules.resources[use.resource].related
        ]
        stored = occupancy.overlapping_each_later(connection, [span for *_, span in asked])

        def told() -> dict[int, Conflicts]:
            found: dict[int, list[Conflict]] = {}
            for (place, occasion, span), others in zip(asked, stored(), strict=True):
                here = (*self._stored(place, span, others), *self._moved(place, span))
                found.setdefault(place, []).extend(Conflict(occasion, other) for other in here)
            return {place: in_order(conflicts) for place, conflicts in found.items()}

        return told

    def _stored(self, place: int, span: Span, others: list[Overlap]) -> Iterator[Overlap]:
        for other in others:
            came = self._now.get((span.municipality, other.number))
            if came is None or came[0] < place:
                yield other

    def _moved(self, place: int, span: Span) -> Iterator[Overlap]:
        mine = (span.municipality, span.but)
        for key, since, until, other in self._stood.get((span.municipality, span.resource), ()):
            if key != mine and since < place < until and other.starts < span.ends and span.starts < other.ends:
                yield Overlap(span.resource, other.starts, other.ends, key[1], other.occasion)


def in_order(found: Iterable[Conflict]) -> tuple[Conflict, ...]:
    """Told in one order, however they were found."""
    return tuple(sorted(found))
