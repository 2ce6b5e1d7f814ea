"""What operators see and do: problems, deliveries, connections, and everything counted."""

import json
from collections import Counter
from collections.abc import Callable

from hub.clock import MINUTE, Clock, instant, now_of
from hub.errors import NotFoundError, RefusedError
from hub.model.audit import Act
from hub.model.standing import ProblemAnswer, SealingAnswer, StatusAnswer
from hub.service.audit.acting import Actor, acting
from hub.service.audit.auditing import Auditing, Note, written
from hub.service.operators import expiring
from hub.service.rulebook import Rulebook
from hub.service.standing.showing import moment
from hub.service.words.remedies import remedy
from hub.service.words.saying import Language
from hub.service.words.sentences import in_language
from hub.store import bookings, connections, expiries, handling, problems, shown
from hub.store.engine.database import Connection
from hub.store.engine.writer import Readers, Writer
from hub.store.problems import Problem
from hub.store.seals import rotation
from hub.store.seals.sealing import Seal

_REFUSED = "credentials"
"""The code of the problem that a system refuses our account: its connection is paused, and is resumed."""


class Operating:
    """The use cases of operators."""

    def __init__(self, writer: Writer, readers: Readers, seal: Seal, rulebook: Rulebook, clock: Clock) -> None:
        self._writer, self._readers, self._rulebook, self._clock = writer, readers, rulebook, clock
        self._auditing = Auditing(seal)
        self.woken: Callable[[], None] = lambda: None
        """Called when lanes were made due."""

    def _now(self) -> int:
        return now_of(self._clock)

    async def problems(
        self, municipality: str, *, ended: bool = False, language: Language = "en"
    ) -> list[ProblemAnswer]:
        """The open problems, or those that have ended. Raises NotFoundError."""
        self._rulebook.town(municipality)
        return await self._readers.read(lambda c: self._problems(c, municipality, language, ended=ended))

    def _problems(
        self, connection: Connection, municipality: str, language: Language, *, ended: bool
    ) -> list[ProblemAnswer]:
        now = self._now()
        found = problems.listed(connection, municipality, ended=ended)
        return [_problem(one, shown.nearest(connection, municipality, one.id, now=now), language, now) for one in found]

    async def retry(self, municipality: str, problem: int) -> int:
        """Try what waits behind a problem again.

        Raises:
            NotFoundError: no such problem is open.
            RefusedError: its connection is paused, and is to be resumed.
        """
        count = await self._writer.call(self._retry, municipality, problem, acting())
        self.woken()
        return count

    def _retry(self, connection: Connection, municipality: str, id_: int, actor: Actor) -> int:
        found = problems.find(connection, municipality, id_)
        if found is None or found.until is not None:
            msg = f"no open problem {id_} in {municipality}"
            raise NotFoundError(msg)
        if found.code == _REFUSED and (municipality, found.connection) in connections.paused(connection):
            msg = f"its system refuses us; mend the account, then: knutpunkt problems --resume {found.connection}"
            raise RefusedError("connection-held", msg)
        count = handling.retry_problem(connection, municipality, id_, now=self._now())
        problems.close(connection, [id_], now=self._now(), even_waiting=True)
        told = written({"problem": id_, "code": found.code, "deliveries": count})
        retried = Note(municipality, Act.PROBLEM_RETRIED, found.connection, self._now(), told, actor)
        self._auditing.write(connection, [retried])
        return count

    async def status(self, municipality: str) -> StatusAnswer:
        """Everything counted. Raises NotFoundError."""
        names = self._rulebook.town(municipality).configuration.connections
        return await self._readers.read(self._status, municipality, tuple(names))

    def _status(self, connection: Connection, municipality: str, names: tuple[str, ...]) -> StatusAnswer:
        effects, carried, unserved = Counter[str](), Counter[str](), Counter[str]()
        for _, effect, delivery, count in shown.counts(connection, municipality):
            effects[effect] += count
            carried[delivery] += count
        for what, count in bookings.unserved(connection, municipality):
            for capability, _ in json.loads(what):
                unserved[capability] += count
        known, now = connections.known(connection, municipality), self._now()
        revokes = shown.revokes(connection, municipality)
        return StatusAnswer(
            municipality=municipality,
            now=instant(now),
            bookings=bookings.counts(connection, municipality),
            effects=dict(effects),
            deliveries=dict(carried),
            unserved=dict(unserved),
            problems=len(problems.listed(connection, municipality)),
            revokes=revokes.open,
            oldest_revoke=moment(revokes.since),
            connections={name: "paused" if name in known and known[name].paused else "running" for name in names},
            expires=tuple(
                expiring.answer(one, now=now) for one in expiries.listed(connection, municipality) if one.stage
            ),
            sealing=_sealing(connection),
        )


def _sealing(connection: Connection) -> SealingAnswer | None:
    known = rotation.progress(connection)
    if known is None:
        return None
    return SealingAnswer(key=known.key, state="resealing" if known.ended is None else "done", percent=known.percent)


def _problem(one: Problem, nearest: int | None, language: Language, now: int) -> ProblemAnswer:
    told = remedy(one.code, language)
    return ProblemAnswer(
        id=one.id,
        connection=one.connection,
        code=one.code,
        title=told.title,
        detail=in_language(one.detail, language) or "",
        remedy=told.remedy,
        since=instant(one.since),
        until=moment(one.until),
        waiting=one.waiting,
        nearest=moment(nearest),
        minutes=None if nearest is None else (nearest - now) // MINUTE,
    )
