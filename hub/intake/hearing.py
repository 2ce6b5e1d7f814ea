"""What connections hear: gathered for a moment, and kept together; a transaction for each reading is too dear.

Who told has gone on by then. What was heard waits in memory: a stop keeps it first, a kill loses it, and what comes
while too much waits is lost too. That is told once, however many they are.
"""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from hub.clock import HOUR, Clock, now_of
from hub.errors import NotFoundError
from hub.intake.inlets import Inlets
from hub.intake.taking import Taking
from hub.masking import place_of
from hub.sdk import RawItem
from hub.store import problems
from hub.store.engine.database import Connection
from hub.store.engine.walls import within
from hub.store.engine.writer import Writer
from hub.store.problems import Cause

LOG = logging.getLogger("hub.intake")

LOST = Cause("readings-lost", "")
MOST = 10_000
"""Items of one connection that may wait, if no more is said."""
MOST_BYTES = 8_000_000
"""Of them together."""
AT_ONCE = 1000
"""So many are taken in before they are let go."""
_GONE = 12
"""Tries after which a connection is gone that was not there; at the start it may take a while to come."""
_OVER = HOUR
"""So long without loss, and it is over."""


@dataclass
class _Ear:
    """What one connection heard, and is not kept yet."""

    items: list[RawItem] = field(default_factory=list)
    size: int = 0
    lost: int = 0
    """Items that were lost since a person was told."""
    lost_before: int = 0
    """Items that a person was told of, and it is not over."""
    lost_at: int | None = 0
    """When the last one was lost, microseconds; 0: before this process; None: what was lost is over, and told so."""
    failed: int = 0
    """Tries in a row."""
    keeping: asyncio.Task[None] | None = None


class Hearing:
    """Takes what connections of this process hear."""

    together = timedelta(seconds=0.5)
    """How long is gathered."""
    again = timedelta(seconds=5)
    """How long after a failure it is tried again."""
    most = MOST

    def __init__(self, inlets: Inlets, taking: Taking, writer: Writer, clock: Clock) -> None:
        self._inlets, self._taking, self._writer, self._clock = inlets, taking, writer, clock
        self._ears: dict[tuple[str, str], _Ear] = {}
        self._stopping = asyncio.Event()

    def hear(self, municipality: str, name: str, item: RawItem) -> None:
        """Take an item of a connection; returns at once, and keeps it soon."""
        place = (municipality, name)
        ear = self._ears.setdefault(place, _Ear())
        if len(ear.items) >= self.most or ear.size + len(item.content) > MOST_BYTES:
            self._lose(place, ear)
        else:
            ear.items.append(item)
            ear.size += len(item.content)
        if ear.keeping is None:
            ear.keeping = asyncio.get_running_loop().create_task(self._keep_all(place, ear))

    def _lose(self, place: tuple[str, str], ear: _Ear) -> None:
        """One more is lost; the log is told of the first."""
        now = now_of(self._clock)
        if ear.lost_at is None or now - ear.lost_at >= _OVER:
            LOG.error("%s/%s: %d readings wait to be kept; what comes meanwhile is lost", *place, len(ear.items))
        ear.lost, ear.lost_at = ear.lost + 1, now

    async def stop(self) -> None:
        """Keep what waits; what cannot be kept now is lost, and logged."""
        self._stopping.set()
        await asyncio.gather(*(ear.keeping for ear in self._ears.values() if ear.keeping))
        for place, ear in self._ears.items():
            if left := len(ear.items) + ear.lost:
                LOG.error("%s/%s: %d readings could not be kept, and are lost", *place, left)

    async def _keep_all(self, place: tuple[str, str], ear: _Ear) -> None:
        """Keep until nothing waits."""
        with within(place[0]):
            while ear.items or ear.lost:
                await self._wait(self._pause(ear))
                try:
                    await self._keep(place, ear)
                    ear.failed = 0
                except Exception as error:  # noqa: BLE001 - whatever it is, what was heard waits
                    if self._gives_up(place, ear, error):
                        break
        ear.keeping = None

    def _gives_up(self, place: tuple[str, str], ear: _Ear, error: Exception) -> bool:
        """Whether it is not tried again: the process stops, or the connection is there no more."""
        ear.failed += 1
        gone = isinstance(error, NotFoundError)
        if gone and ear.failed >= _GONE:
            LOG.warning("%s/%s is there no more: %d readings of it are let go", *place, len(ear.items))
            del self._ears[place]
            return True
        if ear.failed == 1 and not gone:
            LOG.error("%s/%s: readings are not kept, and wait: %s", *place, place_of(error))
        return self._stopping.is_set()

    def _pause(self, ear: _Ear) -> timedelta:
        """How long to wait for what comes with it; where enough waits already, not at all."""
        if ear.failed:
            return self.again
        return self.together if len(ear.items) < AT_ONCE else timedelta()

    async def _wait(self, for_: timedelta) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(for_.total_seconds()):
                await self._stopping.wait()

    async def _keep(self, place: tuple[str, str], ear: _Ear) -> None:
        """Keep the first of them. Should that fail midway, those that were kept are known when they come again."""
        inlet, some = self._inlets.find(*place), ear.items[:AT_ONCE]
        each = {(item.source_id, item.version): item for item in some}
        await self._taking.items(inlet, each.values())
        del ear.items[: len(some)]
        ear.size -= sum(len(item.content) for item in some)
        await self._tell_of_loss(place, ear)

    async def _tell_of_loss(self, place: tuple[str, str], ear: _Ear) -> None:
        now = now_of(self._clock)
        if lost := ear.lost:
            await self._writer.call(_lost, *place, ear.lost_before + lost, now)
            ear.lost, ear.lost_before = ear.lost - lost, ear.lost_before + lost
        elif ear.lost_at is not None and now - ear.lost_at >= _OVER:
            await self._writer.call(_over, *place, now)
            ear.lost_at, ear.lost_before = None, 0


def _over(connection: Connection, municipality: str, name: str, now: int) -> None:
    problems.close_of(connection, municipality, name, [LOST.code], now=now)


def _lost(connection: Connection, municipality: str, name: str, count: int, now: int) -> None:
    told = f"{count} readings were lost so far; they come faster than they can be kept, or the database stood still"
    problems.open_(connection, municipality, name, LOST, detail=told, now=now)
