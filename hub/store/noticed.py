"""What was told of a zone once, so that it is not told again."""

from collections.abc import Collection
from typing import NamedTuple

from hub.store.engine.database import Connection


class Noticed(NamedTuple):
    """What, of which zone (`facility/zone`), and of which of its occasions or stretches."""

    type: str
    zone: str
    subject: str


def known(connection: Connection, municipality: str, some: Collection[Noticed]) -> frozenset[Noticed]:
    """Those of them that were told."""
    sql = "SELECT type, zone, subject FROM noticed WHERE municipality = ? AND type = ? AND zone = ? AND subject = ?"
    found = connection.rows_each(sql, [(municipality, *one) for one in some])
    return frozenset(Noticed(*row) for rows in found for row in rows)


def add(connection: Connection, municipality: str, some: Collection[Noticed], *, now: int) -> frozenset[Noticed]:
    """Remember them; gives those that nobody else has told meanwhile."""
    sql = (
        "INSERT INTO noticed(municipality, type, zone, subject, at) VALUES(?, ?, ?, ?, ?)"
        " ON CONFLICT(municipality, type, zone, subject) DO NOTHING RETURNING type, zone, subject"
    )
    rows = connection.all_returning(sql, [(municipality, *one, now) for one in sorted(some)])
    return frozenset(Noticed(*row) for row in rows)


def forget(connection: Connection, municipality: str, *, before: int, limit: int) -> int:
    """Remove the oldest from before a moment; gives how many."""
    return connection.run(
        "DELETE FROM noticed WHERE municipality = ? AND id IN"
        " (SELECT id FROM noticed WHERE municipality = ? AND at < ? ORDER BY at LIMIT ?)",
        (municipality, municipality, before, limit),
    )
