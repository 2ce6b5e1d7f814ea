"""Bringing a database to the schema that this version of the hub needs.

SQLAlchemy and Alembic are imported only here, and only when there is something to do: serving needs neither.
"""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.errors import RefusedError
from hub.store.engine.database import Session, connect, is_postgresql, lock_of, path_of, shown

if TYPE_CHECKING:
    import sqlalchemy

HEAD = "0022"
"""The newest migration; a test holds it against the folder."""
_MIGRATING = lock_of("migrating")
"""The place that a process holds while it changes tables."""


def version(url: str) -> str | None:
    """The schema's version; None for an empty database.

    Raises:
        RefusedError: the hub cannot keep its data in such a database, or it was restored by half.
    """
    with closing(connect(url)) as connection:
        _fits(connection)
        if not connection.has_table("alembic_version"):
            return None
        found = connection.rows("SELECT version_num FROM alembic_version")
    if not found:
        msg = f"a restore into {shown(url)} was broken off, and it is not whole: run knutpunkt restore again"
        raise RefusedError("schema-version", msg)
    return str(found[0][0])


def _fits(connection: Session) -> None:
    if connection.shared:
        from hub.store.engine.postgres import check_server  # noqa: PLC0415 - late: SQLite does without a driver

        if why := check_server(connection):
            raise RefusedError("database-unfit", why)


def ready(url: str) -> None:
    """Make the tables of an empty database, for nobody else on the machine to read; check those of another.

    Raises:
        RefusedError: the database is of another version; `knutpunkt migrate` changes it.
    """
    if not is_postgresql(url):
        with suppress(FileExistsError):
            path_of(url).touch(0o600, exist_ok=False)
    if version(url) is None:
        migrate(url)
    found = version(url)
    if found != HEAD:
        how = "back up and run" if is_postgresql(url) else "stop the hub, back up, run"
        msg = f"the database is at version {found}, this hub needs {HEAD}: {how} knutpunkt migrate of the newer"
        raise RefusedError("schema-version", msg)


def migrate(url: str) -> None:
    """Run every migration that the database lacks, all in one transaction: a process killed here has done nothing.

    Of two that start at once the second waits, and finds nothing left to do.
    """
    from alembic import command  # noqa: PLC0415 - late: half a second and 30 MB that serving does without
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    engine = engine_of(url)
    try:
        with engine.begin() as connection:
            attributes: dict[str, Any] = config.attributes
            attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()


def engine_of(url: str) -> "sqlalchemy.Engine":
    """SQLAlchemy's way to the database; its transactions keep all others that change tables out."""
    from sqlalchemy import create_engine, event  # noqa: PLC0415

    if is_postgresql(url):
        import psycopg  # noqa: PLC0415

        engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url))
        begin = f"SELECT pg_advisory_xact_lock({_MIGRATING})"
    else:
        engine = create_engine(f"sqlite:///{path_of(url)}")
        event.listen(engine, "connect", _leave_transactions_to_us)
        begin = "BEGIN IMMEDIATE"
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def _leave_transactions_to_us(connection: sqlite3.Connection, _record: object) -> None:
    """Python's sqlite3 begins none before DDL, and so would commit each table by itself."""
    connection.isolation_level = None
