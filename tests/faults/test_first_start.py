"""A hub that is killed at its very first start is whole at the next."""

import os
import signal
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from hub.store import migrating
from hub.store.database import connect
from tests.faults.hub_process import start


def migrated_until(url: str, last: int) -> None:
    """Make the tables, and die before that statement."""
    left = [last]

    @event.listens_for(Engine, "before_cursor_execute")
    def counted(*_: object) -> None:
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    migrating.migrate(url)


def ended(process: BaseProcess) -> int:
    process.join(30)
    assert process.exitcode is not None
    return process.exitcode


@pytest.mark.parametrize("statement", [0, 3, 5, 12, 24])
def test_killed_in_its_first_migration_the_next_start_makes_it_whole(statement: int, tmp_path: Path) -> None:
    whole, killed = f"sqlite:///{tmp_path}/whole.db", f"sqlite:///{tmp_path}/killed.db"
    migrating.ready(whole)
    assert ended(start(migrated_until, killed, statement)) == -signal.SIGKILL
    migrating.ready(killed)
    assert tables(killed) == tables(whole)


def tables(url: str) -> list[tuple[str, str]]:
    connection = connect(url)
    try:
        return [(name, sql) for name, sql in connection.rows("SELECT name, sql FROM sqlite_master ORDER BY name")]
    finally:
        connection.close()
