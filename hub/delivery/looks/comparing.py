"""One connection held against its lanes: each suspicion is looked into once more, by itself, before it is told.

Nothing is changed, there or here. What somebody carries meanwhile is not judged: it is as the carrying finds it.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing
from datetime import timedelta
from typing import Any, TypeVar

from hub.clock import DAY, Clock, now_of
from hub.delivery.errands.credentials import CredentialErrand, orphaned
from hub.delivery.errands.errand import Drift
from hub.delivery.errands.leasing import Loaded, loaded
from hub.delivery.errands.zones import ZoneErrand
from hub.delivery.reach.running import Running
from hub.model import Credential, Level, Release
from hub.model.findings import What
from hub.planner.sharing import OUR_MARK
from hub.sdk import FindsInvoices, ListsCredentials, Receipt, RejectedError, Sighting
from hub.service.words import sentences
from hub.store import findings
from hub.store.engine.database import Connection
from hub.store.engine.writer import Readers
from hub.store.findings import Seen
from hub.store.seals.sealing import Seal

T = TypeVar("T")
_BATCH = 500
_LONGEST_LIST = timedelta(minutes=5)
SENT_WITHIN = 35 * DAY
"""Of invoices: those that were sent since are looked for."""
_MOST_INVOICES = 500


class Comparison:
    """Of one connection, made once. What it found so far is there also when the system stopped telling."""

    def __init__(self, running: Running, readers: Readers, seal: Seal, clock: Clock, zones: Iterable[str]) -> None:
        self._running, self._readers, self._seal, self._clock = running, readers, seal, clock
        self._configured = tuple(zones)
        self.found: list[Seen] = []
        self.compared = 0
        self.strangers = 0
        """What is there without our mark, or lit though nobody asks: somebody else's."""

    async def make(self) -> None:
        """Hold everything against what is there. Raises the connector's errors, and TimeoutError."""
        if self._running.access():
            await self._credentials()
        if self._running.reads_zones():
            await self._zones()
        if isinstance(self._running.connector, FindsInvoices):
            await self._invoices(self._running.connector)

    def _now(self) -> int:
        return now_of(self._clock)

    async def _asked(self, call: Callable[[], Awaitable[T]]) -> T:
        running = self._running
        async with running.ways.one(), asyncio.timeout(running.connector.pace.lands_within.total_seconds()):
            return await call()

    async def _lanes(self, keys: Iterable[str]) -> dict[str, Loaded]:
        """What is asked of those targets, by key."""
        town, name = self._running.place
        wanted, now = list(keys), self._now()

        def read(connection: Connection) -> list[Loaded]:
            return loaded(connection, findings.lanes(connection, town, name, wanted), now)()

        return {one.lane.key: one for one in await self._readers.read(read)}

    async def _steady(self, key: str, look: Callable[[], Awaitable[T]]) -> tuple[Loaded | None, T] | None:
        """A lane, and a look at its target; None when somebody carried it meanwhile."""
        before = (await self._lanes([key])).get(key)
        seen = await self._asked(look)
        after = (await self._lanes([key])).get(key)
        same = [None if one is None else (one.lane.token, one.lane.generation) for one in (before, after)]
        return (after, seen) if same[0] == same[1] else None

    def _tell(self, key: str, kind: str, drift: Drift | None) -> None:
        if drift is not None:
            self.found.append(Seen(key, kind, drift.what, drift.detail, drift.opens_until))

    # ---- grants

    async def _credentials(self) -> None:
        """All under our mark where they can be listed; then what should be there and was not listed."""
        connector, reader = self._running.connector, self._running.reads_credentials()
        listed: set[str] = set()
        suspects: dict[str, Drift] = {}
        if isinstance(connector, ListsCredentials):
            async with aclosing(self._listed(connector)) as batches:
                async for batch in batches:
                    listed |= batch.keys()
                    suspects |= await self._suspected(batch)
        elif reader is None:
            return
        town, name = self._running.place
        observed = self._running.observes
        believed = await self._readers.read(lambda c: findings.believed(c, town, name, observed=observed))
        absent = [key for key in believed if key not in listed]
        self.compared += len(listed) + len(absent)
        for start in range(0, len(absent), _BATCH):
            suspects |= await self._suspected(dict.fromkeys(absent[start : start + _BATCH]))
        for key, drift in suspects.items():
            self._tell(key, "credential", await self._again(key) if reader else drift)

    async def _listed(
        self, connector: ListsCredentials
    ) -> AsyncGenerator[dict[str, Sighting[Credential] | None], None]:
        """What stands under our mark, some at a time; what has another is counted only."""
        batch: dict[str, Sighting[Credential] | None] = {}
        async with self._running.ways.one(), asyncio.timeout(_LONGEST_LIST.total_seconds()):
            async for sighting in connector.list_credentials():
                if not sighting.value.key.startswith(OUR_MARK):
                    self.strangers += 1
                    continue
                batch[sighting.value.key] = sighting
                if len(batch) >= _BATCH:
                    yield batch
                    batch = {}
        yield batch

    async def _suspected(self, seen: dict[str, Sighting[Credential] | None]) -> dict[str, Drift]:
        lanes = await self._lanes(seen)
        judged = {key: self._judged(lanes.get(key), sighting) for key, sighting in seen.items()}
        return {key: drift for key, drift in judged.items() if drift}

    def _judged(self, lane: Loaded | None, seen: Sighting[Credential] | None) -> Drift | None:
        if lane is None:
            return orphaned(seen.value) if seen else None
        return CredentialErrand(lane, self._running, self._now(), self._seal).drift(seen)

    async def _again(self, key: str) -> Drift | None:
        reader: Any = self._running.reads_credentials()
        steady = await self._steady(key, lambda: reader.read_credential(key))
        return self._judged(*steady) if steady else None

    # ---- zones

    async def _zones(self) -> None:
        """All that are configured, and all that bookings have asked something of."""
        reader: Any = self._running.reads_zones()
        known = await self._readers.read(findings.zones, *self._running.place)
        for key in dict.fromkeys((*self._configured, *known)):
            try:
                steady = await self._steady(key, lambda key=key: reader.read_zone(key))  # type: ignore[misc]
            except RejectedError:
                continue  # it has no such zone, which checking the connection tells
            self.compared += 1
            if steady is not None:
                self._zone(key, *steady)

    def _zone(self, key: str, lane: Loaded | None, seen: Sighting[Level]) -> None:
        errand = ZoneErrand(lane, self._running, self._now()) if lane else None
        if errand is not None and errand.ours:
            self._tell(key, errand.lane.kind, errand.drift(seen))
            return
        control = self._running.control()
        rest = control.rest_level(key) if control else None
        self.strangers += rest is not None and seen.value not in {rest, Release()}

    # ---- invoices

    async def _invoices(self, connector: FindsInvoices) -> None:
        """Those that were sent lately: whether each is still there."""
        town, name = self._running.place
        since = self._now() - SENT_WITHIN
        keys = await self._readers.read(lambda c: findings.sent(c, town, name, since=since, limit=_MOST_INVOICES))
        for key in keys:
            receipt: Receipt | None = await self._asked(lambda key=key: connector.find_invoice(key))  # type: ignore[misc]
            self.compared += 1
            if receipt is None:
                self._tell(key, "record", Drift(What.MISSING, sentences.NOT_FOUND_THERE.say()))
