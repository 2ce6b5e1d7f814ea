"""The tables, and the migrations that make them: the same, and never changed by serving."""

import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import PrimaryKeyConstraint

from hub.errors import RefusedError
from hub.store.engine import migrating
from hub.store.engine.database import Session, connect
from hub.store.engine.migrating import HEAD, engine_of, migrate, ready, version
from hub.store.engine.migrations import holding
from hub.store.engine.migrations.holding import hold
from hub.store.tables.schema import METADATA
from tests.counterparts.postgres import Postgres
from tests.store.waiting import until_it_waits_for_a_lock


def other_default(*told: Any) -> bool:
    """Whether a column's default in the database is another than in the code, whichever way it is quoted."""
    *_, there, _, here = told
    plain = [re.sub(r"::(text|integer|bigint)$", "", text or "").strip("'()") for text in (there, here)]
    return plain[0] != plain[1]


def test_migrations_make_exactly_the_tables_of_the_code(url: str) -> None:
    engine = engine_of(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": other_default}
        )
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_the_newest_migration_is_the_one_that_the_hub_needs() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrating.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_an_empty_database_gets_its_tables(new_database: str) -> None:
    assert version(new_database) is None
    ready(new_database)
    assert version(new_database) == HEAD


def test_of_two_that_start_at_once_on_an_empty_database_one_makes_the_tables(new_database: str) -> None:
    words = [sys.executable, "-c", f"from hub.store.engine.migrating import ready; ready({new_database!r})"]
    both = [subprocess.Popen(words, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    assert [(one.communicate(timeout=60)[1], one.returncode) for one in both] == [("", 0)] * 2
    assert version(new_database) == HEAD


def test_a_database_that_is_ready_is_left_as_it_is(url: str) -> None:
    with closing(connect(url)) as connection:
        connection.run("INSERT INTO events(municipality, type, subject, body, at) VALUES('2480', 't', 's', '', 0)")
        before = contents(connection)
        ready(url)
        migrate(url)
        assert contents(connection) == before
        assert before["events"] == 1


def contents(connection: Session) -> Counter[str]:
    """How many rows each table has."""
    tables = sorted(METADATA.tables)
    return Counter({name: connection.rows(f"SELECT count(*) FROM {name}")[0][0] for name in tables})  # noqa: S608 - our tables


def test_a_database_of_another_version_is_refused_with_what_to_do(url: str) -> None:
    with other_version(url), pytest.raises(RefusedError, match=r"version 9999.*run knutpunkt migrate") as caught:
        ready(url)
    assert caught.value.code == "schema-version"


@contextmanager
def other_version(url: str) -> Iterator[None]:
    with closing(connect(url)) as connection:
        connection.run("UPDATE alembic_version SET version_num = '9999'")
        try:
            yield
        finally:
            connection.run("UPDATE alembic_version SET version_num = ?", (HEAD,))


def test_tables_are_held_all_at_once_and_a_node_that_is_in_the_way_loses_nothing(
    postgresql_database: str, postgres: Postgres
) -> None:
    """Each holds what the other is to have next; PostgreSQL would soon end the node's work."""
    order: list[str] = []

    def change() -> None:
        engine = engine_of(postgresql_database)
        with engine.begin() as connection:
            hold(connection, ("bookings", "problems"))
            order.append("held")
        engine.dispose()

    thread = threading.Thread(target=change)
    with psycopg.connect(postgres.url(postgresql_database.rpartition("/")[2], role="postgres")) as node:
        node.execute("SET LOCAL deadlock_timeout = '500ms'")
        node.execute("LOCK TABLE problems IN ROW EXCLUSIVE MODE")
        thread.start()
        until_it_waits_for_a_lock(postgresql_database, "LOCK TABLE bookings")
        node.execute("LOCK TABLE bookings IN ROW EXCLUSIVE MODE")
        order.append("done")
    thread.join(20)
    assert order == ["done", "held"]


def test_a_table_that_somebody_keeps_is_told(postgresql_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "TRIES", 2)
    monkeypatch.setattr(holding, "PATIENCE", "1ms")
    engine = engine_of(postgresql_database)
    with psycopg.connect(postgresql_database) as node, engine.connect() as connection:
        node.execute("LOCK TABLE problems IN ROW EXCLUSIVE MODE")
        with pytest.raises(RefusedError, match="somebody keeps one of the tables bookings, problems"):
            hold(connection, ("bookings", "problems"))
    engine.dispose()


def test_what_is_no_database_is_refused_and_its_password_not_told() -> None:
    with pytest.raises(ValueError, match=r"sqlite:///.*postgresql://") as caught:
        connect("mysql://hub:secret@localhost/hub")
    assert "secret" not in str(caught.value)


def test_the_municipality_comes_first_in_every_key_of_a_tenant() -> None:
    rows = {
        table.name: [next(iter(key.columns)).name for key in table.constraints if isinstance(key, PrimaryKeyConstraint)]
        for table in METADATA.tables.values()
        if "municipality" in table.columns
    }
    by_id = {name for name, first in rows.items() if first == ["id"]}
    assert {name for name, first in rows.items() if first != ["municipality"]} - by_id <= {"codes", "keys"}
    assert all("municipality" in table.columns for table in METADATA.tables.values() if table.name in by_id)


def test_a_commit_is_on_disk_when_it_returns(sqlite_database: str) -> None:
    connection = connect(sqlite_database)
    assert connection.rows("PRAGMA journal_mode") == [("wal",)]
    assert connection.rows("PRAGMA synchronous") == [(2,)], "FULL"
    connection.close()


def test_nobody_else_on_the_machine_reads_a_new_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'hub.db'}"
    ready(url)
    connection = connect(url)
    with connection.transaction():
        connection.run("DELETE FROM keys")
    modes = {file.name: oct(file.stat().st_mode & 0o777) for file in tmp_path.iterdir()}
    connection.close()
    assert {"hub.db", "hub.db-wal"} <= set(modes)
    assert set(modes.values()) == {"0o600"}
