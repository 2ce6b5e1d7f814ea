"""The database behind one small surface: SQL with `?` for values, a synchronous connection owned by one thread.

SQLite in WAL with synchronous=FULL: COMMIT returns when the log is on disk. The SQL is portable to PostgreSQL.
"""

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from hub.store.many import is_insert, statements

Row = tuple[Any, ...]


class Connection(Protocol):
    """What the queries need of a database."""

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Do one statement; gives the number of rows it changed."""

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of one statement."""

    def each(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Do one statement for each row of values, in order."""

    def all_returning(self, sql: str, rows: Iterable[Sequence[Any]]) -> list[Row]:
        """Insert every row, and give the row that each returns, in any order."""

    def among(self, column: str, values: Iterable[Any]) -> tuple[str, list[Any]]:
        """A condition that the column is one of the values, and what to bind for it."""

    def clock(self) -> int:
        """The database's time, microseconds; decides only who may take a lease."""


CHECKPOINT = "wal_autocheckpoint=4000"
"""Pages of log, 16 MB, before they are copied into the database: under load the same pages change again and again."""


class SqliteConnection:
    """One connection to an SQLite file; used by one thread at a time."""

    def __init__(self, path: str, *, read_only: bool = False) -> None:
        self.raw = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, timeout=20, cached_statements=256
        )
        cache = "-4000" if read_only else "-16000"
        for pragma in ("journal_mode=WAL", "synchronous=FULL", f"cache_size={cache}", "temp_store=MEMORY", CHECKPOINT):
            self.raw.execute(f"PRAGMA {pragma}")
        if read_only:
            self.raw.execute("PRAGMA query_only=ON")

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        return self.raw.execute(sql, values).rowcount

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        return self.raw.execute(sql, values).fetchall()

    def each(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        if not is_insert(sql):
            self.raw.executemany(sql, rows)
            return
        for text, values in statements(sql, list(rows)):
            self.raw.execute(text, values)

    def all_returning(self, sql: str, rows: Iterable[Sequence[Any]]) -> list[Row]:
        execute = self.raw.execute
        return [row for text, values in statements(sql, list(rows)) for row in execute(text, values).fetchall()]

    def among(self, column: str, values: Iterable[Any]) -> tuple[str, list[Any]]:
        return f"{column} IN (SELECT value FROM json_each(?))", [json.dumps(list(values))]

    def clock(self) -> int:
        return time.time_ns() // 1000

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit at the end, or roll back when anything was raised, by COMMIT too: a full disk leaves nothing open."""
        self.raw.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.raw.execute("COMMIT")
        except BaseException:
            if self.raw.in_transaction:
                self.raw.execute("ROLLBACK")
            raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read all as it was at one moment."""
        self.raw.execute("BEGIN")
        try:
            yield
        finally:
            self.raw.execute("ROLLBACK")

    def close(self) -> None:
        self.raw.close()


OF_TOWN = "municipality || '' = ?"
"""The wall between municipalities where rows are found by id: so written, no index of the town is walked instead."""

PREFIX = "sqlite:///"


def path_of(url: str) -> Path:
    """The file of an `sqlite:///` address.

    Raises:
        ValueError: another kind of database.
    """
    if not url.startswith(PREFIX):
        msg = f"{url}: this version keeps its data in SQLite; write sqlite:///file.db"
        raise ValueError(msg)
    return Path(url.removeprefix(PREFIX))


def connect(url: str, *, read_only: bool = False) -> SqliteConnection:
    """Open a connection to the database at the address."""
    return SqliteConnection(str(path_of(url)), read_only=read_only)
