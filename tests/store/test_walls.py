"""The second wall between municipalities: what a statement that forgot its municipality finds and changes."""

import asyncio
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import BigInteger, LargeBinary, Table

from hub.store.engine import walls
from hub.store.engine.database import Connection
from hub.store.engine.postgres import PostgresConnection
from hub.store.engine.walls import within
from hub.store.engine.writer import Readers, Writer
from hub.store.tables.schema import METADATA
from tests.counterparts.postgres import Postgres
from tests.databases import Shared

OURS, THEIRS = "2480", "1480"
TENANTS = [table for name, table in sorted(METADATA.tables.items()) if "municipality" in table.columns]
WITHOUT = {
    "alembic_version": "which schema it is",
    "installation": "what the installation remembers of itself, and marks of connections",
    "nodes": "processes that share the database",
}
"""Tables without the wall, and what they hold: nothing of any municipality."""
ALL, ADD = "SELECT municipality FROM bookings", "INSERT INTO events(municipality, type, subject, body, at)"
Rows = list[tuple[Any, ...]]


@pytest.fixture
def connection(postgresql_database: str) -> Iterator[PostgresConnection]:
    """A database in which every table has a row of each municipality."""
    with closing(PostgresConnection(postgresql_database)) as made:
        for number, town in enumerate((OURS, THEIRS), 1):
            for table in TENANTS:
                put(made, table, town, number)
        yield made


def put(connection: Connection, table: Table, town: str, number: int) -> None:
    """A row of that municipality, with something in each column that wants it."""
    wanted = [c for c in table.columns if not (c.nullable or c.server_default or c.autoincrement is True)]
    values = {column.name: value(column.type, number) for column in wanted} | {"municipality": town}
    marks = ", ".join("?" for _ in values)
    connection.run(f"INSERT INTO {table.name}({', '.join(values)}) VALUES({marks})", list(values.values()))


def value(kind: object, number: int) -> object:
    return number if isinstance(kind, BigInteger) else bytes([number]) if isinstance(kind, LargeBinary) else "x"


def test_every_table_of_a_municipality_has_the_wall_and_the_others_say_why_not(shared_database: Shared) -> None:
    with psycopg.connect(shared_database.url) as connection:
        rows = connection.execute(
            "SELECT relname, relrowsecurity AND relforcerowsecurity, pg_get_expr(polqual, polrelid),"
            " polcmd = '*' AND polpermissive AND polroles = '{0}' AND polwithcheck IS NULL"
            " FROM pg_class LEFT JOIN pg_policy ON polrelid = pg_class.oid"
            " WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
        ).fetchall()
    assert {name for name, *_ in rows} == {table.name for table in TENANTS} | WITHOUT.keys()
    for name, forced, _, whole in rows:
        assert (forced, whole) == ((False, None) if name in WITHOUT else (True, True)), f"{name}: see hub.store.engine"
    assert len({condition for _, _, condition, _ in rows if condition}) == 1, "one wall, the same everywhere"


def test_a_statement_without_a_municipality_finds_only_what_is_of_the_one_it_is_asked_for(
    connection: PostgresConnection,
) -> None:
    for table in TENANTS:
        everything = f"SELECT municipality FROM {table.name} ORDER BY 1"  # noqa: S608 - our tables
        with connection.snapshot(frozenset({OURS})):
            assert connection.rows(everything) == [(OURS,)], table.name
        with connection.snapshot(frozenset({OURS, THEIRS})):
            assert connection.rows(everything) == [(THEIRS,), (OURS,)], table.name
        with connection.snapshot():
            assert connection.rows(everything) == [(THEIRS,), (OURS,)], "who works for all sees all"


def test_it_changes_and_takes_away_only_that(connection: PostgresConnection) -> None:
    for table in TENANTS:
        with connection.transaction(frozenset({OURS})):
            assert connection.run(f"UPDATE {table.name} SET municipality = municipality") == 1, table.name  # noqa: S608
            assert connection.run(f"DELETE FROM {table.name}") == 1, table.name  # noqa: S608 - our tables
        with connection.snapshot():
            assert connection.rows(f"SELECT municipality FROM {table.name}") == [(THEIRS,)], table.name  # noqa: S608


