"""A hub that is killed at its very first start is whole at the next."""

import asyncio
import os
import signal
import stat
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from hub.app import Hub
from hub.service.keeping.keys import digest, holder
from hub.settings import Settings
from hub.store.engine import migrating
from hub.store.engine.database import connect
from hub.store.seals.keyring import key_from
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


def test_a_key_file_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "hub.key"
    with monkeypatch.context() as dying:
        dying.setattr("os.fsync", _die)
        with pytest.raises(InterruptedError):
            key_from(path)
    key = key_from(path)
    assert key_from(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [left.name for left in tmp_path.iterdir()] == ["hub.key"]


@pytest.mark.parametrize("content", ["", "no hexadecimal", "00" * 31, "é"])
def test_what_is_no_key_is_named_with_what_to_do(tmp_path: Path, content: str) -> None:
    path = tmp_path / "hub.key"
    path.write_text(content, encoding="latin-1")
    with pytest.raises(ValueError, match="restore the file that belongs to this database"):
        key_from(path)


def test_a_key_that_others_can_read_is_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "hub.key"
    key_from(path)
    path.chmod(0o640)
    key_from(path)
    assert [record.getMessage() for record in caplog.records] == [
        "hub.key can be read by others than its owner; chmod 600 it"
    ]


def _die(_: int) -> None:
    raise InterruptedError


def test_an_operator_has_a_key_wherever_the_first_start_was_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(database=f"sqlite:///{tmp_path}/hub.db")
    migrating.ready(settings.database)  # and killed here
    with monkeypatch.context() as dying:
        dying.setattr("os.fsync", _die)  # and killed again, with the key in its file and not in force
        with pytest.raises(InterruptedError):
            asyncio.run(started(settings))
    asyncio.run(started(settings))
    key = (tmp_path / "hub.operator-key").read_text().strip()
    assert holder(connect(settings.database), digest(key)) is not None
    asyncio.run(started(settings))
    assert (tmp_path / "hub.operator-key").read_text().strip() == key, "made once"


async def started(settings: Settings) -> None:
    hub = Hub(settings)
    try:
        await hub.start()
    finally:
        await hub.stop()
