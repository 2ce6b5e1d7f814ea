"""Single values of the whole database, by name."""

from hub.store.engine.database import Connection


def value(connection: Connection, name: str) -> str | None:
    """What is kept under a name."""
    rows = connection.rows("SELECT value FROM installation WHERE name = ?", (name,))
    return str(rows[0][0]) if rows else None


def keep(connection: Connection, name: str, value: str) -> None:
    """Keep it under a name, in place of what was there."""
    connection.run(
        "INSERT INTO installation(name, value) VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value",
        (name, value),
    )