def test_nothing_can_be_written_into_another_municipality(connection: PostgresConnection) -> None:
    for table in TENANTS:
        with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction(frozenset({OURS})):
            put(connection, table, THEIRS, 3)
        with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction(frozenset({OURS})):
            connection.run(f"UPDATE {table.name} SET municipality = ?", (THEIRS,))  # noqa: S608 - our tables


@pytest.mark.parametrize("name", ["1480,2480", "*", "", "'; RESET ROLE; --", "Åre", "2480 "])
def test_a_name_that_no_municipality_has_shows_nothing(connection: PostgresConnection, name: str) -> None:
    with connection.snapshot(frozenset({name})):
        assert connection.rows(ALL) == []


def test_who_says_nothing_is_bound_by_nothing_as_nodes_of_the_last_version_are(
    connection: PostgresConnection, postgresql_database: str
) -> None:
    with psycopg.connect(postgresql_database) as old:
        assert len(old.execute(ALL).fetchall()) == len(connection.rows(ALL)) == 2


# ---- who is bound


def test_what_a_task_asks_is_bound_to_its_municipality_and_after_it_nobody_is(
    connection: PostgresConnection, postgresql_database: str
) -> None:
    async def story() -> None:
        with opened(postgresql_database) as (writer, readers):
            with within(OURS):
                assert await readers.read(everything) == [(OURS,)]
                with within(None):
                    assert len(await readers.read(everything)) == 2
                asked = asyncio.create_task(readers.read(everything))
                assert await writer.call(everything) == [(OURS,)]
            assert await asked == [(OURS,)], "so is what it started"
            assert len(await readers.read(everything)) == len(await writer.call(everything)) == 2

    asyncio.run(story())


def test_a_group_is_bound_to_all_who_share_it_and_who_is_bound_to_none_stands_apart(
    connection: PostgresConnection, postgresql_database: str
) -> None:
    async def seen(town: str | None, writer: Writer) -> Rows:
        with within(town):
            return await writer.do(together, None)

    async def story() -> None:
        with opened(postgresql_database) as (writer, _):
            told = await asyncio.gather(*(seen(town, writer) for town in (OURS, None, OURS, "3333")))
            assert told == [[(OURS,)], [(THEIRS,), (OURS,)], [(OURS,)], [(OURS,)]], "what none of them is for"

    asyncio.run(story())


def test_what_is_refused_in_a_group_is_refused_to_who_asked_and_to_nobody_else(
    connection: PostgresConnection, postgresql_database: str
) -> None:
    async def add(writer: Writer, town: str, into: str) -> object:
        with within(town):
            return await writer.do(added, into)

    async def story() -> None:
        with opened(postgresql_database) as (writer, _):
            asked = (add(writer, OURS, OURS), add(writer, OURS, THEIRS), add(writer, OURS, OURS))
            told = await asyncio.gather(*asked, return_exceptions=True)
        assert [isinstance(one, psycopg.errors.InsufficientPrivilege) for one in told] == [False, True, False]

    asyncio.run(story())
    assert connection.rows("SELECT count(*) FROM events WHERE type = 'new' AND municipality = ?", (OURS,)) == [(2,)]


def everything(connection: Connection) -> Rows:
    return connection.rows(f"{ALL} ORDER BY 1")


def together(connection: Connection, asked: list[None]) -> list[Rows]:
    return [everything(connection)] * len(asked)


def added(connection: Connection, towns: list[str]) -> list[None]:
    connection.each(f"{ADD} VALUES(?, 'new', '', '', 0)", [(town,) for town in towns])
    return [None] * len(towns)


@contextmanager
def opened(url: str) -> Iterator[tuple[Writer, Readers]]:
    """A writer and readers, stopped at the end."""
    writer, readers = Writer(url), Readers(url)
    try:
        yield writer, readers
    finally:
        writer.stop()
        readers.stop()


# ---- where there is no wall


def test_for_a_superuser_there_is_no_wall_and_that_is_seen(connection: PostgresConnection, postgres: Postgres) -> None:
    assert walls.stands(connection)
    name = str(connection.rows("SELECT current_database()")[0][0])
    with closing(PostgresConnection(postgres.url(name, role="postgres"))) as superuser:
        assert not walls.stands(superuser)
        with superuser.snapshot(frozenset({OURS})):
            assert len(superuser.rows(ALL)) == 2
