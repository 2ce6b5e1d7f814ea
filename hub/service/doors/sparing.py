"""Spare codes (reservkoder): pools of facilities, kept as their files have them, and told of when they run low.

The files are read here and nowhere else; giving one away reads the table alone.
"""

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from hub.clock import MINUTE, Clock, instant, now_of
from hub.configuration.secrets import resolve
from hub.errors import ConfigurationError, NotFoundError, RefusedError
from hub.model.answers import SpareCodeAnswer
from hub.model.audit import Act
from hub.model.configuration import Configuration
from hub.model.ladder import SpareState
from hub.service.audit.acting import Actor, acting
from hub.service.audit.auditing import Auditing, Note, written
from hub.service.rulebook import Rulebook
from hub.service.words import sentences
from hub.store import ladders, problems, spares
from hub.store.engine.database import Connection
from hub.store.engine.writer import Readers, Writer
from hub.store.problems import Cause
from hub.store.seals.sealed import SPARE_CODE
from hub.store.seals.sealing import Place, Seal
from hub.store.spares import Spare

LOW, UNREAD = "spare-codes-low", "spare-codes-unread"
_FEW = 2
"""Fewer that are free are a problem."""
_FORGOTTEN_AFTER = 5 * MINUTE
"""A line that is gone may only be gone while its file is written: the code rests, and would be free as a new one."""
_CODE = re.compile(r"[!-~]{1,40}")


class Pool(NamedTuple):
    """The codes of a facility, as its file has them now."""

    facility: str
    connection: str
    """Of its doors."""
    codes: frozenset[str] | None
    """None: the file is not there, is empty, or has a line that is no code. What was known stands."""


class _Look(NamedTuple):
    """What of the table is to change, and which problems there are: (connection, cause, free codes)."""

    new: tuple[tuple[str, bytes, str], ...]
    missed: tuple[int, ...]
    back: tuple[int, ...]
    gone: tuple[int, ...]
    opened: tuple[tuple[str, Cause, int], ...]
    ended: tuple[tuple[str, Cause], ...]


def opened(spare: Spare, municipality: str, seal: Seal) -> str:
    """The code itself."""
    return seal.open(spare.sealed, _place(municipality, spare.facility, spare.hash)).decode()


def _place(municipality: str, facility: str, hash_: bytes) -> Place:
    return SPARE_CODE.place(municipality, f"{facility}/{hash_.hex()}")


