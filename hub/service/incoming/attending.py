"""Attendance that comes in: folded to one change of each gathering, sealed, and kept."""

import json
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import NamedTuple

from pydantic import TypeAdapter

from hub.clock import micros
from hub.model import Attendance, AttendanceMethod, Attendee, OrganisationNumber, Role
from hub.store import attendance, protected
from hub.store.attendance import Gathering, Place, Stored
from hub.store.engine.database import Connection
from hub.store.seals.sealed import GATHERING
from hub.store.seals.sealing import Place as SealedPlace
from hub.store.seals.sealing import Seal

_ROLES = {Role.PARTICIPANT: attendance.PARTICIPANT, Role.LEADER: attendance.LEADER}
_LEVEL = 1
"""Of compression: names and numbers of a list shrink to a third, in no time."""
LONGEST = timedelta(days=31)
"""Of a gathering: a camp at the most; what is longer is a mistake of dates."""

ListKey = tuple[str, Role]
"""The source's id of a person, and the role: a leader who also takes part stands twice on a list."""
Listed = dict[ListKey, Attendee]
_LISTS = TypeAdapter(tuple[Attendee, ...])


@dataclass
class Change:
    """What a gathering should be after all that was told of it at once."""

    told: Attendance
    """The last word on everything but the list."""
    whole: bool
    """Whether the list is all there is, or only what is changed on it."""
    listed: Listed = field(default_factory=dict)
    removed: bool = False


class Prepared(NamedTuple):
    """A change, ready to be written. What merges is sealed when the list it merges with is known."""

    gathering: Gathering
    whole: bool
    removed: bool
    listed: Listed
    persons: Mapping[ListKey, bytes]


def folded(messages: Iterable[Attendance]) -> dict[Place, Change]:
    """One change for each gathering, in the order in which they were first told."""
    changes: dict[Place, Change] = {}
    for told in messages:
        place = Place(told.association.id, told.card, told.code)
        marks = _listed(told.attendees)
        known = changes.get(place)
        if told.method is AttendanceMethod.REMOVE:
            changes[place] = Change(told, whole=True, removed=True)
        elif told.method is AttendanceMethod.MERGE and known is not None and not known.removed:
            changes[place] = Change(told, known.whole, known.listed | marks)
        else:
            whole = told.method is AttendanceMethod.REPLACE or (known is not None and known.removed)
            changes[place] = Change(told, whole, marks)
    return changes


def _listed(attendees: Iterable[Attendee]) -> Listed:
    return {(one.id, one.role): one for one in attendees}


