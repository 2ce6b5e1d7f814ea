"""The database behind one small surface: SQL with `?` for values, a synchronous connection owned by one thread.

The same SQL runs on SQLite and PostgreSQL (`hub.store.engine.postgres`). SQLite in WAL with synchronous=FULL: COMMIT
returns when the log is on disk.
"""

import hashlib
import json
import re
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

from hub.errors import RefusedError
from hub.store.engine.bells import Bell
from hub.store.engine.many import Columns, changes, is_insert, questions, statements

Told = TypeVar("Told")
Row = tuple[Any, ...]
Later = Callable[[], Told]
"""What is known with the next answer of the database; to ask for it sooner is a way of its own."""
Towns = frozenset[str] | None
"""The municipalities that a transaction is bound to (`hub.store.engine.walls`); None: to none."""


class AgainError(Exception):
    """The transaction was not done, through no fault of its own: a deadlock, a lost connection. Run it once more."""


class AwayError(RefusedError):
    """The database cannot do it now. When its answer was lost it may have been done: ask again."""

    def __init__(self, why: str) -> None:
        super().__init__("database-away", f"the database cannot do it now; send it again ({why})")


class NoRoomError(AwayError):
    """The database's disk is full: nothing was done."""

    def __init__(self) -> None:
        told = "nothing was done, for the disk of the database is full; make room there, and send it again"
        RefusedError.__init__(self, "no-room", told)


