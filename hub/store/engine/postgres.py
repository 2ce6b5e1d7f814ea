"""PostgreSQL behind the same surface: psycopg 3, a synchronous connection owned by one thread.

READ COMMITTED, which the order "lock, then read" leans on: under REPEATABLE READ what is read is older than the lock.
A transaction that could not be done through no fault of its own raises AgainError, and is safe to run once more:
whether a COMMIT without an answer was done is known by the mark that the transaction left (`_MARK`).

What a transaction does without asking for anything waits, and goes in one message with what asks next, or with the
COMMIT: a way to the server and back costs as much as a statement. Its order stays, and so does READ COMMITTED.
"""

import secrets
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import psycopg
from psycopg import errors

from hub.store.engine import walls
from hub.store.engine.bells import Bell
from hub.store.engine.database import AgainError, AwayError, Connection, Later, NoRoomError, Row, Towns, lock_of
from hub.store.engine.driver import opened
from hub.store.engine.lists import Wholes, columns_of, of_first, type_of
from hub.store.engine.many import Columns, changing_lists
from hub.store.engine.marks import insert_of, numbered, of_each
from hub.store.engine.messages import Messages, Statement

OLDEST = 150000
"""The oldest version that the hub is tested with, as PostgreSQL counts: 15."""
PATIENCE_SECONDS = 10.0
"""How long work waits for a database that has gone away; then it is told so, and later work at once."""
_AGAIN = (errors.DeadlockDetected, errors.SerializationFailure, errors.LockNotAvailable)
_MARK = numbered(
    "INSERT INTO installation(name, value) SELECT ?, ? WHERE pg_current_xact_id_if_assigned() IS NOT NULL"
    " ON CONFLICT(name) DO UPDATE SET value = excluded.value"
)
"""The last statement of each transaction that wrote, sent together with its COMMIT; refused where one had failed.

Bells are rung after it: a transaction that rings one holds a lock of the whole server while it is written to disk, so
that all of them would commit one after the other. In the same message, or, where somebody waits for the answer, in
that of the next (`answers_first`): each bell wakes a process of the server and a thread of every node, also of ours.
"""
_END_WHAT_WAS_LEFT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ? AND pid <> pg_backend_pid()"
)
"""Of a connection that was lost the server may know nothing yet: it holds locks, and a COMMIT may be on its way."""
_MARKS_KEPT_SECONDS = 30 * 24 * 3600
_HOLD = numbered(
    "SELECT CASE WHEN s = 0 THEN pg_advisory_xact_lock(k) ELSE pg_advisory_xact_lock_shared(k) END"
    " FROM unnest(?::bigint[], ?::bigint[]) AS held(k, s)"
)
_IDS = "SELECT nextval('{}'::regclass) FROM generate_series(1, ?)"
"""Of a sequence, named in the statement: looked up for each number it took as long as to write the row."""
_CLOCK = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"