class Attending:
    """Prepares and keeps attendance of one hub's key."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal
        self._known = lru_cache(4096)(seal.lookup_hash)
        """The same people come to most gatherings."""

    def prepare(self, municipality: str, name: str, messages: Iterable[Attendance]) -> list[Prepared]:
        """Fold, hash and seal; for a thread of its own."""
        return [self._prepared(municipality, name, *one) for one in folded(messages).items()]

    def _prepared(self, municipality: str, name: str, place: Place, change: Change) -> Prepared:
        told = change.told
        gathering = Gathering(
            place,
            micros(told.starts_at),
            micros(told.ends_at),
            self.organisation(municipality, told.association.organisation_number),
            _body(told),
            self.close(municipality, name, place, change.listed) if change.whole else b"",
        )
        persons = {key: self.person(municipality, name, place, mark) for key, mark in change.listed.items()}
        return Prepared(gathering, change.whole, change.removed, change.listed, persons)

    def person(self, municipality: str, name: str, place: Place, mark: Attendee) -> bytes:
        """Who it is: the same in all sources by identity number, else only in its association's own."""
        if mark.identity_number is not None:
            return self._known(
                f"{municipality}/person/{mark.identity_number.digits}"
            )  # as in `hub.service.persons.whose`
        if mark.unverified_number:
            return self._known(f"{municipality}/unverified/{name}/{mark.unverified_number}")
        return self._known(f"{municipality}/listed/{name}/{place.association}/{mark.id}")

    def organisation(self, municipality: str, number: OrganisationNumber | None) -> bytes | None:
        """An association's number, to be found by."""
        return self._known(f"{municipality}/organisation/{number.digits}") if number else None

    def close(self, municipality: str, name: str, place: Place, listed: Listed) -> bytes:
        """Seal a list."""
        text = _LISTS.dump_json(tuple(listed.values()), exclude_defaults=True)
        return self._seal.close(zlib.compress(text, _LEVEL), _bound(municipality, name, place))

    def open(self, municipality: str, stored: Stored) -> Listed:
        """A list as it was told."""
        place = Place(stored.association, stored.card, stored.code)
        text = zlib.decompress(self._seal.open(stored.sealed, _bound(municipality, stored.connection, place)))
        return _listed(_LISTS.validate_json(text))

    def keep(
        self,
        connection: Connection,
        municipality: str,
        name: str,
        changes: Sequence[Prepared],
        *,
        import_id: int,
        now: int,
    ) -> None:
        """Write changes; in the transaction that keeps the rows which told them."""
        known = attendance.gatherings(connection, municipality, name, [one.gathering.place for one in changes])
        gone = [one for one in changes if one.removed]
        attendance.remove(connection, municipality, _ids(known, gone))
        staying = [self._merged(municipality, name, one, known) for one in changes if not one.removed]
        if flagged := protected.everybody(connection, municipality):
            staying = [self._nameless(municipality, name, one, flagged) for one in staying]
        attendance.unmark(connection, municipality, _ids(known, staying))
        told = [one.gathering for one in staying]
        ids = attendance.put(connection, municipality, name, told, import_id=import_id, now=now)
        attendance.mark(connection, [row for one in staying for row in _marks(municipality, ids, one)])

    def _merged(self, municipality: str, name: str, one: Prepared, known: Mapping[Place, Stored]) -> Prepared:
        """The whole list; one that only says what is changed is laid over what stands."""
        if one.whole:
            return one
        place = one.gathering.place
        before = self.open(municipality, known[place]) if place in known else {}
        listed = before | one.listed
        persons = {key: self.person(municipality, name, place, mark) for key, mark in before.items()} | dict(
            one.persons
        )
        sealed = self.close(municipality, name, place, listed)
        return one._replace(gathering=one.gathering._replace(sealed=sealed), listed=listed, persons=persons)

    def _nameless(self, municipality: str, name: str, one: Prepared, flagged: Collection[str]) -> Prepared:
        """The list without the names of whoever is protected."""
        mine = {key for key, person in one.persons.items() if person.hex() in flagged}
        if not mine:
            return one
        listed = nameless(one.listed, mine)
        sealed = self.close(municipality, name, one.gathering.place, listed)
        return one._replace(gathering=one.gathering._replace(sealed=sealed), listed=listed)

    def forget(self, municipality: str, stored: Stored, person: bytes) -> bytes:
        """A list that stands, sealed without a person's name."""
        place, listed = Place(stored.association, stored.card, stored.code), self.open(municipality, stored)
        whose = {key: self.person(municipality, stored.connection, place, mark) for key, mark in listed.items()}
        mine = {key for key, each in whose.items() if each == person}
        return self.close(municipality, stored.connection, place, nameless(listed, mine))


def nameless(listed: Listed, mine: Collection[ListKey]) -> Listed:
    """A list on which some have no name."""
    bare = {"given_name": "", "family_name": ""}
    return {key: one.model_copy(update=bare) if key in mine else one for key, one in listed.items()}


def _ids(known: Mapping[Place, Stored], changes: Iterable[Prepared]) -> list[int]:
    return [known[one.gathering.place].id for one in changes if one.gathering.place in known]


def _marks(
    municipality: str, ids: Mapping[Place, int], one: Prepared
) -> Iterable[tuple[str, int, bytes, int, int, int, int]]:
    """One mark for each person and role; somebody who stands twice was there if either mark says so."""
    present: dict[tuple[bytes, int], bool] = {}
    for key, mark in one.listed.items():
        who = (one.persons[key], _ROLES[mark.role])
        present[who] = present.get(who, False) or mark.present
    gathering = one.gathering
    for (person, role), came in present.items():
        yield municipality, ids[gathering.place], person, role, int(came), gathering.starts, gathering.ends


def _body(told: Attendance) -> str:
    number = told.association.organisation_number
    shown = number.digits if number and not number.is_a_person else None
    association = {"name": told.association.name, "organisation_number": shown}
    more = {"activity": told.activity, "venue": told.venue, "type": told.type, "own_sport": told.own_sport}
    return json.dumps({"association": association} | more, separators=(",", ":"), ensure_ascii=False)


def _bound(municipality: str, name: str, place: Place) -> SealedPlace:
    return GATHERING.place(municipality, "/".join((name, *place)))