class Connection(Protocol):
    """What the queries need of a database."""

    shared: bool
    """Whether other processes may write at the same time."""
    for_update: str
    """Ends a SELECT of rows that are to be changed: nobody else changes them before this transaction ends."""
    skip_locked: str
    """The same, without those that somebody else holds so."""
    name: str
    """What others know it by; empty where nobody else is."""
    rung: set[Bell]
    """The bells of this transaction so far."""

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Do one statement; gives the number of rows it changed."""

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of one statement."""

    def rows_later(self, sql: str, values: Sequence[Any] = ()) -> Later[list[Row]]:
        """The same as it stands now, in the same message as what is asked next; gives what tells the rows."""

    def rows_each(self, sql: str, values: Iterable[Sequence[Any]]) -> list[list[Row]]:
        """All rows of one statement for each row of values."""

    def rows_each_later(self, sql: str, values: Iterable[Sequence[Any]]) -> Later[list[list[Row]]]:
        """The same as it stands now, in the same message as what is asked next."""

    def each(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Do one statement for each row of values, in order."""

    def change(self, sql: str, columns: Columns, rows: Iterable[Sequence[Any]]) -> None:
        """Do one `UPDATE ... FROM v`, where `v` is all rows with columns of those names."""

    def all_returning(self, sql: str, rows: Iterable[Sequence[Any]]) -> list[Row]:
        """Insert every row, and give the row that each returns, in any order."""

    def ids_later(self, table: str, count: int) -> Later[list[int]]:
        """Ids for so many rows that this transaction inserts before any others there; known with what is asked next."""

    def among(self, column: str, values: Iterable[Any]) -> tuple[str, list[Any]]:
        """A condition that the column is one of the values, and what to bind for it."""

    def among_of(self, town: str, column: str, values: Iterable[Any]) -> tuple[str, list[Any]]:
        """The same of a municipality's rows, where both together are a key."""

    def clock(self) -> int:
        """The database's time, microseconds; decides only who may take a lease."""

    def clock_now(self) -> tuple[str, list[Any]]:
        """The same as a part of a statement, and what to bind for it."""

    def hold(self, places: Iterable[str], *, share: Iterable[str] = ()) -> None:
        """Hold places until the transaction ends, and share others; wait for those who hold, or share what we hold."""

    def hold_free(self, places: Iterable[str]) -> Later[set[str]]:
        """Hold those places that nobody else holds now, before what is asked next; gives what tells them."""

    def ring(self, bell: Bell) -> None:
        """Have other processes told, once for this transaction, when it is committed."""


class Session(Connection, Protocol):
    """An open connection, with its transactions."""

    answers_first: bool
    """Whether the bells of a transaction are rung with the next, or when told to: whoever it answers goes first."""

    def ring_out(self) -> None:
        """Have other processes told of what they have not been told yet."""

    def transaction(self, towns: Towns = None) -> AbstractContextManager[None]:
        """Commit at the end, or roll back when anything was raised."""

    def snapshot(self, towns: Towns = None) -> AbstractContextManager[None]:
        """Read all as it was at one moment."""

    def has_table(self, name: str) -> bool:
        """Whether there is such a table."""

    def close(self) -> None: ...


def lock_of(place: str) -> int:
    """The number that stands for a place in a database's locks."""
    return int.from_bytes(hashlib.blake2b(place.encode(), digest_size=8).digest(), "big", signed=True)


CHECKPOINT = "wal_autocheckpoint=4000"
"""Pages of log, 16 MB, before they are copied into the database: under load the same pages change again and again."""


_LAST_ID = (
    "SELECT max(coalesce((SELECT max(id) FROM {}), 0), coalesce((SELECT seq FROM sqlite_sequence WHERE name = ?), 0))"
)
"""What SQLite itself counts on from, where ids of rows that are gone are used again and where they are not."""


class SqliteConnection:
    """One connection to an SQLite file; used by one thread at a time. Its writer is alone, and needs no locks."""

    shared = answers_first = False
    for_update = skip_locked = name = ""

    def __init__(self, path: str, *, read_only: bool = False) -> None:
        self.raw = sqlite3.connect(
            path, isolation_level=None, check_same_thread=False, timeout=20, cached_statements=256
        )
        cache = "-4000" if read_only else "-16000"
        for pragma in ("journal_mode=WAL", "synchronous=FULL", f"cache_size={cache}", "temp_store=MEMORY", CHECKPOINT):
            self.raw.execute(f"PRAGMA {pragma}")
        if read_only:
            self.raw.execute("PRAGMA query_only=ON")
        self.rung: set[Bell] = set()

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        return self.raw.execute(sql, values).rowcount

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        return self.raw.execute(sql, values).fetchall()

    def rows_later(self, sql: str, values: Sequence[Any] = ()) -> Later[list[Row]]:
        found = self.rows(sql, values)
        return lambda: found

    def rows_each(self, sql: str, values: Iterable[Sequence[Any]]) -> list[list[Row]]:
        asked = list(values)
        found: list[list[Row]] = [[] for _ in asked]
        for first, text, bound in questions(sql, asked):
            for *row, place in self.raw.execute(text, bound).fetchall():
                found[first + place].append(tuple(row))
        return found

    def rows_each_later(self, sql: str, values: Iterable[Sequence[Any]]) -> Later[list[list[Row]]]:
        found = self.rows_each(sql, values)
        return lambda: found

    def each(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        if not is_insert(sql):
            self.raw.executemany(sql, rows)
            return
        for text, values in statements(sql, list(rows)):
            self.raw.execute(text, values)

    def change(self, sql: str, columns: Columns, rows: Iterable[Sequence[Any]]) -> None:
        for text, values in changes(sql, columns, list(rows)):
            self.raw.execute(text, values)

    def all_returning(self, sql: str, rows: Iterable[Sequence[Any]]) -> list[Row]:
        execute = self.raw.execute
        return [row for text, values in statements(sql, list(rows)) for row in execute(text, values).fetchall()]

    def ids_later(self, table: str, count: int) -> Later[list[int]]:
        if not count:
            return list
        ((last,),) = self.rows(_LAST_ID.format(table), (table,))
        return lambda: [*range(last + 1, last + 1 + count)]

    def among(self, column: str, values: Iterable[Any]) -> tuple[str, list[Any]]:
        return f"{column} IN (SELECT value FROM json_each(?))", [json.dumps(list(values))]

    def among_of(self, town: str, column: str, values: Iterable[Any]) -> tuple[str, list[Any]]:
        condition, bound = self.among(column, values)
        return f"municipality = ? AND {condition}", [town, *bound]

    def clock(self) -> int:
        return time.time_ns() // 1000

    def clock_now(self) -> tuple[str, list[Any]]:
        return "?", [self.clock()]

    def hold(self, places: Iterable[str], *, share: Iterable[str] = ()) -> None:
        """Nobody else is there."""

    def hold_free(self, places: Iterable[str]) -> Later[set[str]]:
        free = set(places)
        return lambda: free

    def ring(self, bell: Bell) -> None:
        """Heard by this process alone, for nobody else is there."""
        self.rung.add(bell)

    def ring_out(self) -> None:
        """Nobody else is there."""

    def has_table(self, name: str) -> bool:
        return bool(self.rows("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (name,)))

    @contextmanager
    def transaction(self, towns: Towns = None) -> Iterator[None]:  # noqa: ARG002 - no second wall here
        """Commit at the end, or roll back when anything was raised, by COMMIT too: a full disk leaves nothing open.

        Raises:
            AwayError: the disk does not do what it is told; NoRoomError: for it is full.
        """
        self.rung.clear()
        try:
            self.raw.execute("BEGIN IMMEDIATE")
            yield
            self.raw.execute("COMMIT")
        except BaseException as error:
            if self.raw.in_transaction:
                self.raw.execute("ROLLBACK")
            if isinstance(error, sqlite3.OperationalError):
                raise _understood(error) from error
            raise

    @contextmanager
    def snapshot(self, towns: Towns = None) -> Iterator[None]:  # noqa: ARG002 - no second wall here
        """Read all as it was at one moment."""
        self.raw.execute("BEGIN")
        try:
            yield
        finally:
            self.raw.execute("ROLLBACK")

    def close(self) -> None:
        self.raw.close()


def _understood(error: sqlite3.OperationalError) -> Exception:
    """What is no fault of the statement is told as what it is; it itself otherwise."""
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_FULL:
            return NoRoomError()
        case sqlite3.SQLITE_IOERR:
            return AwayError(f"{error}, {error.sqlite_errorname}")
    return error


OF_TOWN = "municipality || '' = ?"
"""The wall between municipalities where rows are found by id: so written, no index of the town is walked instead."""

SQLITE = "sqlite:///"
POSTGRESQL = ("postgresql://", "postgres://")


_PASSWORD = re.compile(r"(?<=:)[^:/@]*(?=@)|(?<=[?&]password=)[^&]*")


def is_postgresql(url: str) -> bool:
    """Whether it is the address of a PostgreSQL database."""
    return url.startswith(POSTGRESQL)


def path_of(url: str) -> Path:
    """The file of an `sqlite:///` address.

    Raises:
        ValueError: another kind of database.
    """
    if not url.startswith(SQLITE):
        msg = f"{shown(url)}: write sqlite:///file.db or postgresql://user@host/database"
        raise ValueError(msg)
    return Path(url.removeprefix(SQLITE))


def beside(url: str) -> Path:
    """Where the files lie that belong to a database, but for their suffix: beside it, or in the working folder.

    Raises:
        ValueError: no address of a database.
    """
    return Path("knutpunkt.db") if is_postgresql(url) else path_of(url)


def shown(url: str) -> str:
    """The address, without the password that it may hold."""
    return _PASSWORD.sub("***", url)


def connect(url: str, *, read_only: bool = False) -> Session:
    """Open a connection to the database at the address. Raises AwayError, ValueError."""
    if is_postgresql(url):
        from hub.store.engine.postgres import PostgresConnection  # noqa: PLC0415 - late: SQLite does without a driver

        return PostgresConnection(url, read_only=read_only)
    return SqliteConnection(str(path_of(url)), read_only=read_only)
