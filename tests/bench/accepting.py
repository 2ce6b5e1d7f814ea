"""Accepting over HTTP, each answer after COMMIT, beside the same endpoint without a store."""

from dataclasses import replace
from itertools import count
from pathlib import Path

import psycopg

from hub.store.engine.migrating import migrate
from tests.bench import load, servers, town
from tests.bench.figures import Figure, ratios
from tests.bench.load import Pressed
from tests.bench.servers import Server
from tests.counterparts.postgres import Postgres

SECONDS = 5.0


def measured(folder: Path, rounds: int, *, seconds: float = SECONDS) -> list[Figure]:
    """Rate of both, round by round in turn, and the ratio."""
    return _beside(folder, folder / "accept.db", rounds, seconds, 0.4, 0.6)


def on_postgresql(folder: Path, rounds: int, *, seconds: float = SECONDS) -> list[Figure]:
    """The same on a PostgreSQL of this machine, whose commits are on disk."""
    with Postgres(durable=True) as server:
        url = server.database()
        migrate(url)
        figures = _beside(folder, url, rounds, seconds, 0.25, 0.4)
        stored = Figure("a booking with all that hangs on it, on disk", "kB", [_each_on_disk(url)])
        return [replace(figure, what=f"{figure.what}, PostgreSQL") for figure in (*figures, stored)]


def _each_on_disk(url: str) -> float:
    """Kilobytes of the whole database for each booking in it."""
    with psycopg.connect(url) as connection:
        told = connection.execute(
            "SELECT pg_database_size(current_database()), (SELECT count(*) FROM bookings)"
        ).fetchone()
    assert told
    return float(told[0] / told[1] / 1000)


def _beside(folder: Path, database: Path | str, rounds: int, seconds: float, must: float, aim: float) -> list[Figure]:
    numbers = count(0, town.LARGEST // (2 * rounds + 4))
    pressed: dict[str, list[Pressed]] = {"base": [], "hub": []}
    with servers.storeless(folder) as base, servers.accepting(folder, database) as hub:
        key = servers.operator_key(folder, database)
        both: dict[str, Server] = {"base": base, "hub": hub}
        for server in both.values():
            load.press(server.address, key, first=next(numbers), seconds=1)
        for turn in range(rounds):
            for name in sorted(both, reverse=bool(turn % 2)):
                run = load.press(both[name].address, key, first=next(numbers), seconds=seconds)
                pressed[name].append(run)
        megabytes = hub.megabytes
    rates = {name: [run.per_second for run in runs] for name, runs in pressed.items()}
    return [
        Figure("the endpoint without a store, 32 clients", "/s", rates["base"]),
        Figure("accept on disk, five claims and one record, 32 clients", "/s", rates["hub"]),
        Figure(
            "accept, of the endpoint without a store", "x", ratios(rates["hub"], rates["base"]), must, aim, more=True
        ),
        Figure("accept, median latency", "ms", [run.median_ms for run in pressed["hub"]]),
        Figure("accept, 99th percentile", "ms", [run.p99_ms for run in pressed["hub"]]),
        Figure("memory of the accepting process afterwards", "MB", [megabytes]),
    ]
