"""Both databases for the same test: an SQLite file of its own, and a PostgreSQL database that begins empty."""

import os
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import psycopg
import pytest

from hub.store.migrating import migrate
from tests.counterparts.postgres import Postgres, programs

SQLITE, POSTGRESQL = "sqlite", "postgresql"
KINDS = tuple(os.environ.get("KNUTPUNKT_TEST_DATABASES", f"{SQLITE},{POSTGRESQL}").split(","))
"""Which databases this run is about; all of them, unless it was told otherwise."""


def told() -> str:
    """The databases and their versions, for the head of a report."""
    versions = {SQLITE: f"SQLite {sqlite3.sqlite_version}", POSTGRESQL: _postgresql()}
    return "databases: " + ", ".join(versions[kind] for kind in KINDS)


def _postgresql() -> str:
    found = programs()
    if found is None:
        return "PostgreSQL is missing"
    said = subprocess.run([found / "postgres", "--version"], check=True, capture_output=True, text=True).stdout
    return f"PostgreSQL {said.split()[2]}"


@cache
def empty_database() -> bytes:
    """An SQLite database with its tables and nothing in them."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "empty.db"
        migrate(f"sqlite:///{file}")
        return file.read_bytes()


class Shared:
    """A PostgreSQL database with its tables, for one test after the other; each finds it empty."""

    def __init__(self, server: Postgres) -> None:
        self.server, self.url = server, server.database()
        migrate(self.url)
        with psycopg.connect(self.url) as connection:
            tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            numbers = connection.execute("SELECT sequencename FROM pg_sequences").fetchall()
        deleted = [f"DELETE FROM {name}" for (name,) in tables if name != "alembic_version"]  # noqa: S608 - names of our own tables
        begun = [f"SELECT setval('{name}', 1, false)" for (name,) in numbers]
        self._emptied = ";".join([*deleted, *begun]).encode()

    def emptied(self) -> str:
        """Empty it; whoever is still connected is sent away."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            connection.execute(self._emptied)
        return self.url


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL for all tests of this process, not durable."""
    with Postgres() as server:
        yield server


@pytest.fixture(scope="session")
def shared_database(postgres: Postgres) -> Shared:
    """A database of it that tests have in turn."""
    return Shared(postgres)


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database with its tables and nothing in them: each test runs on all kinds."""
    if request.param == POSTGRESQL:
        shared: Shared = request.getfixturevalue("shared_database")
        return shared.emptied()
    return in_file(tmp_path / "hub.db")


@pytest.fixture
def sqlite_database(tmp_path: Path) -> str:
    """The same, for what only SQLite has."""
    return in_file(tmp_path / "hub.db")


@pytest.fixture
def postgresql_database(shared_database: Shared) -> str:
    """The same, for what only PostgreSQL has."""
    return shared_database.emptied()


@pytest.fixture(params=KINDS)
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without tables."""
    if request.param == POSTGRESQL:
        server: Postgres = request.getfixturevalue("postgres")
        return server.database()
    return f"sqlite:///{tmp_path}/new.db"


def in_file(file: Path) -> str:
    """The address of an empty SQLite database in that file."""
    file.write_bytes(empty_database())
    return f"sqlite:///{file}"
