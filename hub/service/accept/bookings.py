"""Accepting bookings: one, or a season of them, each answered only when it is on disk."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from itertools import repeat
from typing import NamedTuple

from hub.clock import Clock, now_of
from hub.errors import FieldFault, InvalidError, RefusedError
from hub.masking import quoted
from hub.model.booking import Booking
from hub.model.plan import TargetKey
from hub.planner.rules import Rules
from hub.service.accept.accepting import Accepted, Accepting, Outcome
from hub.service.asking.preparing import Accept, number_in, prepared, prepared_shielded, read_booking
from hub.service.audit.acting import acting
from hub.service.rulebook import Rulebook
from hub.store.engine.writer import Readers, Writer
from hub.store.seals.sealing import Seal

LINE_LIMIT = 1_000_000
"""Bytes of one booking, alone or as a line."""
AHEAD = 200
"""Lines of an import that are under way at once: a few groups of the writer, so that it never waits for the next."""
AHEAD_BYTES = 2_000_000
"""Of those lines together; a longer one goes alone."""
MOVED = "bookings, closures or the configuration have changed since the dry run; make another"


class Found(NamedTuple):
    """What a dry run stood on: a live run that is held to it makes the same plan, or none."""

    revision: int
    """Of the booking that was known; 0 for none."""
    basis: tuple[int, int]
    """The versions of configuration and closures."""


class Done(NamedTuple):
    """A booking that was judged, and what it asked for."""

    booking: Booking
    request: Accept
    answer: Accepted


class Line(NamedTuple):
    """One line of an import, judged or refused."""

    line: int
    done: Done | None
    refused: InvalidError | RefusedError | None
    number: str | None


class Bookings:
    """The use case of accepting."""

    def __init__(self, writer: Writer, readers: Readers, seal: Seal, rulebook: Rulebook, clock: Clock) -> None:
        self._writer, self._readers, self._seal, self._rulebook, self._clock = writer, readers, seal, rulebook, clock
        self._accepting = Accepting(seal)
        self.owed: Callable[[int], None] = lambda _at: None
        """Told when something of a booking may be invoiced, in microseconds."""
        self.changed: Callable[[str, Iterable[TargetKey]], None] = lambda _town, _targets: None
        """Told of a booking's targets when any of them had to change."""
        self._turn = asyncio.Lock()
        """Fair: what must be planned anew with other rules keeps its place before what comes later."""

    async def accept(
        self,
        municipality: str,
        raw: bytes,
        *,
        number: str | None = None,
        sent_by: str = "",
        expected: Found | None = None,
        behind: bool = False,
    ) -> Done:
        """Read, plan and commit one booking.

        Args:
            municipality: whose booking it is.
            raw: the booking as JSON.
            number: what the booking's number must be.
            sent_by: kept with the change.
            expected: what a dry run stood on; when anything else stands now, nothing is done.
            behind: it is one of very many, and others go first.

        Raises:
            InvalidError: with all faults; nothing has changed.
            NotFoundError: no such municipality.
            RefusedError: no PIN is free, or what was expected does not stand.
        """
        too_large(raw)
        stale: Rules | None = None
        prepare: Callable[..., Accept] = prepared
        while True:
            rules = await self._rules(municipality, but=stale)
            if expected is not None and expected.basis != rules.basis:
                raise RefusedError("state-changed", MOVED)
            booking = read_booking(raw, rules)
            if number is not None and number != booking.number:
                raise InvalidError([FieldFault("/number", "other-number", f"the address says {quoted(number)}")])
            now = now_of(self._clock)
            revision = None if expected is None else expected.revision
            request = prepare(booking, rules, self._seal, now=now, sent_by=sent_by, expected=revision, actor=acting())
            answer = await self._writer.do(self._accepting.accept, request, behind=behind)
            if answer.outcome is Outcome.MOVED:
                raise RefusedError("state-changed", MOVED)
            if answer.outcome is Outcome.PROTECTED:
                prepare = prepared_shielded
            elif answer.outcome is Outcome.STALE:
                stale = rules
            else:
                if answer.changed:
                    self.changed(municipality, answer.targets)
                self._owed(request, answer)
                return Done(booking, request, answer)

    def _owed(self, request: Accept, answer: Accepted) -> None:
        """Of a booking that was known, credits and what was moved may be due at once."""
        if answer.new and request.plan.charges:
            self.owed(min([one.bills_at for one in request.plan.charges]))
        elif not answer.new and answer.outcome is Outcome.ACCEPTED:
            self.owed(request.now)

    async def _rules(self, municipality: str, *, but: Rules | None) -> Rules:
        """The rules in force; read anew while they are those that a plan was refused for."""
        async with self._turn:
            if but is not None and self._rulebook.rules(municipality) is but:
                await self._rulebook.load(self._readers)
            return self._rulebook.rules(municipality)

    async def accept_lines(
        self,
        municipality: str,
        lines: AsyncIterator[bytes],
        *,
        sent_by: str = "",
        expected: Iterable[Found] | None = None,
    ) -> AsyncIterator[Line]:
        """Accept one booking a line, answering in order; a bad line stops no other. Memory stays the same.

        `expected`: what a dry run stood on, line by line.
        """
        ahead = _Ahead()
        finds = repeat(None) if expected is None else iter(expected)
        count = 0
        try:
            async for raw in lines:
                count += 1
                if not raw.strip():
                    continue
                while ahead.gives(len(raw)):
                    yield await ahead.first()
                ahead.add(self._line(municipality, count, raw, sent_by, next(finds)), len(raw))
            while ahead.going:
                yield await ahead.first()
        finally:
            ahead.stop()

    async def _line(self, municipality: str, line: int, raw: bytes, sent_by: str, expected: Found | None) -> Line:
        try:
            done = await self.accept(municipality, raw, sent_by=sent_by, expected=expected, behind=True)
        except (InvalidError, RefusedError) as error:
            return Line(line, None, error, number_in(raw))
        return Line(line, done, None, done.booking.number)


