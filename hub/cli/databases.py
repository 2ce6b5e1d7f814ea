"""The database itself, for commands that need no running hub."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from hub.cli.options import CannotRunError
from hub.errors import HubError
from hub.store.engine.database import Session, beside, connect, is_postgresql, path_of, shown
from hub.store.engine.migrating import ready, version


@contextmanager
def opened(database: str) -> Iterator[Session]:
    """The database in one transaction; one that is not there is not made."""
    with _there(database) as connection, connection.transaction():
        yield connection


@contextmanager
def looked_into(database: str) -> Iterator[Session]:
    """The database as it is at one moment; nobody waits for it."""
    with _there(database) as connection, connection.snapshot():
        yield connection


def key_file(database: str) -> Path:
    """Where its key file is."""
    return beside(database).with_suffix(".key")


@contextmanager
def _there(database: str) -> Iterator[Session]:
    try:
        if not _is_there(database):
            msg = f"no database at {shown(database)}; knutpunkt serve makes it, or say where it is with --database"
            raise CannotRunError(msg)
        ready(database)
        with closing(connect(database)) as connection:
            yield connection
    except HubError as error:
        raise CannotRunError(str(error)) from error


def _is_there(database: str) -> bool:
    return version(database) is not None if is_postgresql(database) else path_of(database).exists()