class PostgresConnection:
    """One connection to a PostgreSQL database; used by one thread at a time. It comes back when the server does."""

    shared = True
    for_update = " FOR UPDATE"
    skip_locked = " FOR UPDATE SKIP LOCKED"

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        self.name = f"knutpunkt {secrets.token_hex(6)}"
        self._mark_name = f"mark/{self.name}"
        self._open = partial(opened, url, self.name, read_only=read_only)
        self._types: dict[str, dict[str, str]] = {}
        self._sequences: dict[str, str] = {}
        """Where each table's ids come from."""
        self._marked = False
        self._lost_at: float | None = None
        self.rung: set[Bell] = set()
        self.answers_first = False
        self._unheard: set[Bell] = set()
        """What was rung in the last transaction, and others are to be told."""
        self._within = False
        """Whether a transaction is open."""
        self._later: list[Statement] = []
        """What of it waits for the next that asks."""
        self._connect()

    def _connect(self) -> None:
        try:
            self.raw = self._open()
        except psycopg.OperationalError as error:
            raise AwayError(_first_line(error)) from None
        self._messages = Messages(self.raw)
        self._within, self._later = False, []

    def _alive(self) -> None:
        """Come back when the connection was lost; wait for the server, but not for ever.

        Raises:
            AwayError: it does not answer.
        """
        if not self.raw.closed:
            return
        self._lost_at = self._lost_at or time.monotonic()
        while True:
            try:
                self._connect()
                self.rows(_END_WHAT_WAS_LEFT, (self.name,))
            except (AwayError, psycopg.Error) as error:
                self.raw.close()
                if time.monotonic() - self._lost_at > PATIENCE_SECONDS:
                    raise AwayError(_first_line(error)) from None
                time.sleep(0.2)
            else:
                self._lost_at = None
                return

    # ---- what the queries need

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        return self._asked(numbered(sql), values).count

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        return self._asked(numbered(sql), values).rows()

    def rows_later(self, sql: str, values: Sequence[Any] = ()) -> Later[list[Row]]:
        if not self._within:
            found = self.rows(sql, values)
            return lambda: found
        asked = Statement(numbered(sql), values)
        self._later.append(asked)

        def told() -> list[Row]:
            if not asked.is_sent:
                self._send()
            return asked.rows()

        return told

    def rows_each(self, sql: str, values: Iterable[Sequence[Any]]) -> list[list[Row]]:
        return self.rows_each_later(sql, values)()

    def rows_each_later(self, sql: str, values: Iterable[Sequence[Any]]) -> Later[list[list[Row]]]:
        many = list(values)
        if len(many) < 2:  # noqa: PLR2004 - one is asked as it is
            asked = [self.rows_later(sql, one) for one in many]
            return lambda: [told() for told in asked]
        types = tuple(map(_known_type, many[0]))
        rows = self.rows_later(of_each(sql, types), columns_of(types, many))

        def told() -> list[list[Row]]:
            found: list[list[Row]] = [[] for _ in many]
            for *row, nth in rows():
                found[nth - 1].append(tuple(row))
            return found

        return told

    def each(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        many = list(rows)
        if len(many) > 1 and insert_of(sql):
            self._do(*self._of_lists(sql, many))
        else:
            self._later += [Statement(numbered(sql), one) for one in many]
            if not self._within:
                self._send()

    def _asked(self, text: bytes, values: Sequence[Any] = ()) -> Statement:
        """Do one statement, after what waits."""
        asked = Statement(text, values)
        self._send(asked)
        return asked

    def _send(self, *last: Statement) -> None:
        """Send what waits, and these, in one message; the first that fails is raised."""
        statements, self._later = [*self._later, *last], []
        if statements:
            self._messages.send(statements)

    def _do(self, text: bytes, values: Sequence[Any]) -> None:
        """Do one statement that nothing is asked of: within a transaction, with the next that something is."""
        self._later.append(Statement(text, values))
        if not self._within:
            self._send()

    def change(self, sql: str, columns: Columns, rows: Iterable[Sequence[Any]]) -> None:
        if many := list(rows):
            lists = columns_of([type_ for _, type_ in columns], many)
            self._do(numbered(changing_lists(sql, columns)), lists)

    def all_returning(self, sql: str, rows: Iterable[Sequence[Any]]) -> list[Row]:
        many = list(rows)
        if len(many) == 1:
            return self.rows(sql, many[0])
        return self._asked(*self._of_lists(sql, many)).rows() if many else []

    def ids_later(self, table: str, count: int) -> Later[list[int]]:
        if not count:
            return list
        if table not in self._sequences:
            ((self._sequences[table],),) = self.rows("SELECT pg_get_serial_sequence(?, 'id')", (table,))
        rows = self.rows_later(_IDS.format(self._sequences[table]), (count,))
        return lambda: [id_ for (id_,) in rows()]

    def _of_lists(self, sql: str, rows: Sequence[Sequence[Any]]) -> tuple[bytes, list[list[Any]]]:
        insert = insert_of(sql)
        if insert is None:
            msg = f"no INSERT of one row: {sql}"
            raise ValueError(msg)
        types = self._types_of(insert.table)
        return numbered(insert.of_lists(types)), columns_of([types[name] for name in insert.columns], rows)

    def _types_of(self, table: str) -> dict[str, str]:
        if table not in self._types:
            sql = (
                "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute"
                " WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped"
            )
            self._types[table] = dict(self.rows(sql, (table,)))
        return self._types[table]

    def among(self, column: str, values: Iterable[Any]) -> tuple[str, list[Any]]:
        return f"{column} = ANY(?)", [of_first(values)]

    def hold(self, places: Iterable[str], *, share: Iterable[str] = ()) -> None:
        """In one order for all, so that no two wait for each other."""
        shared = dict.fromkeys(map(lock_of, share), 1)
        if locks := sorted((shared | dict.fromkeys(map(lock_of, places), 0)).items()):
            self._do(_HOLD, list(map(Wholes, zip(*locks, strict=True))))

    def hold_free(self, places: Iterable[str]) -> Later[set[str]]:
        by_lock = {lock_of(place): place for place in places}
        sql = "SELECT k, pg_try_advisory_xact_lock(k) FROM unnest(?::bigint[]) AS k"
        rows = self.rows_later(sql, [Wholes(by_lock)])
        return lambda: {by_lock[lock] for lock, free in rows() if free}

    def among_of(self, town: str, column: str, values: Iterable[Any]) -> tuple[str, list[Any]]:
        """So that a row can be found by both alone: who takes a town for small would read all of it."""
        return f"(municipality, {column}) IN (SELECT ?, unnest(?))", [town, of_first(values)]

    def clock(self) -> int:
        ((now,),) = self.rows(_CLOCK)
        return int(now)

    def clock_now(self) -> tuple[str, list[Any]]:
        return f"({_CLOCK})", []

    def has_table(self, name: str) -> bool:
        return self.rows("SELECT to_regclass(?) IS NOT NULL", (name,)) == [(True,)]

    def ring(self, bell: Bell) -> None:
        self.rung.add(bell)

    # ---- transactions

    @contextmanager
    def transaction(self, towns: Towns = None) -> Iterator[None]:
        """Commit at the end, or roll back when anything was raised.

        Raises:
            AgainError: not done, through no fault of its own.
            AwayError: the database does not answer; NoRoomError: its disk is full.
        """
        self._alive()
        with self._understood():
            if not self._marked:
                self._make_mark()
            self.rung.clear()
            self._begin("", towns)
            yield
        self._commit()

    @contextmanager
    def snapshot(self, towns: Towns = None) -> Iterator[None]:
        """Read all as it was at one moment. Raises AgainError, AwayError."""
        self._alive()
        with self._understood():
            self._begin(" ISOLATION LEVEL REPEATABLE READ READ ONLY", towns)
            yield
            self._asked(b"ROLLBACK")
            self._within = False

    def _begin(self, how: str, towns: Towns) -> None:
        """And say whom it is for."""
        self._within, self._later = True, [Statement(f"BEGIN{how}".encode())]
        if told := walls.told(towns):
            self._later.append(Statement(told.encode(), kept=False))

    @contextmanager
    def _understood(self) -> Iterator[None]:
        """What is raised ends the transaction; what was no fault of its own is told so."""
        try:
            yield
        except _AGAIN as error:
            self._undo()
            raise AgainError(_first_line(error)) from error
        except psycopg.Error as error:
            if self.raw.closed:
                raise AgainError(_first_line(error)) from error
            self._undo()
            if isinstance(error, errors.DiskFull):
                raise NoRoomError from error
            raise
        except BaseException:
            self._undo()
            raise

    def _undo(self) -> None:
        self._within, self._later = False, []
        with suppress(psycopg.Error):
            self._asked(b"ROLLBACK")

    def _make_mark(self) -> None:
        """A row of this connection's own; those of connections that are long gone go."""
        made = f"{time.time_ns() // 1000}"
        self.run("INSERT INTO installation(name, value) VALUES(?, ?) ON CONFLICT DO NOTHING", (self._mark_name, made))
        old = f"{time.time_ns() // 1000 - _MARKS_KEPT_SECONDS * 1_000_000}"
        self.run("DELETE FROM installation WHERE name > 'mark/' AND name < 'mark0' AND value < ?", (old,))
        self._marked = True

    def _commit(self) -> None:
        mark = f"{time.time_ns() // 1000} {secrets.token_hex(8)}"
        self._within = False
        try:
            self._send(Statement(_MARK, (self._mark_name, mark)), Statement(b"COMMIT"), *self._bells())
        except psycopg.Error as error:
            lost = self.raw.closed
            self._undo()
            if self._was_done(mark):
                return  # whoever was to hear of it will look
            if lost:
                raise AgainError(_first_line(error)) from error
            with self._understood():  # it may be of any statement that went with the COMMIT
                raise

    def _bells(self) -> list[Statement]:
        """What is to be rung by now: all, or what others were not told of while somebody waited for an answer."""
        bells, self._unheard = (self._unheard, {*self.rung}) if self.answers_first else ({*self.rung}, set())
        return [Statement(f"NOTIFY {bell}, '{self.name}'".encode()) for bell in sorted(bells)]

    def ring_out(self) -> None:
        if self._unheard and not self.raw.closed:
            self.rung.clear()
            with suppress(psycopg.Error):
                self._send(*self._bells())

    def _was_done(self, mark: str) -> bool:
        """Whether the transaction that left the mark was committed; waits for one that still goes on."""
        while True:
            self._alive()
            with suppress(psycopg.Error):
                sql = "SELECT value FROM installation WHERE name = ? FOR UPDATE"
                return self.rows(sql, (self._mark_name,)) == [(mark,)]

    def close(self) -> None:
        """Leave, and take the mark along."""
        self.ring_out()
        if self._marked and not self.raw.closed:
            with suppress(psycopg.Error):
                self.run("DELETE FROM installation WHERE name = ?", (self._mark_name,))
        self.raw.close()


def _known_type(value: object) -> str:
    """Of a value of a question that is asked of many."""
    if (known := type_of(value)) is None:
        msg = f"a question of many values has one of no known type: {type(value).__name__}"
        raise TypeError(msg)
    return known


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def check_server(connection: Connection) -> str | None:
    """Why the hub cannot keep its data there; None when it can."""
    ((version, encoding, name),) = connection.rows(
        "SELECT current_setting('server_version_num')::bigint, current_setting('server_encoding'), current_database()"
    )
    if version < OLDEST:
        return f"PostgreSQL {version // 10000} is too old: version {OLDEST // 10000} or later"
    if encoding != "UTF8":
        told = f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'"
        return f"the database {name} is in {encoding}, and names are in UTF-8: make it anew with {told}"
    return None
