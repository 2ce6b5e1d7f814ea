"""One question to a system that somebody waits for: through its ways and its gate like all else, and asked once.

Unasked         it was not asked, or gave no answer that can be used; says why
NoWayError      other processes have all of the connection
"""

from collections.abc import Awaitable, Callable
from itertools import count
from typing import TypeVar

from hub.clock import Clock, now_of, span
from hub.delivery.loop.carrying import REFUSED
from hub.delivery.reach.gate import Entry
from hub.delivery.reach.running import Running
from hub.masking import without_numbers
from hub.model.person import NotTold
from hub.sdk import CredentialsError, RejectedError, TransientError, UnknownOutcomeError
from hub.service.words import sentences
from hub.store import connections, problems
from hub.store.engine.database import Connection
from hub.store.engine.writer import Writer

Told = TypeVar("Told")


class Unasked(Exception):
    """There is no answer. The text names nobody."""

    def __init__(self, cause: NotTold, detail: str = "") -> None:
        super().__init__(without_numbers(detail))
        self.cause = cause


class Asking:
    """Asks over the connections of this process."""

    def __init__(self, writer: Writer, clock: Clock) -> None:
        self._writer, self._clock = writer, clock
        self._turns = count(-1, -1)
        """A gate knows lanes by their ids; a question has none of those."""

    def _now(self) -> int:
        return now_of(self._clock)

    async def ask(self, running: Running, question: Callable[[], Awaitable[Told]], *, cost: int = 1) -> Told:
        """Ask, when it is our turn. `cost`: how many calls the question may make, one after the other.

        Raises:
            Unasked: why there is no answer.
            NoWayError: there is no way from here.
        """
        self._look(running)
        running.going += 1  # whoever closes the connection waits for us
        try:
            async with running.ways.one(cost):
                self._look(running)
                return await self._through(running, question, next(self._turns))
        finally:
            running.going -= 1

    def _look(self, running: Running) -> None:
        """Whether the system may be asked now at all."""
        if running.paused:
            raise Unasked(NotTold.PAUSED)
        if running.held(self._now()) is not None:
            raise Unasked(NotTold.MAINTENANCE)

    async def _through(self, running: Running, question: Callable[[], Awaitable[Told]], turn: int) -> Told:
        entry = running.gate.enter(turn, self._now())
        if entry is Entry.WAIT:
            raise Unasked(NotTold.FAILED, sentences.NOT_ASKED_NOW.say())
        try:
            if entry is Entry.ASK:
                await self._is_there(running, turn)
            return await self._asked(running, question, turn)
        finally:
            running.gate.left(turn)

    async def _is_there(self, running: Running, turn: int) -> None:
        """The question of a gate that is shut."""
        try:
            there = await running.answers()
        except CredentialsError as error:
            raise await self._refused(running, error) from None
        if not there:
            running.gate.silent(self._now())
            running.gate.left(turn)
            raise Unasked(NotTold.FAILED, sentences.NO_ANSWER_IN_TIME.say())
        running.gate.answered(self._now())

    async def _asked(self, running: Running, question: Callable[[], Awaitable[Told]], turn: int) -> Told:
        try:
            told = await question()
        except (TransientError, UnknownOutcomeError, TimeoutError) as error:
            raise await self._unanswered(running, error, turn) from None
        except RejectedError as error:
            running.gate.succeeded()
            raise Unasked(NotTold.FAILED, str(error)) from None
        except CredentialsError as error:
            raise await self._refused(running, error) from None
        running.gate.succeeded()
        return told

    async def _unanswered(self, running: Running, error: Exception, turn: int) -> Unasked:
        vouched = await self._vouched(running)
        after = error.retry_after if isinstance(error, TransientError) else None
        now = self._now()
        running.gate.failed(turn, now, vouched=vouched, not_before=now + span(after) if after else 0)
        return Unasked(NotTold.FAILED, str(error) or sentences.NO_ANSWER_IN_TIME.say())

    async def _vouched(self, running: Running) -> bool | None:
        """Whether the system is there, though a call to it got no answer."""
        if not running.gate.is_open or running.held(self._now()) is not None:
            return None
        try:
            return await running.answers()
        except CredentialsError:
            return True  # which the next call is told, too

    async def _refused(self, running: Running, error: CredentialsError) -> Unasked:
        """Nobody asks with an account that is refused, until somebody has mended it."""
        running.paused = REFUSED.code
        told = without_numbers(str(error))
        await self._writer.call(self._keep_refused, running, told)
        return Unasked(NotTold.FAILED, told)

    def _keep_refused(self, connection: Connection, running: Running, told: str) -> None:
        now = self._now()
        connections.set_paused(connection, *running.place, REFUSED.code, now=now)
        problems.open_(connection, *running.place, REFUSED, detail=told, now=now)
