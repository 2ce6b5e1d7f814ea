"""The hub as it is run: `knutpunkt serve`, and `knutpunkt worker` beside it, driven over HTTP."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import psutil  # type: ignore[import-untyped] # published without types

from hub.clock import SECOND, DomainClock, micros
from hub.store.engine.database import connect, is_postgresql
from hub.store.engine.migrating import migrate
from tests.bench import importing, servers, town
from tests.bench.peers import arena, lean
from tests.bench.peers.arena import Locks
from tests.bench.peers.runs import MissingError
from tests.bench.servers import Server

_PATIENCE_SECONDS = 300.0
_LOOK_SECONDS = 0.05
_JOIN_SECONDS = 10.0
"""A process that comes to others waits eight seconds before it uses its share (decision 0063)."""


def puts(
    address: str, headers: Mapping[str, str], numbers: Iterable[int], *, holders: int = arena.HOLDERS
) -> list[bytes]:
    """Requests that put bookings, as they are written; `address`: a municipality's."""
    return [
        lean.request("PUT", f"{address}/bookings/{arena.number(n)}", headers, arena.body(n, holders=holders))
        for n in numbers
    ]


class Hub:
    """An installation: one process on SQLite; or one that serves PostgreSQL, and others that carry."""

    def __init__(self, folder: Path, database: str, locks: Locks, *, workers: int = 0, halls: bool = False) -> None:
        self.folder, self.database, self._workers = folder, database, workers
        arena.write(folder, locks, halls=halls)
        self.nodes: list[Server] = []

    @contextmanager
    def running(self) -> Iterator["Hub"]:
        """As long as it lasts."""
        with ExitStack() as opened:
            if is_postgresql(self.database):
                migrate(self.database)
            words = ["--no-worker"] if self._workers else []
            self.nodes.append(opened.enter_context(servers.serving(self.folder, self.database, *words)))
            try:
                yield self
            finally:
                self.nodes.clear()

    @contextmanager
    def carried(self) -> Iterator[None]:
        """Those that carry, when there are any apart: come when there is work, and have all their share."""
        with ExitStack() as opened:
            for _ in range(self._workers):
                self.nodes.append(opened.enter_context(servers.carrying(self.folder, self.database)))
            if self._workers > 1:
                time.sleep(_JOIN_SECONDS)
            yield

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"{self.nodes[0].address}/v1/{town.KEY}"

    @property
    def key(self) -> str:
        """The operator's."""
        path = self.database if is_postgresql(self.database) else Path(self.database.removeprefix("sqlite:///"))
        return servers.operator_key(self.folder, path)

    @property
    def headers(self) -> dict[str, str]:
        """Of whoever puts bookings."""
        return {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}

    @property
    def processes(self) -> list[psutil.Process]:
        """All of them."""
        return [node.process for node in self.nodes]

    def take_in(self, bodies: Iterable[bytes]) -> float:
        """Import bookings; gives how many a second."""
        lines = self.folder / "lines.ndjson"
        with lines.open("wb") as file:
            file.writelines(body.rstrip() + b"\n" for body in bodies)
        rate = asyncio.run(importing.over_http(self.nodes[0].address, self.key, lines))
        lines.unlink()
        return rate

    def pause(self) -> None:
        """Send nothing more to the locks."""
        asyncio.run(self._post("pause"))

    def resume(self) -> None:
        """Go on."""
        asyncio.run(self._post("resume"))

    async def _post(self, act: str) -> None:
        async with (
            aiohttp.ClientSession(headers=self.headers) as session,
            session.post(f"{self.address}/connections/{arena.CODES}:{act}") as answer,
        ):
            answer.raise_for_status()

    def wait_until_idle(self) -> None:
        """Until no lane is due."""
        due = "SELECT count(*) FROM lanes WHERE due <= ?"
        self._wait(lambda: self._count(due, micros(DomainClock().now())) == 0, "lanes stay due")

    def wait_until_confirmed(self, count: int) -> None:
        """Until so many are."""
        self._wait(lambda: self.confirmed() >= count, f"not {count} are confirmed")

    def confirmed(self) -> int:
        """How many are."""
        return self._count("SELECT count(*) FROM lanes WHERE delivery = 'confirmed'")

    def last_confirmed(self) -> float:
        """When the last was, in seconds since 1970."""
        return self._count("SELECT max(confirmed_at) FROM lanes") / SECOND

    def first_confirmed(self) -> float:
        """When the first was."""
        return self._count("SELECT min(confirmed_at) FROM lanes") / SECOND

    def _count(self, sql: str, *values: Any) -> int:
        with closing(connect(self.database, read_only=True)) as connection:
            ((count,),) = connection.rows(sql, values)
        return int(count)

    def _wait(self, ready: Callable[[], bool], why: str) -> None:
        give_up = time.monotonic() + _PATIENCE_SECONDS
        while not ready():
            if time.monotonic() > give_up:
                raise MissingError(f"the hub: {why}")
            time.sleep(_LOOK_SECONDS)
