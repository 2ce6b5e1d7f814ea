"""Before a database has counted its tables it takes them for small; what is asked then finds its rows by a key still.

A new installation is such a one while its first season is imported, and so is one that was just restored.
"""

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from typing import Any

import pytest

from hub.store import bookings, lanes, shown
from hub.store.engine.database import Session, connect
from hub.store.engine.migrating import migrate

TOWN = "2480"
SOME = [f"A-{number}" for number in range(30)]


@pytest.fixture
def new(new_database: str) -> Iterator[Session]:
    """An empty database that nobody has counted, as whoever writes there sees it."""
    migrate(new_database)
    with closing(connect(new_database)) as session:
        yield session


def how(session: Session, monkeypatch: pytest.MonkeyPatch, ask: Any) -> str:
    """How the database does what is asked, in its own words."""
    asked: list[tuple[str, Any]] = []
    rows = session.rows

    def kept(sql: str, values: Any = ()) -> Any:
        asked.append((sql, values))
        return rows(sql, values)

    with monkeypatch.context() as patch:
        patch.setattr(session, "rows", kept)
        ask()
    ((sql, values),) = asked
    explain = "EXPLAIN" if session.shared else "EXPLAIN QUERY PLAN"
    return "\n".join(str(step) for *_, step in rows(f"{explain} {sql}", values))


@pytest.mark.parametrize("asks", [bookings.known, partial(bookings.named, text=".booker")])
def test_a_booking_is_found_by_its_town_and_its_number_together(
    new: Session, monkeypatch: pytest.MonkeyPatch, asks: Any
) -> None:
    told = how(new, monkeypatch, lambda: asks(new, TOWN, SOME))
    found = [line for line in told.splitlines() if "Index Cond" in line or "SEARCH bookings" in line]
    assert any("municipality" in line and "number" in line for line in found), told


def test_lanes_are_found_by_their_ids(new: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [*range(1, 60)]
    for told in (
        how(new, monkeypatch, lambda: lanes.current(new, ids)),
        how(new, monkeypatch, lambda: shown.seen(new, TOWN, ids)),
    ):
        assert "Seq Scan" not in told
        assert ("pk_lanes" if new.shared else "INTEGER PRIMARY KEY") in told