class _Ahead:
    """Lines that are under way, the first to come the first to be answered."""

    def __init__(self) -> None:
        self.going: deque[tuple[asyncio.Task[Line], int]] = deque()
        self._bytes = 0

    def add(self, line: Coroutine[None, None, Line], size: int) -> None:
        """Have another under way."""
        self.going.append((asyncio.create_task(line), size))
        self._bytes += size

    def gives(self, size: int) -> bool:
        """Whether the first is to be answered before one of that size is added: it is done, or there is no room."""
        full = len(self.going) >= AHEAD or self._bytes + size > AHEAD_BYTES
        return bool(self.going) and (full or self.going[0][0].done())

    async def first(self) -> Line:
        """Wait for the first."""
        task, size = self.going.popleft()
        self._bytes -= size
        return await task

    def stop(self) -> None:
        """Wait for none of them."""
        for task, _ in self.going:
            task.cancel()


def too_large(raw: bytes) -> None:
    """Raise InvalidError for a booking over the limit."""
    if len(raw) > LINE_LIMIT:
        fault = FieldFault("", "too-large", f"a booking is at most {LINE_LIMIT} bytes")
        raise InvalidError([fault], code="too-large")


def split_lines(limit: int = LINE_LIMIT) -> "Splitter":
    """Cut a stream of bytes into lines."""
    return Splitter(limit)


class Splitter:
    """Cuts a stream of bytes into lines, and remembers no more of a line than its limit."""

    def __init__(self, limit: int) -> None:
        self._limit = limit

    async def lines(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Give each line without its end; one over the limit is given cut, one byte longer than allowed."""
        rest = b""
        async for chunk in chunks:
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                yield line
            rest = rest[: self._limit + 1]
        if rest:
            yield rest