class Sparing:
    """Keeps the pools, and lets staff say that a code may be given anew."""

    def __init__(
        self,
        writer: Writer,
        readers: Readers,
        seal: Seal,
        rulebook: Rulebook,
        clock: Clock,
        environment: Mapping[str, str],
    ) -> None:
        self._writer, self._readers, self._seal, self._rulebook = writer, readers, seal, rulebook
        self._clock, self._environment, self._auditing = clock, environment, Auditing(seal)

    async def look(self) -> None:
        """Read the files of every municipality; nothing is written while nothing is new."""
        for key, town in self._rulebook.towns().items():
            pools = await asyncio.to_thread(self._pools, town.configuration)
            if any(await self._readers.read(self._looked, key, pools)):
                await self._writer.call(self._keep, key, pools)

    def _pools(self, town: Configuration) -> tuple[Pool, ...]:
        return tuple(self._read(town))

    def _read(self, town: Configuration) -> Iterator[Pool]:
        for name, facility in town.facilities.items():
            access = facility.access
            files = [rung.spare_codes for rung in access.fallback if rung.spare_codes] if access else []
            if access and access.connection and files:
                yield Pool(name, access.connection, self._codes(files))

    def _codes(self, files: Iterable[str]) -> frozenset[str] | None:
        """The codes of all the files; None when one cannot be used."""
        found: set[str] = set()
        for file in files:
            try:
                text = str(resolve({"codes": file}, self._environment)["codes"])
            except ConfigurationError:
                return None
            lines = {line.strip() for line in text.splitlines()} - {""}
            if not lines or not all(map(_CODE.fullmatch, lines)):
                return None
            found |= lines
        return frozenset(found)

    def _looked(self, connection: Connection, town: str, pools: tuple[Pool, ...]) -> _Look:
        """What the files and the table tell apart."""
        now, known = now_of(self._clock), spares.listed(connection, town)
        kept = [one for one in known if not any(p.facility == one.facility and p.codes is None for p in pools)]
        lines = {
            (pool.facility, self._seal.lookup_hash(f"spare/{town}/{pool.facility}/{code}")): code
            for pool in pools
            for code in pool.codes or ()
        }
        there = {(one.facility, one.hash) for one in known}
        absent = [one for one in kept if (one.facility, one.hash) not in lines]
        new = tuple((*place, code) for place, code in sorted(lines.items()) if place not in there)
        here, told = _troubles(pools, _free(known, absent, new)), _told(connection, town)
        return _Look(
            new,
            missed=tuple(one.id for one in absent if one.missed_at is None),
            back=tuple(one.id for one in kept if one.missed_at is not None and (one.facility, one.hash) in lines),
            gone=tuple(one.id for one in absent if _is_over(one, now)),
            opened=tuple((*place, count) for place, count in sorted(here.items()) if place not in told),
            ended=tuple(sorted(told - here.keys())),
        )

    def _keep(self, connection: Connection, town: str, pools: tuple[Pool, ...]) -> None:
        """As the files have them, by what the table says now."""
        now, look = now_of(self._clock), self._looked(connection, town, pools)
        sealed = [
            (facility, hash_, self._seal.close(code.encode(), _place(town, facility, hash_)))
            for facility, hash_, code in look.new
        ]
        spares.add(connection, town, sealed, now=now)
        spares.miss(connection, town, look.missed, now)
        spares.miss(connection, town, look.back, None)
        spares.forget(connection, town, look.gone)
        for name, cause, count in look.opened:
            said = sentences.SPARES_LOW if cause.code == LOW else sentences.SPARES_UNREAD
            detail = said.say(facility=cause.cause, count=count)
            problems.open_(connection, town, name, cause, detail=detail, now=now)
        for name, cause in look.ended:
            problems.close_cause(connection, town, name, cause, now=now)

    # ---------------------------------------------------------------- for staff

    async def listed(self, municipality: str) -> list[SpareCodeAnswer]:
        """Every code, without its value. Raises NotFoundError."""
        self._rulebook.town(municipality)
        return await self._readers.read(_answers, municipality)

    async def changed(self, municipality: str, id_: int) -> SpareCodeAnswer:
        """Nobody who was told a code has any use of it now: it is free.

        Raises:
            NotFoundError: no such code.
            RefusedError: it does not rest.
        """
        self._rulebook.town(municipality)
        return await self._writer.call(self._changed, municipality, id_, acting())

    def _changed(self, connection: Connection, municipality: str, id_: int, actor: Actor) -> SpareCodeAnswer:
        now, before = now_of(self._clock), spares.with_id(connection, municipality, id_)
        if before is None:
            msg = f"no spare code {id_} in {municipality}"
            raise NotFoundError(msg)
        if not spares.free(connection, municipality, id_, now=now):
            msg = f"spare code {id_} is {before.state}; only one that rests is free again when somebody says so"
            raise RefusedError("not-resting", msg)
        note = Note(municipality, Act.SPARE_CODE_CHANGED, before.facility, now, written({"id": id_}), actor)
        self._auditing.write(connection, [note])
        return _answer(connection, municipality, before._replace(state=SpareState.FREE, rung=None, since=now))


def _is_over(one: Spare, now: int) -> bool:
    """Whether a line that is not there may be forgotten."""
    return one.missed_at is not None and one.missed_at <= now - _FORGOTTEN_AFTER and one.state != SpareState.GIVEN


def _troubles(pools: Iterable[Pool], free: Mapping[str, int]) -> dict[tuple[str, Cause], int]:
    """What is wrong with pools: by connection and cause, and how many are free there."""
    return {
        (one.connection, Cause(code, one.facility)): free.get(one.facility, 0)
        for one in pools
        for code, is_so in ((LOW, free.get(one.facility, 0) < _FEW), (UNREAD, one.codes is None))
        if is_so
    }


def _told(connection: Connection, town: str) -> set[tuple[str, Cause]]:
    """Which problems of pools are open."""
    found = problems.listed(connection, town)
    return {(one.connection, Cause(one.code, one.cause)) for one in found if one.code in {LOW, UNREAD}}


def _free(known: Iterable[Spare], absent: Sequence[Spare], new: Iterable[tuple[str, bytes, str]]) -> dict[str, int]:
    """How many of each facility may be given."""
    found: dict[str, int] = {}
    mine = [one.facility for one in known if one.state == SpareState.FREE and one not in absent]
    for facility in (*mine, *(facility for facility, *_ in new)):
        found[facility] = found.get(facility, 0) + 1
    return found


def _answers(connection: Connection, municipality: str) -> list[SpareCodeAnswer]:
    return [_answer(connection, municipality, one) for one in spares.listed(connection, municipality)]


def _answer(connection: Connection, municipality: str, one: Spare) -> SpareCodeAnswer:
    rung = ladders.with_id(connection, municipality, one.rung) if one.rung is not None else None
    return SpareCodeAnswer(
        id=one.id,
        facility=one.facility,
        state=SpareState(one.state),
        since=instant(one.since),
        number=rung.number if rung else None,
        listed=one.missed_at is None,
    )
