"""`Prefer: wait`: holding an answer until what the municipality awaits is confirmed (default: doors)."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable

from hub.clock import Clock, now_of
from hub.model.states import Delivery, Effect
from hub.service.accept.bookings import Done
from hub.service.asking.asked import Asked
from hub.service.standing.showing import Standing, standings
from hub.store import bookings, shown
from hub.store.engine.database import Connection
from hub.store.engine.writer import Readers

LONGEST_SECONDS = 30
MOST = 100
"""Answers that are held at once, of one municipality; any more is given at once."""
_LOOK_SECONDS = 0.03
_LOOKS_AT_ONCE = 10
"""Answers held that are each looked after so often; of more, each is more seldom."""
_DONE = frozenset({Effect.STANDING, Effect.REMOVED, Effect.SUSPENDED, Effect.OVERRIDDEN, Effect.LOST})
_NO_USE_WAITING = frozenset(
    {Delivery.WAITING, Delivery.STUCK, Delivery.AWAITING_USER, Delivery.EXPIRED, Delivery.DISMISSED}
)


async def _listens() -> bool:
    return False


class Waiting:
    """Looks at how a booking stands until there is nothing to wait for."""

    def __init__(self, readers: Readers, clock: Clock) -> None:
        self._readers, self._clock = readers, clock
        self._held: Counter[str] = Counter()
        self.stopping = asyncio.Event()
        """Set when the process is told to stop: nobody waits any longer."""

    async def until_settled(
        self, done: Done, *, seconds: float, gone: Callable[[], Awaitable[bool]] = _listens
    ) -> bool:
        """Return when all that is awaited is confirmed, scheduled for later, or stuck; or when the time is over.

        Nor is it waited for a caller who has gone, or longer than the process runs. False: too many wait already.
        """
        town = done.request.municipality
        return await self.until(town, lambda c: not self._pending(c, done), seconds=seconds, gone=gone)

    async def until(
        self,
        municipality: str,
        so: Callable[[Connection], bool],
        *,
        seconds: float,
        gone: Callable[[], Awaitable[bool]] = _listens,
    ) -> bool:
        """Return when it is so, or the time is over, or nobody waits any more. False: too many wait already."""
        if self._held[municipality] >= MOST:
            return False
        self._held[municipality] += 1
        try:
            await self._until(so, min(seconds, LONGEST_SECONDS), gone)
        finally:
            self._held[municipality] -= 1
        return True

    async def _until(
        self, so: Callable[[Connection], bool], seconds: float, gone: Callable[[], Awaitable[bool]]
    ) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while loop.time() < deadline and not self.stopping.is_set() and not await gone():
            if await self._readers.read(so):
                return
            await asyncio.sleep(_LOOK_SECONDS * (1 + self._held.total() // _LOOKS_AT_ONCE))

    def _pending(self, connection: Connection, done: Done) -> bool:
        request = done.request
        stored = bookings.find(connection, request.municipality, request.number)
        if stored is None or stored.revision != request.revision:
            return False
        asked = Asked.from_json(stored.asked)
        seen = shown.seen(connection, request.municipality, [target.lane for target in asked.targets.values()])
        now = now_of(self._clock)
        return is_pending(standings(asked, seen, request.rules.timing, now=now), request.rules.awaited)


def is_pending(standing: Iterable[Standing], awaited: frozenset[str]) -> bool:
    """Whether anything that is awaited is still to be confirmed now."""
    return any(
        one.target.connection in awaited
        and one.state not in _DONE
        and one.delivery not in _NO_USE_WAITING
        and not _has_no_room_yet(one)
        for one in standing
    )


def _has_no_room_yet(one: Standing) -> bool:
    """Whether the lock has all the windows that it can keep now; the rest is sent when one of them has ended."""
    return one.state is Effect.PLANNED and one.delivery is Delivery.CONFIRMED
