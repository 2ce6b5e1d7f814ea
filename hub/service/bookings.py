"""Accepting bookings: one, or a season of them, each answered only when it is on disk."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from itertools import repeat
from typing import NamedTuple

from hub.clock import Clock, micros
from hub.errors import FieldFault, InvalidError, RefusedError
from hub.model.booking import Booking
from hub.service.accepting import Accepted, Accepting, Outcome
from hub.service.preparing import Accept, prepared, read_booking
from hub.service.rulebook import Rulebook
from hub.store.sealing import Seal
from hub.store.writer import Readers, Writer

LINE_LIMIT = 1_000_000
"""Bytes of one booking, alone or as a line."""
_AHEAD = 400
"""Lines of an import that are under way at once: one full group of the writer."""


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
        self.woken: Callable[[], None] = lambda: None
        """Called when a lane may have become due."""

    async def accept(
        self,
        municipality: str,
        raw: bytes,
        *,
        number: str | None = None,
        sent_by: str = "",
        expected: int | None = None,
    ) -> Done:
        """Read, plan and commit one booking.

        Args:
            municipality: whose booking it is.
            raw: the booking as JSON.
            number: what the booking's number must be.
            sent_by: kept with the change.
            expected: the revision that must stand before, 0 for none; else nothing is done.

        Raises:
            InvalidError: with all faults; nothing has changed.
            NotFoundError: no such municipality.
            RefusedError: no PIN is free.
        """
        too_large(raw)
        while True:
            rules = self._rulebook.rules(municipality)
            booking = read_booking(raw, rules)
            if number is not None and number != booking.number:
                raise InvalidError([FieldFault("/number", "other-number", f"the address says {number!r}")])
            request = prepared(booking, rules, self._seal, now=micros(self._clock.now()), sent_by=sent_by)
            request = request if expected is None else request._replace(expected=expected)
            answer = await self._writer.do(self._accepting.accept, request)
            if answer.outcome is not Outcome.STALE:
                if answer.changed:
                    self.woken()
                return Done(booking, request, answer)
            await self._rulebook.load(self._readers)

    async def accept_lines(
        self,
        municipality: str,
        lines: AsyncIterator[bytes],
        *,
        sent_by: str = "",
        expected: Iterable[int] | None = None,
    ) -> AsyncIterator[Line]:
        """Accept one booking a line, answering in order; a bad line stops no other. Memory stays the same.

        `expected`: the revision that each line is to find, as a dry run found it.
        """
        going: list[asyncio.Task[Line]] = []
        finds = repeat(None) if expected is None else iter(expected)
        count = 0
        try:
            async for raw in lines:
                count += 1
                if raw.strip():
                    line = self._line(municipality, count, raw, sent_by, next(finds))
                    going.append(asyncio.create_task(line))
                if len(going) >= _AHEAD:
                    for task in going[: _AHEAD // 2]:
                        yield await task
                    del going[: _AHEAD // 2]
            for task in going:
                yield await task
        finally:
            for task in going:
                task.cancel()

    async def _line(self, municipality: str, line: int, raw: bytes, sent_by: str, expected: int | None) -> Line:
        try:
            done = await self.accept(municipality, raw, sent_by=sent_by, expected=expected)
        except (InvalidError, RefusedError) as error:
            return Line(line, None, error, None)
        return Line(line, done, None, done.booking.number)


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
