"""Tables that are to be changed while nodes use them, held all at once."""

from collections.abc import Sequence

import sqlalchemy as sa

from hub.errors import RefusedError

TRIES, PATIENCE = 200, "200ms"
"""Shorter than PostgreSQL waits before it looks for a deadlock (one second), and ends the work of one of the two."""


def hold(connection: sa.Connection, tables: Sequence[str]) -> None:
    """Hold them until the transaction ends; who cannot have one soon lets go of all, so no node's work is lost.

    Raises:
        RefusedError: somebody keeps one of them.
    """
    names = ", ".join(tables)
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{PATIENCE}'")
    for _ in range(TRIES):
        try:
            with connection.begin_nested():
                connection.exec_driver_sql(f"LOCK TABLE {names}")
        except sa.exc.OperationalError:
            continue
        connection.exec_driver_sql("SET LOCAL lock_timeout TO DEFAULT")
        return
    raise RefusedError("database-in-use", f"somebody keeps one of the tables {names}: migrate again when they are done")
