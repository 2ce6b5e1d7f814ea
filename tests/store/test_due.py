"""Timed effects: what lies ahead costs nothing until it is due; the next and those that are due come from an index."""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from hub.clock import DAY, HOUR, NEVER
from hub.delivery.errands.leasing import lease, lease_lanes
from hub.store.engine.database import Session, connect
from hub.store.lanes import Take

NOW = 1_800_000_000 * 1_000_000
AHEAD = 20_000
"""Enough for a database that counts to see that an index pays; plans are the same for a million."""
_LANES = (
    "INSERT INTO lanes(municipality, connection, key, kind, due, delivery)"
    " SELECT '2480', 'locks', 'hub-' || n, 'credential', ? + n * ?, 'waiting' FROM numbers"
)
_NUMBERS = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?) "


class Kept:
    """A connection that keeps what it is asked."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.asked: list[tuple[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def rows(self, sql: str, values: Any = ()) -> Any:
        self.asked.append((sql, values))
        return self._session.rows(sql, values)

    def rows_later(self, sql: str, values: Any = ()) -> Any:
        self.asked.append((sql, values))
        return self._session.rows_later(sql, values)

    def run(self, sql: str, values: Any = ()) -> int:
        self.asked.append((sql, values))
        return self._session.run(sql, values)


@pytest.fixture
def season(url: str) -> Iterator[Session]:
    """A database with effects far ahead, and ten thousand that rest for ever."""
    with closing(connect(url)) as session:
        with session.transaction():
            session.run(_NUMBERS + _LANES, (AHEAD, NOW + DAY, 60_000_000))
            session.run("UPDATE lanes SET due = ? WHERE id % 2 = 0", (NEVER,))
        if session.shared:
            session.run("ANALYZE lanes")
        yield session


def plan(session: Session, sql: str, values: Any) -> str:
    """How the database would do it, in its own words."""
    if session.shared:
        ((told,),) = session.rows(f"EXPLAIN (FORMAT JSON) {sql}", values)
        return json.dumps(told)
    return "\n".join(str(step) for *_, step in session.rows(f"EXPLAIN QUERY PLAN {sql}", values))


def whole(session: Session, told: str) -> bool:
    """Whether PostgreSQL would walk all lanes; of tables with few rows it does, and may."""
    if not session.shared:
        return False
    left = [one["Plan"] for one in json.loads(told)]
    for node in left:
        left += node.get("Plans", ())
    return any(node.get("Relation Name") == "lanes" and node["Node Type"] == "Seq Scan" for node in left)


@pytest.mark.parametrize("full", [(), (("2480", "lamps"), ("2480", "gates"))], ids=["all", "some are full"])
def test_what_is_due_and_what_is_next_come_from_the_index_of_due(season: Session, full: Any) -> None:
    kept: Any = Kept(season)
    with season.transaction():
        found = lease_lanes(kept, Take("node", 100, NOW, HOUR, full))()
    assert found == ([], NOW + DAY + 60_000_000)
    of_lanes = [(sql, values) for sql, values in kept.asked if "FROM lanes" in sql or "UPDATE lanes" in sql]
    assert len(of_lanes) == 2
    for sql, values in of_lanes:
        told = plan(season, sql, values)
        assert "ix_lanes_due" in told, told
        assert not whole(season, told), told
        assert "SCAN lanes" not in told.replace("SCAN lanes USING COVERING INDEX ix_lanes_due", ""), told


def test_what_falls_due_at_one_moment_is_not_sorted_for_the_few_that_are_taken(season: Session) -> None:
    season.run("UPDATE lanes SET due = ? WHERE id % 2 = 1", (NOW,))
    if season.shared:
        season.run("ANALYZE lanes")
    kept: Any = Kept(season)
    with season.transaction():
        assert len(lease_lanes(kept, Take("node", 100, NOW, HOUR))().lanes) == 100
    told = plan(season, *kept.asked[0])
    assert "ix_lanes_due" in told, told
    assert "Sort" not in told, told
    assert "B-TREE" not in told, told


def test_looking_for_what_is_due_asks_the_same_however_much_lies_ahead(season: Session) -> None:
    kept: Any = Kept(season)

    def asked() -> int:
        kept.asked.clear()
        with season.transaction():
            lease(kept, [Take("node", 100, NOW, HOUR)])
        return len(kept.asked)

    much = asked()
    season.run("DELETE FROM lanes")
    assert asked() == much == 1


def test_of_many_that_fall_due_together_so_many_are_taken_as_there_is_room_for_the_first_first(season: Session) -> None:
    with season.transaction():
        (taken,) = lease(season, [Take("node", 100, NOW + 30 * DAY, HOUR)])()
    due = [one.lane.due for one in taken.lanes]
    assert len(due) == 100
    assert due == sorted(due)
    assert due[0] == NOW + DAY + 60_000_000


def test_who_knows_that_more_lanes_are_due_looks_for_nothing_else_until_they_end(season: Session) -> None:
    kept: Any = Kept(season)
    with season.transaction():
        (many,) = lease(kept, [Take("node", 100, NOW + 30 * DAY, HOUR, lanes_only=True)])()
    assert (len(many.lanes), many.next_due) == (100, NOW + 30 * DAY)
    assert not [sql for sql, _ in kept.asked if "FROM told" in sql or "min(due)" in sql]
    with season.transaction():
        (none,) = lease(kept, [Take("node", 100, NOW, HOUR, lanes_only=True)])()
    assert none.lanes == []
    assert none.next_due > NOW
