"""Bringing a database to the schema that this version of the hub needs.

SQLAlchemy and Alembic are imported only here, and only when there is something to do: serving needs neither.
"""

import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

from hub.errors import RefusedError
from hub.store.database import connect, path_of

HEAD = "0003"
"""The newest migration; a test holds it against the folder."""


def version(url: str) -> str | None:
    """The schema's version; None for an empty database."""
    connection = connect(url)
    try:
        if not connection.rows("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"):
            return None
        ((found,),) = connection.rows("SELECT version_num FROM alembic_version")
        return str(found)
    finally:
        connection.close()


def ready(url: str) -> None:
    """Make the tables of an empty database, for nobody else on the machine to read; check those of another.

    Raises:
        RefusedError: the database is of another version; `knutpunkt migrate` changes it.
    """
    with suppress(FileExistsError):
        path_of(url).touch(0o600, exist_ok=False)
    found = version(url)
    if found is None:
        migrate(url)
    elif found != HEAD:
        msg = f"the database is at version {found}, this hub needs {HEAD}: stop the hub, back up, run knutpunkt migrate"
        raise RefusedError("schema-version", msg)


def migrate(url: str) -> None:
    """Run every migration that the database lacks, all in one transaction: a process killed here has done nothing."""
    from alembic import command  # noqa: PLC0415 - late: half a second and 30 MB that serving does without
    from alembic.config import Config  # noqa: PLC0415
    from sqlalchemy import create_engine, event  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    engine = create_engine(f"sqlite:///{path_of(url)}")
    event.listen(engine, "connect", _leave_transactions_to_us)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        with engine.begin() as connection:
            attributes: dict[str, Any] = config.attributes
            attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()


def _leave_transactions_to_us(connection: sqlite3.Connection, _record: object) -> None:
    """Python's sqlite3 begins none before DDL, and so would commit each table by itself."""
    connection.isolation_level = None
