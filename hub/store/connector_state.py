"""A connector's few durable strings, sealed."""

from hub.store.engine.database import Connection


def get(connection: Connection, municipality: str, name: str, key: str) -> bytes | None:
    """What was put, sealed."""
    sql = "SELECT sealed FROM connector_state WHERE municipality = ? AND connection = ? AND key = ?"
    rows = connection.rows(sql, (municipality, name, key))
    return bytes(rows[0][0]) if rows else None


def put(connection: Connection, municipality: str, name: str, key: str, sealed: bytes) -> None:
    """Keep it, in place of what was there."""
    connection.run(
        "INSERT INTO connector_state(municipality, connection, key, sealed) VALUES(?, ?, ?, ?)"
        " ON CONFLICT(municipality, connection, key) DO UPDATE SET sealed = excluded.sealed",
        (municipality, name, key, sealed),
    )


def delete(connection: Connection, municipality: str, name: str, key: str) -> None:
    """Forget it."""
    connection.run(
        "DELETE FROM connector_state WHERE municipality = ? AND connection = ? AND key = ?", (municipality, name, key)
    )
