"""The loop: take lanes that are due, carry them side by side, settle. Any number of nodes may run it.

What is due longest goes first, but no municipality may have more in hand than what is left for all others. So one with
ten thousand lanes due over systems that hang has half of a node's places, the next half of the rest, and whoever comes
then with one door still finds room.
"""

import asyncio
import logging
import os
import secrets
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import NamedTuple

from hub.clock import SECOND, Clock, micros, running_seconds, span
from hub.delivery.carrying import Carrier
from hub.delivery.leasing import Loaded, lease, next_due
from hub.delivery.outcomes import Outcome
from hub.delivery.running import Running
from hub.delivery.settling import Settling
from hub.masking import place_of
from hub.settings import Pulse
from hub.store.engine.database import Connection
from hub.store.engine.walls import within
from hub.store.engine.writer import Writer
from hub.store.lanes import Take

LOG = logging.getLogger("hub.delivery")

Find = Callable[[str, str], Running | None]


class Kept(NamedTuple):
    """Of what a node takes no lanes, for it has enough in hand: connections, and municipalities."""

    full: frozenset[tuple[str, str]]
    crowded: frozenset[str]

    def still(self, now: "Kept") -> bool:
        """Whether something was kept out, and all of it is now too."""
        return any(self) and self.full <= now.full and self.crowded <= now.crowded


class Dispatcher:
    """One node's loop over the lanes that are due."""

    def __init__(
        self, writer: Writer, find: Find, carrier: Carrier, settling: Settling, clock: Clock, pulse: Pulse
    ) -> None:
        self._writer, self._find, self._carrier, self._settling = writer, find, carrier, settling
        self._clock, self._pulse = clock, pulse
        self.owner = f"{os.uname().nodename}/{os.getpid()}-{secrets.token_hex(3)}"
        self.wake = asyncio.Event()
        """Set by whoever makes a lane due."""
        self.carried: Callable[[Outcome], None] = lambda _outcome: None
        """Told of each carrying that was written down."""
        self.without: Callable[[], Iterable[tuple[str, str]]] = tuple
        """The connections of which this node has no share."""
        self._going: set[asyncio.Task[None]] = set()
        self._running: dict[tuple[str, str], Running] = {}
        self._of_towns: Counter[str] = Counter()
        """How many lanes of each municipality are in hand."""
        self._in_vain: Kept | None = None
        """What was kept out when nothing else was due: while it is, room for others is no reason to look again."""
        self._stopping = False

    async def run(self) -> None:
        """Go on until told to stop; then finish what is in hand."""
        while not self._stopping:
            self.wake.clear()
            try:
                if not await self._take():
                    await self._sleep()
            except Exception as error:  # noqa: BLE001 - its text may hold anything
                LOG.error("cannot take lanes; trying again: %s", place_of(error))  # noqa: TRY400
                await asyncio.sleep(1)
        if self._going:
            await asyncio.wait(self._going, timeout=self._pulse.finish.total_seconds())

    def stop(self) -> None:
        """Take no more lanes."""
        self._stopping = True
        self.wake.set()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is in hand."""
        return not self._going

    async def _take(self) -> int:
        if not self._free:
            return 0
        started, kept = running_seconds(), self._kept_out()
        full, at_most = kept.full.union(self.without()), min(max(self._free // 4, 1), 100)
        now, held = micros(self._clock.now()), span(self._pulse.lease)
        taken = await self._writer.do(lease, Take(self.owner, at_most, now, held, tuple(full), tuple(kept.crowded)))
        for one in taken:
            self._begin(one, started)
        self._in_vain = None if taken else kept
        return len(taken)

    @property
    def _free(self) -> int:
        return self._pulse.batch - len(self._going)

    def _kept_out(self) -> Kept:
        full = (place for place, running in self._running.items() if running.going >= running.most_going)
        crowded = (town for town, count in self._of_towns.items() if count >= self._free)
        return Kept(frozenset(full), frozenset(crowded))

    def _begin(self, loaded: Loaded, started: float) -> None:
        lane = loaded.lane
        self._of_towns[lane.municipality] += 1
        running = self._find(lane.municipality, lane.connection)
        if running:
            self._running[running.place] = running
            running.going += 1
        lands_within = running.connector.pace.lands_within if running else timedelta()
        last_start = started + (self._pulse.lease - lands_within).total_seconds()
        with within(lane.municipality):
            task = asyncio.create_task(self._carry(loaded, running, last_start))
        self._going.add(task)
        task.add_done_callback(self._done)

    async def _carry(self, loaded: Loaded, running: Running | None, last_start: float) -> None:
        try:
            outcome = await self._carrier.carry(loaded, running, last_start)
        finally:
            self._of_towns[loaded.lane.municipality] -= 1
            if running:
                running.going -= 1
        if await self._writer.do(self._settling.settle, outcome):
            self.carried(outcome)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._going.discard(task)
        if not task.cancelled() and (error := task.exception()):
            LOG.error("a lane was not settled, its lease will end: %s", place_of(error))
        if self._in_vain is None or not self._in_vain.still(self._kept_out()):
            self.wake.set()

    async def _sleep(self) -> None:
        """Until the next lane is due by the domain's clock, or somebody wakes us, but never long."""
        due = await self._writer.do(_next_due, None)
        left = (due - micros(self._clock.now())) / SECOND
        longest = self._pulse.idle.total_seconds()
        wait = min(longest, max(0.005, left)) if left > 0 else longest / 10
        try:
            await asyncio.wait_for(self.wake.wait(), wait)
        except TimeoutError:
            return


def _next_due(connection: Connection, asked: list[None]) -> list[int]:
    """When the next lane is due, for all that ask."""
    return [next_due(connection)] * len(asked)
