"""What of each connection ends, and when; how far ahead it has been told."""

from collections.abc import Iterable
from typing import NamedTuple

from hub.store.engine.database import Connection


class Known(NamedTuple):
    """One thing; times in microseconds. `stage`: see hub.model.expiry."""

    connection: str
    thing: str
    name: str
    ends: int
    stage: int
    seen_at: int


_SELECT = "SELECT connection, thing, name, ends, stage, seen_at FROM expiries WHERE municipality = ?"


def listed(connection: Connection, municipality: str) -> list[Known]:
    """All of a municipality's connections, the next to end first."""
    return [
        Known(*row) for row in connection.rows(f"{_SELECT} ORDER BY ends, connection, thing, name", (municipality,))
    ]


def put(connection: Connection, municipality: str, known: Iterable[Known]) -> None:
    """Keep each, in place of what was known of it."""
    connection.each(
        "INSERT INTO expiries(municipality, connection, thing, name, ends, stage, seen_at) VALUES(?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT(municipality, connection, thing, name) DO UPDATE SET ends = excluded.ends,"
        " stage = excluded.stage, seen_at = excluded.seen_at",
        [(municipality, *one) for one in known],
    )


def forget(connection: Connection, municipality: str, gone: Iterable[Known]) -> None:
    """Take them out."""
    connection.each(
        "DELETE FROM expiries WHERE municipality = ? AND connection = ? AND thing = ? AND name = ?",
        [(municipality, one.connection, one.thing, one.name) for one in gone],
    )
