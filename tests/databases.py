"""Both databases for the same test: an SQLite file of its own, and a PostgreSQL database that begins empty."""

import os
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest

from hub.store.engine.migrating import migrate
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


_SENT_AWAY = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)


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
        self._emptied = ";".join([_SENT_AWAY, *deleted, *begun]).encode()
        self._connection = psycopg.connect(self.url, autocommit=True)

    def emptied(self) -> str:
        """Empty it; whoever is still connected is sent away."""
        try:
            self._connection.execute(self._emptied)
        except psycopg.OperationalError:  # a test has stopped the server, or sent all away itself
            self._connection.close()
            self._connection = psycopg.connect(self.url, autocommit=True)
            self._connection.execute(self._emptied)
        return self.url

    def close(self) -> None:
        """Let go of it."""
        self._connection.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL for all tests of this process, not durable."""
    with Postgres() as server:
        yield server


@pytest.fixture(scope="session")
def shared_database(postgres: Postgres) -> Iterator[Shared]:
    """A database of it that tests have in turn."""
    with closing(Shared(postgres)) as shared:
        yield shared


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database with its tables and nothing in them: each test runs on all kinds."""
    if request.param == POSTGRESQL:
        shared: Shared = request.getfixturevalue("shared_database")
        return shared.emptied()
    return in_file(tmp_path / "hub.db")


class Databases(NamedTuple):
    """Databases of one kind, each with its tables and nothing in them, one at a time."""

    kind: str
    empty: Callable[[], AbstractContextManager[str]]

    def examples(self, usual: int) -> int:
        """How many stories to try: fewer where each costs more, for the logic is the same."""
        return usual if self.kind == SQLITE else usual // 3


@pytest.fixture(params=KINDS, scope="session")
def databases(request: pytest.FixtureRequest) -> Databases:
    """Databases of each kind, for a test that plays many stories."""
    if request.param == SQLITE:
        return Databases(SQLITE, in_a_folder)
    shared: Shared = request.getfixturevalue("shared_database")
    return Databases(POSTGRESQL, lambda: nullcontext(shared.emptied()))


@contextmanager
def in_a_folder() -> Iterator[str]:
    """An empty SQLite database that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        yield in_file(Path(folder) / "hub.db")


class Alone(NamedTuple):
    """A database that no other test was ever near, and its files, byte by byte."""

    url: str
    files: Callable[[], dict[str, bytes]]


@pytest.fixture(params=KINDS)
def lone_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Alone]:
    """A database of each kind, with its tables and nothing in them, whose files can be searched."""
    if request.param == SQLITE:
        yield Alone(
            in_file(tmp_path / "hub.db"), lambda: {one.name: one.read_bytes() for one in tmp_path.glob("hub.db*")}
        )
        return
    with Postgres() as server:
        url = server.database()
        migrate(url)
        yield Alone(url, server.files)


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
