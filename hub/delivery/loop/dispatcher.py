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
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

from hub.clock import SECOND, Clock, now_of, running_seconds, span
from hub.delivery.errands.leasing import Leased, Loaded, lease, lease_lanes
from hub.delivery.errands.outcomes import Outcome
from hub.delivery.loop.carrying import Carrier
from hub.delivery.loop.settling import Settling
from hub.delivery.reach.running import Running
from hub.masking import place_of
from hub.settings import Pulse
from hub.store.engine.database import Connection, Later
from hub.store.engine.walls import within
from hub.store.engine.writer import Writer
from hub.store.lanes import Take

LOG = logging.getLogger("hub.delivery")

Find = Callable[[str, str], Running | None]


_LANES_ONLY_SECONDS = 0.25
"""How long a node whose lanes do not end looks for nothing else that may be due: digests, and what ladders do."""


class Kept(NamedTuple):
    """Of what a node takes no lanes, for it has enough in hand: connections, and municipalities."""

    full: frozenset[tuple[str, str]]
    crowded: frozenset[str]

    def still(self, is_full: Callable[[tuple[str, str]], bool], is_crowded: Callable[[str], bool]) -> bool:
        """Whether all that was kept out would be now too."""
        return all(map(is_full, self.full)) and all(map(is_crowded, self.crowded))


class Along(NamedTuple):
    """What was leased in the transaction that made it due, and when that began, by the machine's running clock."""

    leased: Leased
    started: float


