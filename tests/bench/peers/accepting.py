"""Accepting beside the same endpoint that stores nothing, and beside one that stores the same rows by itself."""

import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, closing
from itertools import count as counted
from pathlib import Path

from hub.store.engine.migrating import migrate
from tests.bench import load, servers, town
from tests.bench.load import Pressed
from tests.bench.peers.rows import Row
from tests.bench.peers.runs import Runs, in_turn, row
from tests.bench.peers.services import Services

SECONDS = 5
_EMPTY, _STORES = "FastAPI, same model and answer, no store", "FastAPI, the same rows, a commit per request"
_ROWS = ("bookings", "claims", "codes", "entries", "events", "lanes", "occupancy", "audit", "audit_leaves")

_SHARED = frozenset({"lanes", "audit_leaves"})
"""What bookings, or those of one commit, have together: who commits for each has one of it for each."""


def on_sqlite(services: Services, rounds: int, seconds: int) -> list[Row]:
    """One process each."""
    folder = _town(services)
    naive = folder / "naive.db"
    with servers.accepting(folder, naive) as hub:
        load.press(hub.address, servers.operator_key(folder, naive), first=0, seconds=1)
    before = _stored(naive)
    with ExitStack() as opened:
        addresses = {
            "base": opened.enter_context(servers.storeless(folder)).address,
            "naive": opened.enter_context(servers.storing(folder, naive)).address,
            "hub": opened.enter_context(servers.accepting(folder, folder / "hub.db")).address,
        }
        runs = _pressed(addresses, servers.operator_key(folder, folder / "hub.db"), rounds, seconds)
    _check(before, _stored(naive))
    measure = "accept, five claims and a record, SQLite FULL, 32 clients"
    return [_row(measure, _EMPTY, runs, "base", 0.4, 0.6), _row(measure, _STORES, runs, "naive", 1.5, 2.5)]


def on_postgresql(services: Services, rounds: int, seconds: int) -> list[Row]:
    """One process."""
    folder, url = _town(services), services.postgres.database()
    migrate(url)
    with servers.storeless(folder) as base, servers.accepting(folder, url) as hub:
        addresses = {"base": base.address, "hub": hub.address}
        runs = _pressed(addresses, servers.operator_key(folder, url), rounds, seconds)
    return [_row("accept, PostgreSQL, one process", _EMPTY, runs, "base", 0.25, 0.4)]


def _town(services: Services) -> Path:
    folder = services.place()
    town.write(folder)
    return folder


def _pressed(addresses: dict[str, str], key: str, rounds: int, seconds: int) -> dict[str, Runs[Pressed]]:
    numbers = counted(10_000, town.LARGEST // (len(addresses) * (rounds + 2)))

    def press(address: str, seconds: float = seconds) -> Callable[[], Pressed]:
        return lambda: load.press(address, key, first=next(numbers), seconds=seconds)

    for address in addresses.values():
        press(address, 1)()
    return in_turn(rounds, {name: press(address) for name, address in addresses.items()})


def _row(measure: str, against: str, runs: dict[str, Runs[Pressed]], base: str, must: float, aim: float) -> Row:
    return row(measure, against, runs["hub"], runs[base], lambda one: one.per_second, unit="/s", must=must, aim=aim)


def _stored(database: Path) -> list[int]:
    """How many rows each table has, of those that a booking comes to."""
    with closing(sqlite3.connect(database)) as connection:
        return [int(connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]) for name in _ROWS]  # noqa: S608 - our own


def _check(before: list[int], after: list[int]) -> None:
    """Whether as many rows were stored for each booking as the hub stores."""
    bookings = after[0] - before[0]
    for name, was, now in zip(_ROWS, before, after, strict=True):
        own = round(was / before[0]) if name not in _SHARED else 1
        assert now - was == own * bookings, f"{name}: {now - was:,} rows for {bookings:,} bookings, the hub has {was:,}"
