"""What a person decides of what a reconcile found: it may stay, it is made as it should be, or it is silent a while.

What a booking asks for stays the booking's: to adopt what differs is to leave it so until something else is wanted.
"""

import json
from collections.abc import Callable, Collection
from contextlib import suppress
from functools import partial

from hub.clock import Clock, instant, now_of
from hub.errors import NotFoundError, RefusedError
from hub.model.audit import Act
from hub.model.events import EventType
from hub.model.findings import Decision, Finding, What
from hub.service.audit.acting import Actor, acting
from hub.service.audit.auditing import Auditing, Note, written
from hub.service.operators.handling import Dismissal, Handling
from hub.service.rulebook import Rulebook
from hub.service.standing.showing import moment
from hub.service.words.saying import Language
from hub.service.words.sentences import in_language
from hub.store import events, findings
from hub.store.engine.database import Connection
from hub.store.engine.writer import Readers, Writer
from hub.store.events import Event
from hub.store.findings import Found
from hub.store.seals.sealing import Seal

Does = Callable[[Connection, Found], int | None]
"""What is done at once; gives when the decision ends, microseconds."""


class Findings:
    """The use cases."""

    def __init__(
        self, writer: Writer, readers: Readers, seal: Seal, rulebook: Rulebook, handling: Handling, clock: Clock
    ) -> None:
        self._writer, self._readers, self._rulebook, self._clock = writer, readers, rulebook, clock
        self._handling, self._auditing = handling, Auditing(seal)
        self.woken: Callable[[], None] = lambda: None
        """Called when lanes were made due."""

    def _now(self) -> int:
        return now_of(self._clock)

    async def listed(self, municipality: str, name: str | None = None, *, language: Language = "en") -> list[Finding]:
        """What differs, of one connection or of all. Raises NotFoundError."""
        self._rulebook.town(municipality)
        return [shown(one, language) for one in await self._readers.read(findings.listed, municipality, name)]

    async def adopt(self, municipality: str, id_: int, said: Dismissal) -> Finding:
        """It may stay: a grant until its last window has ended, what a booking asks for until it asks for another.

        Raises:
            NotFoundError: there is no such finding, or it is mended.
            RefusedError: no reason is given, it is a record, or somebody carries it just now.
        """
        if not said.reason:
            raise RefusedError(
                "reason-needed", "it stands though no booking asks for it so; say in `reason` why it may"
            )
        return await self._decide(municipality, id_, Decision.ADOPTED, said, partial(self._adopt, said=said))

    def _adopt(self, connection: Connection, found: Found, *, said: Dismissal) -> int | None:
        if found.what == What.ORPHAN:
            return found.opens_until
        lane = _no_record(connection, found)
        if not self._handling.leave(connection, found.municipality, lane, said):
            raise RefusedError("in-hand", f"{_name(found)} is being carried just now; look again, then decide")
        if found.kind == "credential" and findings.lose(connection, found.municipality, lane):
            told = Event(found.municipality, EventType.EFFECT_LOST, _name(found), _NOT_REPAIRED, self._now())
            events.append(connection, [told])
        return None

    async def revoke(self, municipality: str, id_: int, said: Dismissal) -> Finding:
        """It is made as it should be: what nobody asks for is taken away, what somebody asks for comes back.

        Raises:
            NotFoundError: there is no such finding, or it is mended.
            RefusedError: the connection only observes, it is a record, or a booking asks for it now.
        """
        return await self._decide(municipality, id_, Decision.REVOKED, said, self._revoke)

    def _revoke(self, connection: Connection, found: Found) -> None:
        mode = self._rulebook.town(found.municipality).configuration.connections[found.connection].mode
        if mode == "observe":
            raise RefusedError("nothing-is-sent", f"{found.connection} only observes; set `mode: live` first")
        if found.what == What.ORPHAN:
            if not findings.take_back(connection, found, now=self._now()):
                raise RefusedError("claimed-again", f"a booking asks for {_name(found)} now; reconcile again")
            return
        _no_record(connection, found)
        if not findings.bring_back(connection, found, now=self._now()):
            raise RefusedError("in-hand", f"{_name(found)} is being carried just now; look again, then decide")

    async def ignore(self, municipality: str, id_: int, said: Dismissal, until: int) -> Finding:
        """It is silent until then (microseconds). Raises NotFoundError."""
        return await self._decide(municipality, id_, Decision.IGNORED, said, lambda _connection, _found: until)

    async def revoke_all(self, municipality: str, name: str, which: Collection[What], said: Dismissal) -> int:
        """Make all of these kinds as they should be, of which nobody has said anything; gives how many.

        Records stay.
        """
        open_ = await self._readers.read(findings.listed, municipality, name)
        meant = [one for one in open_ if one.decision == Decision.OPEN and one.what in which and one.kind != "record"]
        for one in meant:
            with suppress(NotFoundError, RefusedError):  # a booking asks for it now, or somebody carries it
                await self.revoke(municipality, one.id, said)
        return len(meant)

    async def _decide(self, municipality: str, id_: int, decision: Decision, said: Dismissal, act: Does) -> Finding:
        self._rulebook.town(municipality)
        found = await self._writer.call(self._decided, municipality, id_, decision, said, act, acting())
        self.woken()
        return shown(found, "en")

    def _decided(  # noqa: PLR0913, PLR0917 - by place through the writer
        self,
        connection: Connection,
        municipality: str,
        id_: int,
        decision: Decision,
        said: Dismissal,
        act: Does,
        actor: Actor,
    ) -> Found:
        found = findings.find(connection, municipality, id_)
        if found is None:
            msg = f"no finding {id_} in {municipality}, or what it told is mended"
            raise NotFoundError(msg)
        until = act(connection, found)
        findings.decide(connection, found, decision, by=said.by, reason=said.reason, until=until)
        told = written({"finding": id_, "decision": decision})
        note = Note(municipality, Act.FINDING_DECIDED, _name(found), self._now(), told, actor)
        self._auditing.write(connection, [note])
        return found._replace(decision=decision, decided_by=said.by, reason=said.reason or None, until=until)


_NOT_REPAIRED = json.dumps({"repaired": False})


def _no_record(connection: Connection, found: Found) -> int:
    """The lane of a target; of what happens once nothing is sent again, and nothing taken back."""
    (lane,) = findings.lanes(connection, found.municipality, found.connection, [found.key])
    if found.kind == "record":
        raise RefusedError("only-ignored", f"{_name(found)} happened once: ask there what became of it, then ignore it")
    return lane.id


def _name(found: Found) -> str:
    return f"{found.connection}/{found.key}"


def shown(one: Found, language: Language) -> Finding:
    """A finding, for a caller."""
    return Finding(
        id=one.id,
        target=_name(one),
        what=What(one.what),
        detail=in_language(one.detail, language) or "",
        since=instant(one.since),
        seen_at=instant(one.seen_at),
        opens_until=moment(one.opens_until),
        decision=Decision(one.decision),
        decided_by=one.decided_by,
        reason=one.reason,
        until=moment(one.until),
    )