class Dispatcher:
    """One node's loop over the lanes that are due."""

    def __init__(
        self, writer: Writer, find: Find, carrier: Carrier, settling: Settling, clock: Clock, pulse: Pulse
    ) -> None:
        self._writer, self._find, self._carrier, self._settling = writer, find, carrier, settling
        self._clock, self._pulse, self._lease_seconds = clock, pulse, pulse.lease.total_seconds()
        self.owner = f"{os.uname().nodename}/{os.getpid()}-{secrets.token_hex(3)}"
        self.wake = asyncio.Event()
        """Set by whoever makes a lane due elsewhere than in our writers' transactions: those tell it by themselves."""
        self.settler = writer
        """Where outcomes are written."""
        self.carried: Callable[[Outcome], None] = lambda _outcome: None
        """Told of each carrying that was written down."""
        self.without: Callable[[], Iterable[tuple[str, str]]] = tuple
        """The connections of which this node has no share."""
        self._going: set[asyncio.Task[None]] = set()
        self._running: dict[tuple[str, str], Running] = {}
        self._of_towns: Counter[str] = Counter()
        """How many lanes of each municipality are in hand."""
        self._in_vain: Kept | None = None
        """What was kept out when nothing else was due: while it is, room for others is no reason to look again.

        None: more may be due than there was room for.
        """
        self._look_at = 0.0
        """When to look for what is due by itself, by the machine's running clock."""
        self._looked_at = 0.0
        """When that was last looked for, besides lanes, by the same clock."""
        self._stopping = False

    async def run(self) -> None:
        """Go on until told to stop; then finish what is in hand."""
        self._listen(asyncio.get_running_loop())
        while not self._stopping:
            self.wake.clear()
            try:
                await self._take()
                while await self._stood_by():
                    pass
            except Exception as error:  # noqa: BLE001 - its text may hold anything
                LOG.error("cannot take lanes; trying again: %s", place_of(error))  # noqa: TRY400
                await asyncio.sleep(1)
        if self._going:
            await asyncio.wait(self._going, timeout=self._pulse.finish.total_seconds())

    def _listen(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hear what our writers make due while nobody stands by."""

        def rang() -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody takes any more
                loop.call_soon_threadsafe(self.wake.set)

        self._writer.rang = self.settler.rang = rang

    def stop(self) -> None:
        """Take no more lanes."""
        self._stopping = True
        self.wake.set()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is in hand."""
        return not self._going

    async def _take(self) -> int:
        more, self._in_vain = self._in_vain is None, None
        if not self._free:
            self._look_at = running_seconds() + self._pulse.idle.total_seconds()
            return 0
        started, kept = running_seconds(), self._kept_out()
        asked = self._asked(kept, lanes_only=more and started - self._looked_at < _LANES_ONLY_SECONDS)
        self._looked_at = self._looked_at if asked.lanes_only else started
        leased = await self._writer.do(lease, asked)
        self._look_at = running_seconds() + self._longest(leased.next_due)
        return self._taken(leased, started, asked, kept)

    def _asked(self, kept: Kept, *, lanes_only: bool = False) -> Take:
        full, at_most = kept.full.union(self.without()), min(max(self._free // 4, 1), 100)
        now, held = now_of(self._clock), span(self._pulse.lease)
        return Take(self.owner, at_most, now, held, tuple(full), tuple(kept.crowded), lanes_only)

    def _taken(self, leased: Leased, started: float, asked: Take, kept: Kept) -> int:
        """Carry what was leased; when that is not as much as was asked for, nothing else is due."""
        for one in leased.lanes:
            self._begin(one, started)
        self._in_vain = kept if len(leased.lanes) < asked.at_most else None
        return len(leased.lanes)

    async def _stood_by(self) -> bool:
        """Stand by while nothing is due, but never long; true when all that fell due was leased as it did.

        False: it is time to look.
        """
        left = self._look_at - running_seconds()
        if self.wake.is_set() or left <= 0 or (self._in_vain is None and self._free):
            return False
        kept = self._kept_out()
        asked = self._asked(kept)
        waking = asyncio.ensure_future(self.wake.wait())
        begin = partial(self._begin_along, asked, kept)
        standing = self._writer.stand_by(self._lease_along, asked, begin) if self._free else None
        try:
            waited: set[asyncio.Future[Any]] = {waking, standing} if standing else {waking}
            await asyncio.wait(waited, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waking.cancel()
            stood_down = standing is None or self._writer.stand_down(standing)
        along = None if stood_down or standing is None else await standing
        return along is not None and len(along.leased.lanes) < asked.at_most

    def _begin_along(self, asked: Take, kept: Kept, along: Along) -> None:
        self._look_at = min(self._look_at, running_seconds() + self._longest(along.leased.next_due))
        self._taken(along.leased, along.started, asked, kept)

    def _lease_along(self, connection: Connection, asked: Sequence[Take]) -> Later[list[Along]]:
        """Lease what is due by now, in the transaction of whoever made it due."""
        started, now = running_seconds(), now_of(self._clock)
        leased = [lease_lanes(connection, one._replace(now=now)) for one in asked]
        return lambda: [Along(told(), started) for told in leased]

    def _longest(self, due: int) -> float:
        """Until the next lane is due by the domain's clock, and never long."""
        left, longest = (due - now_of(self._clock)) / SECOND, self._pulse.idle.total_seconds()
        return min(longest, max(0.005, left)) if left > 0 else longest / 10

    @property
    def _free(self) -> int:
        return self._pulse.batch - len(self._going)

    def _kept_out(self) -> Kept:
        full, crowded = filter(self._is_full, self._running), filter(self._is_crowded, self._of_towns)
        return Kept(frozenset(full), frozenset(crowded))

    def _is_full(self, place: tuple[str, str]) -> bool:
        return self._running[place].is_full

    def _is_crowded(self, town: str) -> bool:
        return self._of_towns[town] >= self._free

    def _begin(self, loaded: Loaded, started: float) -> None:
        lane = loaded.lane
        self._of_towns[lane.municipality] += 1
        running = self._find(lane.municipality, lane.connection)
        if running:
            self._running[running.place] = running
            running.going += 1
        last_start = started + self._lease_seconds - (running.deadlines.seconds if running else 0)
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
        if await self.settler.do(self._settling.settle, outcome):
            self.carried(outcome)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._going.discard(task)
        if not task.cancelled() and (error := task.exception()):
            LOG.error("a lane was not settled, its lease will end: %s", place_of(error))
        if self._in_vain is None or not self._in_vain.still(self._is_full, self._is_crowded):
            self.wake.set()
