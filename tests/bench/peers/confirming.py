"""From accepting to five confirmed: bookings are put while their effects are carried, until the last is confirmed."""

import time
from dataclasses import dataclass

from tests.bench import load
from tests.bench.peers import arena, lean, others
from tests.bench.peers.arena import Locks
from tests.bench.peers.draining import watched
from tests.bench.peers.hubs import Hub, puts
from tests.bench.peers.rows import Row
from tests.bench.peers.runs import Runs, in_turn, row
from tests.bench.peers.services import Services

COUNT = 2_000
WARMING = 50
SLOW = 10
"""Workflows are given so much fewer."""


@dataclass(frozen=True)
class Confirmed:
    """Bookings a second whose five effects stand."""

    a_second: float

    def __str__(self) -> str:
        """For the terminal."""
        return f"{self.a_second:,.1f} bookings/s"


def of_hub(services: Services, count: int) -> Confirmed:
    """On PostgreSQL a process that serves 32 clients, and one that carries: as many as the other has."""
    sink, folder = services.sink, services.place()
    hub = Hub(folder, services.postgres.database(), Locks.over_http(f"{sink.address}/codes/"), workers=1)
    with hub.running(), hub.carried():
        _pressed(hub, range(WARMING))
        hub.wait_until_confirmed(WARMING * arena.HOLDERS)
        began = _pressed(hub, range(WARMING, WARMING + count))
        hub.wait_until_confirmed((WARMING + count) * arena.HOLDERS)
        return Confirmed(count / (hub.last_confirmed() - began))


def _pressed(hub: Hub, numbers: range) -> float:
    """Put bookings as 32 clients, each answered before its next; gives when the first began, seconds since 1970."""
    requests, began = puts(hub.address, hub.headers, numbers), time.time()
    with lean.Lean(hub.address) as client:
        client.pressed(requests, load.CLIENTS)
    return began


def of_dbos(services: Services, count: int) -> Confirmed:
    """One worker that is up, and bookings that are put beside it."""
    sink = services.sink
    environment = {"SINK": sink.address, "DATABASE": services.postgres.database()}
    others.DBOS.asked(environment, "prepare")
    with others.DBOS.working(environment, services.folder / "others.log"):
        sink.forget()
        others.DBOS.asked(environment, "put", WARMING // SLOW, 0)
        watched(sink, WARMING // SLOW * arena.HOLDERS, list)
        began = float(others.DBOS.asked(environment, "put", count, 0).split()[1])
        return Confirmed(count / (watched(sink, arena.HOLDERS * count, list).last - began))


def measured(services: Services, rounds: int, count: int) -> list[Row]:
    """Both on PostgreSQL."""
    fewer = max(1, count // SLOW)
    runs: dict[str, Runs[Confirmed]] = in_turn(
        rounds, {"hub": lambda: of_hub(services, count), "dbos": lambda: of_dbos(services, fewer)}
    )
    against = f"{others.DBOS.name} ({fewer:,})"
    return [
        row(f"{count:,} bookings from accept to five confirmed, PostgreSQL", against, runs["hub"], runs["dbos"],
            lambda one: one.a_second, unit="bookings/s", must=10.0, aim=20.0)
    ]  # fmt: skip
