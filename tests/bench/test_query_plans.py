"""No statement that a booking, a delivery or a look-up needs walks a table, however many bookings there are."""

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.app import Hub
from hub.clock import DomainClock, now_of
from hub.service.operators.choosing import Wish
from hub.settings import Settings
from hub.store.engine.database import SqliteConnection, path_of
from tests.bench import town

LARGE = {
    "bookings", "lanes", "claims", "codes", "occupancy", "events", "deliveries", "entries", "audit", "audit_leaves",
    "passages", "readings", "reading_hours", "stretches", "noticed",
}  # fmt: skip
"""Tables that grow with the bookings."""

SELDOM = {
    "count(*)": "everything counted, for a person who asks",
    "lanes SET look = look + 1": "on start and every ten minutes; by its key when a system says that something changed",
    "lanes SET lease_until": "on start",
    "lanes SET due = ? WHERE municipality = ? AND connection = ? AND due > ?": "when a connection runs again",
    "DELETE FROM codes WHERE ends": "once an hour",
    "min(failing_since)": "for metrics",
}
"""What may walk, by a part of it, and when it does."""


def test_no_statement_walks_a_table_that_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    town.write(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path / "offered"))
    said = recorded(monkeypatch)
    database = f"sqlite:///{tmp_path}/hub.db"
    for _ in range(2):
        asyncio.run(a_day(Hub(Settings(database=database), [tmp_path / "town"], clock=DomainClock(town.BEGINS))))
    connection = SqliteConnection(str(path_of(database)))
    walked = {sql: plan for sql in sorted(said) if (plan := list(walks(connection, sql))) and not is_seldom(sql)}
    connection.close()
    assert len(said) > 40
    assert walked == {}


def recorded(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Every statement from now on."""
    said: set[str] = set()

    def keeping(method: Callable[..., Any]) -> Callable[..., Any]:
        def kept(connection: SqliteConnection, sql: str, *values: Any) -> Any:
            said.add(sql)
            return method(connection, sql, *values)

        return kept

    for name in ("run", "rows", "each", "all_returning"):
        monkeypatch.setattr(SqliteConnection, name, keeping(getattr(SqliteConnection, name)))
    return said


def walks(connection: SqliteConnection, sql: str) -> Iterator[str]:
    """The steps of a statement's plan that walk a large table, or all of it that is a municipality's."""
    if not sql.lstrip().upper().startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
        return
    for *_, step in connection.raw.execute(f"EXPLAIN QUERY PLAN {sql}", [0] * re.sub(r"'[^']*'", "", sql).count("?")):
        found = re.match(r"(SCAN|SEARCH) (\w+)(?: AS (\w+))?(.*)", step)
        if found and table_of(found[2], sql) in LARGE and (found[1] == "SCAN" or found[4].endswith("(municipality=?)")):
            yield step


def table_of(name: str, sql: str) -> str:
    """The table that an alias stands for."""
    alias = re.search(rf"(\w+) (?:AS )?{name}\b", sql)
    return alias[1] if alias and alias[1] in LARGE else name


def is_seldom(sql: str) -> bool:
    return any(part in re.sub(r"\s+", " ", sql) for part in SELDOM)


async def a_day(hub: Hub) -> None:
    """Bookings new, changed and cancelled; doors and lights follow; all of it is looked at."""
    await hub.start()
    desk, key = hub.desk, town.KEY
    for number in range(3):
        await desk.bookings.accept(key, town.line(number))
    await all_calm(hub)
    moved = town.line(0).replace(b'"revision": 1', b'"revision": 2').replace(b"court-0", b"court-1")
    gone = town.line(1).replace(b'"revision": 1', b'"revision": 2').replace(b"confirmed", b"cancelled")
    for line in (moved, gone):
        done = await desk.bookings.accept(key, line)
        await desk.answering.answer(done, with_values=True)
    await all_calm(hub)
    hub.clock.move_to(town.BEGINS + timedelta(hours=1, minutes=20))  # type: ignore[attr-defined]
    await hub.worker.look_at_all()
    await all_calm(hub)
    await desk.look_up.booking(key, "B-000000000", with_values=True)
    await desk.look_up.page(key, after="", limit=100)
    await desk.handling.listed(key, Wish(), after=0, limit=100)
    await desk.operating.problems(key, ended=False, language="en")
    await desk.operating.status(key)
    await desk.readiness.board(key, hours=24)
    await hub.stop()


async def all_calm(hub: Hub) -> None:
    """Wait until nothing is due."""
    give_up = time.monotonic() + 20
    while True:
        ((due,),) = await hub.readers.read(
            lambda c: c.rows("SELECT count(*) FROM lanes WHERE due <= ?", [now_of(hub.clock)])
        )
        if due == 0 and hub.worker.dispatcher.is_idle:
            return
        assert time.monotonic() < give_up, due
        await asyncio.sleep(0.02)
