"""Closing a resource for a period, and lifting it: what stands is planned anew in small transactions.

The closure is committed first; from then on whatever is accepted is planned with it. Then every booking that it touches
is planned anew, a batch at a time. A process that is killed between leaves it unapplied, and the next one goes on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum, auto
from functools import partial
from typing import NamedTuple

from hub.clock import Clock, instant, micros, now_of
from hub.errors import FieldFault, InvalidError, NotFoundError
from hub.masking import quoted
from hub.model.audit import Act
from hub.model.closure import ClosureAnswer, ClosureRequest
from hub.model.events import EventType
from hub.model.plan import Closure
from hub.service.accept.releasing import opened
from hub.service.accept.replanning import BATCH, UNPLANNABLE, Replanning, Which
from hub.service.audit.acting import Actor, acting
from hub.service.audit.auditing import Auditing, Note, written
from hub.service.rulebook import Rulebook
from hub.store import claims, closures, events, occupancy
from hub.store.closures import Stored
from hub.store.engine.database import Connection
from hub.store.engine.walls import within
from hub.store.engine.writer import Readers, Writer
from hub.store.events import Event
from hub.store.problems import Cause
from hub.store.seals.sealing import Seal


class Judged(StrEnum):
    """What became of a closure that was sent."""

    ACCEPTED = auto()
    UNCHANGED = auto()
    SUPERSEDED = auto()
    REVISION_CONFLICT = auto()


class Put(NamedTuple):
    """A closure as it stands, and what became of the request."""

    judged: Judged
    stands: Stored
    before: Stored | None


@dataclass(frozen=True)
class Closed:
    """The answer to a closure, or to its lifting."""

    judged: Judged
    answer: ClosureAnswer


class Closing:
    """The use cases of closures."""

    def __init__(self, writer: Writer, readers: Readers, seal: Seal, rulebook: Rulebook, clock: Clock) -> None:
        self._writer, self._readers, self._rulebook, self._clock = writer, readers, rulebook, clock
        self._replanning = Replanning(writer, readers, seal, rulebook, clock)
        self._auditing = Auditing(seal)
        self.woken: Callable[[], None] = lambda: None
        """Called when lanes may have become due."""
        self._begun: frozenset[tuple[str, str]] = frozenset()

    def _now(self) -> int:
        return now_of(self._clock)

    async def close(self, municipality: str, id_: str, wanted: ClosureRequest) -> Closed:
        """Close; answered when every booking that it touches is planned with it.

        Raises:
            InvalidError: no such resource.
            NotFoundError: no such municipality.
        """
        rules = self._rulebook.rules(municipality)
        if wanted.resource not in rules.resources:
            fault = FieldFault("/resource", "unknown-resource", f"no resource {quoted(wanted.resource)} is configured")
            raise InvalidError([fault], code="invalid-closure")
        asked = Stored(
            id=id_, revision=wanted.revision, resource=wanted.resource, starts=micros(wanted.starts_at),
            ends=micros(wanted.ends_at), reason=wanted.reason, lifted=False, version=0, applied=False,
        )  # fmt: skip
        return await self._put(municipality, asked)

    async def lift(self, municipality: str, id_: str, revision: int | None = None) -> Closed:
        """Lift a closure; lifting it again changes nothing.

        Raises:
            NotFoundError: no such closure.
        """
        self._rulebook.town(municipality)
        known = await self._readers.read(closures.find, municipality, id_)
        if known is None:
            msg = f"no closure {quoted(id_)} in {municipality}"
            raise NotFoundError(msg)
        if known.lifted and revision is None:
            return Closed(Judged.UNCHANGED, answer(known, 0))
        return await self._put(municipality, known._replace(lifted=True, revision=revision or known.revision + 1))

    async def listed(self, municipality: str) -> list[ClosureAnswer]:
        """All closures of a municipality. Raises NotFoundError."""
        self._rulebook.town(municipality)
        return [answer(one, 0) for one in await self._readers.read(closures.listed, municipality)]

    async def _put(self, municipality: str, asked: Stored) -> Closed:
        put = await self._writer.call(self._judge, municipality, asked, acting())
        if put.judged is not Judged.ACCEPTED:
            return Closed(put.judged, answer(put.stands, 0))
        changed = await self._apply(municipality, put.stands, put.before)
        return Closed(put.judged, answer(put.stands, changed))

    def _judge(self, connection: Connection, municipality: str, asked: Stored, actor: Actor) -> Put:
        known = closures.find(connection, municipality, asked.id)
        if known and asked.revision <= known.revision:
            same = _content(known) == _content(asked)
            if asked.revision < known.revision:
                return Put(Judged.SUPERSEDED, known, known)
            return Put(Judged.UNCHANGED if same else Judged.REVISION_CONFLICT, known, known)
        stands = closures.put(connection, municipality, asked)
        now = self._now()
        type_ = EventType.CLOSURE_LIFTED if asked.lifted else EventType.CLOSURE_IN_FORCE
        body = f'{{"revision":{asked.revision},"resource":"{asked.resource}"}}'
        events.append(connection, [Event(municipality, type_, asked.id, body, now)])
        told = written({"revision": asked.revision, "resource": asked.resource})
        act = Act.LIFTED if asked.lifted else Act.CLOSED
        self._auditing.write(connection, [Note(municipality, act, asked.id, now, told, actor)])
        if known and not known.lifted:
            events.append(connection, self._opened(connection, municipality, known, now))
        return Put(Judged.ACCEPTED, stands, known)

    def _opened(self, connection: Connection, municipality: str, before: Stored, now: int) -> list[Event]:
        """What was given up while it was closed, and is free now."""
        still = (in_force(one) for one in closures.listed(connection, municipality) if not one.lifted)
        return opened(connection, self._rulebook.rules(municipality), in_force(before), still, now=now)

    async def _apply(self, municipality: str, closure: Stored, before: Stored | None) -> int:
        """Plan anew every booking that the closure touches, or touched before; gives how many changed."""
        which = partial(self._touched, municipality, (closure, before))
        changed = await self._replan(municipality, which, why=closure.id)
        await self._writer.call(closures.set_applied, municipality, closure.id, closure.version)
        self.woken()
        return changed

    async def _replan(self, municipality: str, which: Which, *, why: str) -> int:
        """Plan anew the bookings that `which` gives; gives how many changed."""
        walked = await self._replanning.walk(municipality, which)
        of = f"closure {why or '(any)'}"
        await self._replanning.tell(municipality, Cause(UNPLANNABLE, why), walked.lost, of=of)
        return walked.changed

    def _touched(
        self, municipality: str, of: tuple[Stored | None, ...], connection: Connection, after: int
    ) -> list[int]:
        rules = self._rulebook.rules(municipality)
        spans = {
            (resource, one.starts, one.ends)
            for one in of
            if one is not None and one.resource in rules.resources
            for resource in rules.resources[one.resource].related
        }
        return occupancy.bookings_in(
            connection, municipality, sorted(spans), since=self._now(), after=after, limit=BATCH
        )

    async def finish(self) -> int:
        """Apply what a process that is gone began to; gives how many closures."""
        return await self._finish(await self._readers.read(closures.unapplied))

    async def finish_left(self) -> int:
        """The same where other processes are there: what was begun before this was last asked, and is not done yet."""
        before, self._begun = self._begun, frozenset(await self._readers.read(closures.unapplied))
        return await self._finish(sorted(before & self._begun))

    async def _finish(self, begun: list[tuple[str, str]]) -> int:
        """Where a closure was before it was moved nobody knows any more: all that is held back is planned anew."""
        for town in sorted({municipality for municipality, _ in begun}):
            with within(town):
                await self._replan(town, partial(self._held_back, town), why="")
        for municipality, id_ in begun:
            with within(municipality):
                closure = await self._readers.read(closures.find, municipality, id_)
                if closure:
                    await self._apply(municipality, closure, None)
        return len(begun)

    def _held_back(self, municipality: str, connection: Connection, after: int) -> list[int]:
        return claims.suspended(connection, municipality, now=self._now(), after=after, limit=BATCH)


def _content(closure: Stored) -> tuple[object, ...]:
    return closure.resource, closure.starts, closure.ends, closure.reason, closure.lifted


def in_force(closure: Stored) -> Closure:
    """What a plan needs of it."""
    return Closure(closure.resource, closure.starts, closure.ends)


def answer(closure: Stored, changed: int) -> ClosureAnswer:
    """A closure, for a caller."""
    return ClosureAnswer(
        id=closure.id,
        revision=closure.revision,
        state="lifted" if closure.lifted else "in_force",
        resource=closure.resource,
        starts_at=instant(closure.starts),
        ends_at=instant(closure.ends),
        reason=closure.reason,
        bookings=changed,
    )
