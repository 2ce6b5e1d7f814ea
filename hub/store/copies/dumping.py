"""A database's data taken out as it was at one moment, while hubs go on, and put into another place."""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

from hub.errors import RefusedError
from hub.store.copies import archive
from hub.store.copies.archive import Backup, Kind
from hub.store.copies.taking import VERSION, Taken, contents
from hub.store.engine.database import Connection, SqliteConnection, connect, is_postgresql, path_of


def kind_of(url: str) -> Kind:
    """Which kind of database is at the address."""
    return "postgresql" if is_postgresql(url) else "sqlite"


def taken(url: str, aside: Path) -> AbstractContextManager[Taken]:
    """Take out the data; hubs go on meanwhile. Raises RefusedError, AwayError."""
    if is_postgresql(url):
        from hub.store.copies import pg_programs  # noqa: PLC0415 - late: SQLite does without a driver

        return pg_programs.taken(url)
    return _copied(path_of(url), aside)


def say_version(connection: Connection, version: str) -> None:
    """Say which schema it is: what was restored is whole."""
    connection.run(f"DELETE FROM {VERSION}")
    connection.run(f"INSERT INTO {VERSION}(version_num) VALUES(?)", (version,))


@contextmanager
def _copied(path: Path, aside: Path) -> Iterator[Taken]:
    """A copy in one step: what is written meanwhile goes to the log, and nobody waits."""
    copy = aside / "copy.db"
    with (
        closing(SqliteConnection(str(path), read_only=True)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        target.execute("PRAGMA synchronous=OFF")
        source.raw.backup(target)
        faults = target.execute("PRAGMA quick_check(1)").fetchall()
    if faults != [("ok",)]:
        raise RefusedError("broken-database", f"{path} is damaged ({faults[0][0]}): restore an earlier backup")
    with closing(SqliteConnection(str(copy))) as connection:
        found = contents(connection, "sqlite")
    with copy.open("rb") as data:
        yield Taken(found, data)


def unpacked(backup: Backup, aside: Path) -> str:
    """The address of the backup's database in a file aside, which nobody uses yet. Raises RefusedError."""
    file = aside / "restored.db"
    with file.open("wb") as into:
        backup.unpack(into)
    return f"sqlite:///{file}"


def replace(path: Path, made: Path) -> None:
    """Put a database in the place of another, if there is one; no hub may use that. Raises RefusedError."""
    if path.exists():
        _settle(path)
    logs = [log for log in (path.with_name(path.name + end) for end in ("-wal", "-shm")) if log.exists()]
    if logs:
        msg = f"{logs[0]} is the log of another database, which would be taken for this one's: put it elsewhere first"
        raise RefusedError("database-in-use", msg)
    archive.into_place(made, path)


def check_unused(url: str) -> None:
    """See that no hub uses the database. Raises RefusedError."""
    if not is_postgresql(url):
        _settle(path_of(url))
        return
    from hub.store.copies import pg_programs  # noqa: PLC0415 - late: SQLite does without a driver

    with closing(connect(url)) as connection:
        pg_programs.check_unused(connection)


def _settle(path: Path) -> None:
    """See that nobody has it open, and that it has no log any more."""
    try:
        with closing(sqlite3.connect(path, timeout=1)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError as error:
        raise RefusedError("database-in-use", f"{path}: {error}; stop the hub first") from None
    except sqlite3.DatabaseError as error:
        raise RefusedError("database-unfit", f"{path}: {error}; put it elsewhere first") from None
