"""How hard a connection may be pressed: so many calls at once, so many a minute, shared by the processes that carry."""

import asyncio
from asyncio import sleep
from collections import deque
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from math import inf
from typing import NamedTuple

from hub.clock import running_seconds

_MINUTE_SECONDS = 60.0


class NoWayError(Exception):
    """Other processes have all of the connection: this one may not call."""

    seconds = 1.0
    """In how long there may be one."""


class NotYetError(NoWayError):
    """The minute is used up, and there is no time to wait for the next; nothing of it was taken."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = max(0.0, seconds)


class Share(NamedTuple):
    """This process's place among those that carry (from 0, the oldest first), and how many they are."""

    place: int
    of: int

    def part(self, whole: int) -> int:
        """Its part of so many; what cannot be divided goes to the oldest. Three clients for two processes: 2 and 1."""
        return whole // self.of + (self.place < whole % self.of) if self.of else 0

    def among(self, clients: int | None) -> "Share":
        """The same where only so many may be connected: those that came first."""
        if clients is None or self.of <= clients:
            return self
        return Share(self.place, clients) if self.place < clients else Share(0, 0)


WHOLE = Share(0, 1)
"""Of a process that is alone."""
NONE = Share(0, 0)
"""Of one that does not know yet who else there is."""


class Ways:
    """Of one connection, in one process. A minute is one of real time."""

    is_sure: Callable[[], bool] = staticmethod(lambda: True)
    """Whether the others know what this process has."""

    def __init__(
        self, at_once: int, per_minute: int | None = None, share: Share = WHOLE, *, clients: int | None = None
    ) -> None:
        self._at_once = at_once if per_minute is None else min(at_once, per_minute)
        self._per_minute, self._clients = per_minute, clients
        self._held = 0
        self._called = False
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._made: deque[float] = deque()
        self._set(share)

    def _set(self, share: Share) -> None:
        share = share.among(self._clients)
        self.part: int = share.part(self._at_once)
        """How many calls at once this process may make."""
        calling = Share(share.place, min(share.of, self._at_once))
        self._minute = calling.part(self._per_minute) if self._per_minute and self.part else 0

    def divide(self, share: Share) -> None:
        """Have another part from now on. What of a minute is new here may have been used elsewhere in the last one."""
        before = self._minute
        self._set(share)
        if self._called or share.of > 1:
            self._made.extend([running_seconds()] * max(0, self._minute - before))
        self._admit()

    def one(self, cost: int = 1, *, last_start: float = inf) -> AbstractAsyncContextManager[None]:
        """Wait for a way, and hold it.

        Args:
            cost: how many commands and looks will be made on it.
            last_start: running seconds; whoever has no way by then will not use one, and is not waited with.

        Raises:
            NoWayError: there is none here, or none any more.
            NotYetError: none that is counted, before `last_start`.
        """
        return _Way(self, cost, last_start)

    def enter_at_once(self) -> bool:
        """Hold a way when one is free and none is counted; it is to be left again."""
        free = self._has_room and self._per_minute is None and self.is_sure()
        self._held += free
        return free

    async def enter(self, cost: int, last_start: float) -> None:
        """Wait for a way; it is to be left again."""
        await self._enter()
        if self._per_minute is not None:
            try:
                await self._within_the_minute(cost, last_start)
            except BaseException:
                self.leave()
                raise

    def leave(self) -> None:
        """Another may go."""
        self._held -= 1
        self._admit()

    @property
    def _has_room(self) -> bool:
        return self._held < self.part and not self._waiting

    async def _enter(self) -> None:
        if not self.part or not self.is_sure():
            raise NoWayError
        if self._has_room:
            self._held += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._held -= 1  # it was given a way, and will not use it
                self._admit()
            raise

    def _admit(self) -> None:
        """Let in those whose turn it is; none, when there is no way here any more."""
        while self._waiting and (not self.part or self._held < self.part):
            turn = self._waiting.popleft()
            if turn.done():
                continue
            if self.part:
                self._held += 1
                turn.set_result(None)
            else:
                turn.set_exception(NoWayError())

    async def _within_the_minute(self, cost: int, last_start: float) -> None:
        while True:
            if not self._minute or not self.is_sure():
                raise NoWayError
            now = running_seconds()
            while self._made and self._made[0] <= now - _MINUTE_SECONDS:
                self._made.popleft()
            over = min(len(self._made), len(self._made) + cost - self._minute)
            ready = now if over <= 0 else self._made[over - 1] + _MINUTE_SECONDS
            if ready >= last_start:
                raise NotYetError(ready - now)
            if over <= 0:
                break
            await sleep(self._made[0] + _MINUTE_SECONDS - now)
        self._called = True
        self._made.extend([running_seconds()] * cost)


class _Way(AbstractAsyncContextManager[None]):
    """One, as long as it is held: by hand, in a third of the time of a generator."""

    __slots__ = ("_cost", "_last_start", "_ways")

    def __init__(self, ways: Ways, cost: int, last_start: float) -> None:
        self._ways, self._cost, self._last_start = ways, cost, last_start

    async def __aenter__(self) -> None:
        if not self._ways.enter_at_once():
            await self._ways.enter(self._cost, self._last_start)

    async def __aexit__(self, *_: object) -> None:
        self._ways.leave()
