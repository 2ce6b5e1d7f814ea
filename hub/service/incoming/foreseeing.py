"""What a dry run would change of attendance: gatherings that would be new, another, or gone."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from hub.model import Role
from hub.service.incoming.attending import Attending, Listed, ListKey, Prepared
from hub.store import attendance
from hub.store.attendance import Gathering, Place, Stored
from hub.store.engine.database import Connection

MOST_FORESEEN = 100
"""Gatherings that are told of; of the rest the counts tell."""


class Shown(NamedTuple):
    """A gathering, as a report shows it. Times in microseconds."""

    starts: int
    ends: int
    participants: int
    leaders: int


class Foreseen(NamedTuple):
    """One that would change: `before` is None when it would be new, `after` when it would be gone."""

    place: Place
    before: Shown | None
    after: Shown | None


class _State(NamedTuple):
    """How a gathering is, or would be."""

    starts: int
    ends: int
    body: str
    listed: Listed
    persons: Mapping[ListKey, bytes]


class Foreseeing:
    """Lays what a file tells over what stands. Not for two threads at once."""

    def __init__(self, attending: Attending, municipality: str, name: str) -> None:
        self._attending, self._municipality, self._name = attending, municipality, name
        self._before: dict[Place, _State | None] = {}
        self._after: dict[Place, _State | None] = {}

    def lay(self, connection: Connection, changes: Sequence[Prepared]) -> None:
        """One more batch of the file, in its order."""
        unknown = dict.fromkeys(one.gathering.place for one in changes if one.gathering.place not in self._before)
        new = list(unknown)[: MOST_FORESEEN - len(self._before)]
        known = attendance.gatherings(connection, self._municipality, self._name, new)
        for place in new:
            self._before[place] = self._after[place] = self._standing(place, known.get(place))
        told = [one for one in changes if one.gathering.place in self._before]
        for one in told:
            self._after[one.gathering.place] = _laid(self._after[one.gathering.place], one)
        for place in {one.gathering.place for one in told}:
            if self._before[place] == self._after[place]:
                del self._before[place], self._after[place]

    def told(self) -> list[Foreseen]:
        """What would change so far, in the order of the file."""
        return [Foreseen(place, _shown(was), _shown(self._after[place])) for place, was in self._before.items()]

    def _standing(self, place: Place, stored: Stored | None) -> _State | None:
        if stored is None:
            return None
        listed = self._attending.open(self._municipality, stored)
        persons = {
            key: self._attending.person(self._municipality, self._name, place, mark) for key, mark in listed.items()
        }
        return _State(stored.starts, stored.ends, stored.body, listed, persons)


def _laid(before: _State | None, one: Prepared) -> _State | None:
    if one.removed:
        return None
    gathering: Gathering = one.gathering
    under = before if before is not None and not one.whole else None
    listed = (under.listed if under else {}) | one.listed
    persons = {**(under.persons if under else {}), **one.persons}
    return _State(gathering.starts, gathering.ends, gathering.body, listed, persons)


def _shown(state: _State | None) -> Shown | None:
    if state is None:
        return None
    return Shown(state.starts, state.ends, _came(state, Role.PARTICIPANT), _came(state, Role.LEADER))


def _came(state: _State, role: Role) -> int:
    marks: Iterable[ListKey] = (key for key, mark in state.listed.items() if mark.present and mark.role is role)
    return len({state.persons[key] for key in marks})
