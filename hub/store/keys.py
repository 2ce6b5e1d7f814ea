"""API keys by their digest."""

from collections.abc import Sequence
from typing import NamedTuple

from hub.store.engine.database import Connection


class Key(NamedTuple):
    """A key that is in force."""

    municipality: str
    name: str
    scopes: tuple[str, ...]


def add(
    connection: Connection, digest: bytes, *, municipality: str, name: str, scopes: Sequence[str], now: int
) -> None:
    """Put a key in force."""
    connection.run(
        "INSERT INTO keys(hash, municipality, name, scopes, created_at) VALUES(?, ?, ?, ?, ?)",
        (digest, municipality, name, " ".join(scopes), now),
    )


def find(connection: Connection, digest: bytes) -> Key | None:
    """The key with that digest, if it is in force."""
    rows = connection.rows(
        "SELECT municipality, name, scopes FROM keys WHERE hash = ? AND revoked_at IS NULL", (digest,)
    )
    return Key(rows[0][0], rows[0][1], tuple(rows[0][2].split())) if rows else None


def listed(connection: Connection, municipality: str) -> list[tuple[str, str, int, int | None]]:
    """(name, scopes, created, revoked) of a municipality's keys, the oldest first."""
    sql = "SELECT name, scopes, created_at, revoked_at FROM keys WHERE municipality = ? ORDER BY created_at, name"
    return [
        (name, scopes, created, revoked) for name, scopes, created, revoked in connection.rows(sql, (municipality,))
    ]


def revoke(connection: Connection, municipality: str, name: str, *, now: int) -> int:
    """Take keys of that name out of force; gives how many."""
    sql = "UPDATE keys SET revoked_at = ? WHERE municipality = ? AND name = ? AND revoked_at IS NULL"
    return connection.run(sql, (now, municipality, name))
