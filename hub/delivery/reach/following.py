"""Following the configuration that is current: another version may be put in force while this process runs.

Rules are read anew, connections are opened, closed or opened with other settings, and what stands is planned anew.
Every node does so by itself; accepting never waits for it, for it looks at what is current in its transaction.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping

from hub.clock import Clock, now_of
from hub.delivery.reach.connections import Connections
from hub.errors import ConfigurationError
from hub.model.configuration import Configuration
from hub.model.plan import TargetKey
from hub.service.governing.configuring import Applying
from hub.service.rulebook import Rulebook
from hub.store import problems, waking
from hub.store.connections import paused
from hub.store.engine.database import Connection
from hub.store.engine.writer import Readers, Writer
from hub.store.problems import Cause

LOG = logging.getLogger("hub.following")

NOT_OPENED = Cause("not-opened", "")

Prepare = Callable[[Configuration], Awaitable[None]]
Followed = Callable[[], None]


class Following:
    """One process's following."""

    def __init__(
        self,
        writer: Writer,
        readers: Readers,
        rulebook: Rulebook,
        connections: Connections,
        applying: Applying,
        clock: Clock,
    ) -> None:
        self._writer, self._readers, self._rulebook = writer, readers, rulebook
        self._connections, self._applying, self._clock = connections, applying, clock
        self._versions: dict[str, int] = {}
        self._failed: dict[tuple[str, str], str] = {}
        self.prepare: Prepare = _nothing
        """Called with a configuration before its connections are opened."""
        self.followed: Followed = lambda: None
        """Called when connections are others."""

    def began(self, versions: Mapping[str, int]) -> None:
        """What was opened at the start."""
        self._versions = dict(versions)

    async def follow(self) -> None:
        """Do as the database says; then go on with what nobody goes on with."""
        await self._rulebook.follow(self._readers)
        towns = self._rulebook.towns().items()
        behind = {town for town, known in towns if self._versions.get(town) != known.version}
        for town in sorted(behind | {town for town, _ in self._failed}):
            await self._follow(town)
        await self._applying.finish()

    async def _follow(self, town: str) -> None:
        known = self._rulebook.town(town)
        await self.prepare(known.configuration)
        held = await self._readers.read(paused)
        changed = self._connections.follow(known.configuration, held)
        for name in changed.opened:
            await self._writer.call(self._woken, town, name, name in changed.horizons)
        if changed.zones:
            await self._writer.call(self._ruled, town, changed.zones)
        await self._tell(town, changed.failed)
        await self._connections.opened(town, changed.opened)
        self._versions[town] = known.version
        self.followed()

    def _woken(self, connection: Connection, town: str, name: str, horizon: bool) -> None:  # noqa: FBT001 - by place
        """What stands there is looked at, for it may be another system; what waits is due."""
        now = now_of(self._clock)
        waking.ask_for_looks(connection, now=now, of=(town, name))
        waking.make_due(connection, town, name, now=now)
        if horizon:
            waking.wake_credentials(connection, town, name, now=now)

    def _ruled(self, connection: Connection, town: str, zones: list[TargetKey]) -> None:
        """Each node has them folded anew once it goes by the new rules: the last one of all by nothing older."""
        waking.wake_zones(connection, town, zones, now=now_of(self._clock))

    async def _tell(self, town: str, failed: Mapping[str, ConfigurationError]) -> None:
        """A connection whose settings cannot be used here is a problem, until they can."""
        now = {(town, name): str(error) for name, error in failed.items()}
        for place in [place for place in self._failed if place[0] == town and place not in now]:
            del self._failed[place]
            await self._writer.call(self._judge, *place, None)
        for place, why in now.items():
            if self._failed.get(place) != why:
                LOG.error("%s: %s", place[0], why)
                await self._writer.call(self._judge, *place, why)
            self._failed[place] = why

    def _judge(self, connection: Connection, town: str, name: str, why: str | None) -> None:
        now = now_of(self._clock)
        if why is None:
            problems.close_of(connection, town, name, [NOT_OPENED.code], now=now)
        else:
            problems.open_(connection, town, name, NOT_OPENED, detail=why, now=now)


async def _nothing(_configuration: Configuration) -> None:
    return
