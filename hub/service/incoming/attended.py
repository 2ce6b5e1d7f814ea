"""Attendance as it is asked for: who came, each person counted once at a time."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from hub.clock import instant, micros
from hub.errors import FieldFault, InvalidError
from hub.model import Attendee, Role
from hub.model.identity import OrganisationNumber
from hub.model.imported import (
    AssociationAnswer,
    AttendanceAnswer,
    AttendancePage,
    AttendeeAnswer,
    AttendeeIdentity,
    GatheringName,
    OverlapAnswer,
)
from hub.service.incoming.attending import Attending
from hub.service.rulebook import Rulebook
from hub.store import attendance
from hub.store.attendance import Overlap, Place, Stored, Which
from hub.store.engine.database import Connection
from hub.store.engine.writer import Readers
from hub.store.seals.sealing import Seal

MOST_OVERLAPS = 100
_SEARCHED = 10_000
"""Marks that are looked through for overlaps of one import."""


@dataclass(frozen=True)
class Asked:
    """Which gatherings: from, and before; of one association by the source's id or its organisation number."""

    begin: datetime
    end: datetime
    association: str | None = None
    after: str | None = None
    limit: int = 100
    identities: bool = False
    """Whether the caller may know who they are."""


class Attended:
    """Reads attendance."""

    def __init__(self, readers: Readers, rulebook: Rulebook, seal: Seal) -> None:
        self._readers, self._rulebook = readers, rulebook
        self._attending = Attending(seal)

    async def page(self, municipality: str, asked: Asked) -> AttendancePage:
        """The next gatherings.

        Raises:
            NotFoundError: no such municipality.
            InvalidError: `after` is none of ours.
        """
        self._rulebook.town(municipality)
        which = Which(_after(asked), micros(asked.end), asked.association, self._organisation(municipality, asked))
        return await self._readers.read(self._page, municipality, which, asked)

    def _organisation(self, municipality: str, asked: Asked) -> bytes | None:
        try:
            number = OrganisationNumber.parse(asked.association or "")
        except ValueError:
            return None
        return self._attending.organisation(municipality, number)

    def _page(self, connection: Connection, municipality: str, which: Which, asked: Asked) -> AttendancePage:
        stored = attendance.listed(connection, municipality, which, limit=asked.limit + 1)
        more, stored = len(stored) > asked.limit, stored[: asked.limit]
        if not stored:
            return AttendancePage(gatherings=())
        elsewhere: dict[int, set[bytes]] = defaultdict(set)
        for one in attendance.overlaps(connection, municipality, [gathering.id for gathering in stored]):
            elsewhere[one.gathering].add(one.person)
        told = tuple(self._answer(municipality, one, elsewhere[one.id], asked) for one in stored)
        last = stored[-1]
        return AttendancePage(gatherings=told, next=f"{last.starts}.{last.id}" if more else None)

    def _answer(self, municipality: str, stored: Stored, elsewhere: set[bytes], asked: Asked) -> AttendanceAnswer:
        body = json.loads(stored.body)
        marks = list(self._attending.open(municipality, stored).values())
        place = Place(stored.association, stored.card, stored.code)
        persons = [self._attending.person(municipality, stored.connection, place, mark) for mark in marks]
        counted = _counted(marks, persons, elsewhere)
        roles = [marks[n].role for n in counted]
        return AttendanceAnswer(
            connection=stored.connection,
            association=AssociationAnswer(id=stored.association, **body.pop("association")),
            card=stored.card,
            code=stored.code,
            starts_at=instant(stored.starts),
            ends_at=instant(stored.ends),
            participants=roles.count(Role.PARTICIPANT),
            leaders=roles.count(Role.LEADER),
            attendees=tuple(
                _attendee(mark, persons[n], counted=n in counted, identities=asked.identities)
                for n, mark in enumerate(marks)
            ),
            **body,
        )

    async def overlaps(self, municipality: str, import_id: int) -> tuple[OverlapAnswer, ...]:
        """Where somebody was in two places at once, of what an import brought; the first hundred."""
        return await self._readers.read(self._overlaps, municipality, import_id)

    def _overlaps(self, connection: Connection, municipality: str, import_id: int) -> tuple[OverlapAnswer, ...]:
        found = attendance.overlaps_of_import(connection, municipality, import_id, limit=_SEARCHED)
        pairs = Counter(tuple(sorted((one.gathering, one.other))) for one in set(_once(found)))
        named = attendance.names(connection, municipality, {id_ for pair in pairs for id_ in pair})
        told = [_overlap(named[one], named[other], count) for (one, other), count in pairs.items()]
        return tuple(sorted(told, key=lambda overlap: overlap.starts_at)[:MOST_OVERLAPS])


def _once(found: Iterable[Overlap]) -> Iterable[Overlap]:
    """Each pair of gatherings the same way round, whichever of them the import brought."""
    for one in found:
        first, second = sorted((one.gathering, one.other))
        yield Overlap(first, one.person, second)


def _overlap(one: Stored, other: Stored, persons: int) -> OverlapAnswer:
    return OverlapAnswer(
        gathering=_name(one),
        other=_name(other),
        starts_at=instant(max(one.starts, other.starts)),
        ends_at=instant(min(one.ends, other.ends)),
        persons=persons,
    )


def _name(one: Stored) -> GatheringName:
    return GatheringName(connection=one.connection, association=one.association, card=one.card, code=one.code)


def _counted(marks: Sequence[Attendee], persons: Sequence[bytes], elsewhere: set[bytes]) -> set[int]:
    """Which marks count: present, not elsewhere already, each person once, and a leader as leader."""
    counted: dict[bytes, int] = {}
    for number, mark in enumerate(marks):
        person = persons[number]
        first = person not in counted or mark.role is Role.LEADER
        if mark.present and person not in elsewhere and first:
            counted[person] = number
    return set(counted.values())


def _attendee(mark: Attendee, person: bytes, *, counted: bool, identities: bool) -> AttendeeAnswer:
    number = mark.identity_number.digits if mark.identity_number else ""
    told = mark.birth_date.isoformat() if mark.birth_date else number
    return AttendeeAnswer(
        person=person[:8].hex(),
        role=mark.role,
        present=mark.present,
        counted=counted,
        birth_year=int(told[:4]) if told else None,
        sex=_sex(number) if number else None,
        disability=mark.disability,
        identity=_identity(mark) if identities else None,
    )


def _sex(number: str) -> Literal["female", "male"]:
    """The last digit but one is even for women. Source: SKV 704, read 2026-11-21."""
    return "male" if int(number[-2]) % 2 else "female"


def _identity(mark: Attendee) -> AttendeeIdentity:
    return AttendeeIdentity(
        identity_number=mark.identity_number.digits if mark.identity_number else None,
        unverified_number=mark.unverified_number or None,
        given_name=mark.given_name,
        family_name=mark.family_name,
    )


def _after(asked: Asked) -> tuple[int, int]:
    if asked.after is None:
        return micros(asked.begin) - 1, 0
    try:
        starts, _, id_ = asked.after.partition(".")
        return int(starts), int(id_)
    except ValueError:
        fault = FieldFault("/after", "invalid-cursor", "send the `next` of an earlier page")
        raise InvalidError([fault], code="invalid-request") from None
