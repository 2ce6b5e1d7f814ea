"""Three nodes on one PostgreSQL, killed and frozen under load, and the database once. `make soak`: 20,000 bookings."""

import asyncio
from pathlib import Path

from tests.counterparts.postgres import Postgres
from tests.faults.nodes import run

BOOKINGS, KILLS, CLIENTS = 40, 4, 6
SEED = 20261126


def test_nodes_that_die_and_freeze_on_a_database_that_dies_lose_nothing_and_double_nothing(
    tmp_path: Path, postgres: Postgres
) -> None:
    report = asyncio.run(run(tmp_path, postgres, seed=SEED, bookings=BOOKINGS, kills=KILLS, clients=CLIENTS))
    assert report.wrong == []
    assert report.kills > 0
    assert report.frozen > 0
    assert report.database_restarts == 1
    assert report.bookings >= BOOKINGS
    assert {name.split()[1] for name in report.calls} == {"done", "dropped", "unanswered", "late"}
