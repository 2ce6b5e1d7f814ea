"""What a database holds at one moment: its tables, how many rows are in each, and which schema it is."""

from typing import IO, NamedTuple

from hub.store import feed
from hub.store.copies.archive import Contents, Kind
from hub.store.engine.database import Session

VERSION = "alembic_version"
"""The table that says which schema it is. Empty while what was restored is not whole: no hub starts on that."""
_SERVERS: dict[Kind, str] = {
    "sqlite": "SELECT 'SQLite ' || sqlite_version()",
    "postgresql": "SELECT 'PostgreSQL ' || split_part(current_setting('server_version'), ' ', 1)",
}
_TABLES: dict[Kind, str] = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename",
}


class Taken(NamedTuple):
    """A database at one moment; `data` is read to its end before the block ends."""

    contents: Contents
    data: IO[bytes]


def tables(connection: Session, kind: Kind) -> list[str]:
    """The names of all tables there."""
    return [str(name) for (name,) in connection.rows(_TABLES[kind])]


def counts(connection: Session, kind: Kind) -> dict[str, int]:
    """Rows by table; the one that says which schema it is apart."""
    mine = [name for name in tables(connection, kind) if name != VERSION]
    return {name: connection.rows(f"SELECT count(*) FROM {name}")[0][0] for name in mine}


def contents(connection: Session, kind: Kind) -> Contents:
    """What is there."""
    ((server,),) = connection.rows(_SERVERS[kind])
    ((version,),) = connection.rows(f"SELECT version_num FROM {VERSION}")
    held = counts(connection, kind)
    return Contents(kind=kind, server=server, schema_version=version, epoch=feed.epoch(connection), counts=held)
