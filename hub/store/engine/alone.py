"""An SQLite database has one process that writes without asking anybody: a second one is turned away."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.errors import RefusedError


@contextmanager
def alone_with(database: Path) -> Iterator[None]:
    """Be the one hub of the database at that path. Whoever is killed gives it up.

    Not by a lock of the database's own file: SQLite's locks there end when the process closes any other handle of it.

    Raises:
        RefusedError: another process is.
    """
    lock = os.open(database.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _take(lock, database)
        yield
    finally:
        os.close(lock)


def _take(lock: int, database: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        msg = f"another hub runs on {database}, and an SQLite database has one: stop that, or use PostgreSQL"
        raise RefusedError("database-in-use", msg) from None
