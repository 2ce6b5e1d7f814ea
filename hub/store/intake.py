"""Raw rows from outside: kept once, known again, quarantined, forgotten."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hub.store.engine.database import Connection

DONE, QUARANTINED, DISMISSED = "done", "quarantined", "dismissed"
"""What became of a row: it means something and that is told; it does not, yet; somebody said that it never will."""


class Latest(NamedTuple):
    """The row that a source's thing has now."""

    id: int
    version: bytes
    state: str


class New(NamedTuple):
    """A row to keep."""

    source: bytes
    version: bytes
    place: str
    sealed: bytes
    state: str
    reason: str | None


class Held(NamedTuple):
    """A row in quarantine. `at` in microseconds."""

    id: int
    connection: str
    source: bytes
    version: bytes
    latest: int
    import_id: int
    place: str
    sealed: bytes
    reason: str
    at: int


def latest(connection: Connection, municipality: str, name: str, sources: Sequence[bytes]) -> dict[bytes, Latest]:
    """The latest row of each of these sources that has one."""
    found: dict[bytes, Latest] = {}
    for begin in range(0, len(sources), _MANY):
        some = sources[begin : begin + _MANY]
        marks = ", ".join("?" * len(some))
        sql = (
            "SELECT source, id, version, state FROM intake"
            f" WHERE municipality = ? AND connection = ? AND latest = 1 AND source IN ({marks})"
        )
        found |= {row[0]: Latest(*row[1:]) for row in connection.rows(sql, (municipality, name, *some))}
    return found


_MANY = 500


def supersede(connection: Connection, municipality: str, ids: Iterable[int]) -> None:
    """These are no longer the latest; one that was in quarantine leaves it."""
    connection.each(
        "UPDATE intake SET latest = 0, state = CASE WHEN state = 'quarantined' THEN 'dismissed' ELSE state END"
        " WHERE municipality = ? AND id = ?",
        [(municipality, id_) for id_ in ids],
    )


def add(connection: Connection, municipality: str, name: str, rows: Iterable[New], *, import_id: int, now: int) -> None:
    """Keep rows; each is the latest of its source."""
    connection.each(
        "INSERT INTO intake(municipality, connection, source, version, place, sealed, state, reason, import_id, at)"
        " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(municipality, name, *row, import_id, now) for row in rows],
    )


_HELD = "SELECT id, connection, source, version, latest, import_id, place, sealed, reason, at FROM intake"


def quarantined(
    connection: Connection, municipality: str, *, name: str | None = None, after: int = 0, limit: int = 100
) -> list[Held]:
    """Rows in quarantine, the oldest first."""
    which, values = (" AND connection = ?", [name]) if name else ("", [])
    sql = f"{_HELD} WHERE municipality = ? AND state = 'quarantined'{which} AND id > ? ORDER BY id LIMIT ?"
    return [Held(*row) for row in connection.rows(sql, (municipality, *values, after, limit))]


def held(connection: Connection, municipality: str, id_: int) -> Held | None:
    """One row in quarantine."""
    sql = f"{_HELD} WHERE municipality = ? AND id = ? AND state = 'quarantined'"
    rows = connection.rows(sql, (municipality, id_))
    return Held(*rows[0]) if rows else None


def settle(connection: Connection, municipality: str, id_: int, state: str, reason: str | None) -> None:
    """Say what became of a row."""
    connection.run(
        "UPDATE intake SET state = ?, reason = ? WHERE municipality = ? AND id = ?", (state, reason, municipality, id_)
    )


def count_quarantined(connection: Connection, municipality: str, name: str) -> int:
    """How many rows of a connection are in quarantine."""
    sql = "SELECT count(*) FROM intake WHERE municipality = ? AND connection = ? AND state = 'quarantined'"
    ((count,),) = connection.rows(sql, (municipality, name))
    return int(count)


def forget(connection: Connection, municipality: str, *, before: int, limit: int) -> int:
    """Remove the oldest rows that came before a moment; gives how many. What they meant stays."""
    return connection.run(
        "DELETE FROM intake WHERE municipality = ? AND id IN"
        " (SELECT id FROM intake WHERE municipality = ? AND at < ? ORDER BY at LIMIT ?)",
        (municipality, municipality, before, limit),
    )


def cursor(connection: Connection, municipality: str, name: str) -> str | None:
    """How far a source has been read; None: not at all."""
    sql = "SELECT cursor FROM cursors WHERE municipality = ? AND connection = ?"
    rows = connection.rows(sql, (municipality, name))
    return str(rows[0][0]) if rows else None


def set_cursor(connection: Connection, municipality: str, name: str, cursor_: str, *, now: int) -> None:
    """It has been read so far; in the transaction that keeps what was read."""
    connection.run(
        "INSERT INTO cursors(municipality, connection, cursor, at) VALUES(?, ?, ?, ?)"
        " ON CONFLICT(municipality, connection) DO UPDATE SET cursor = excluded.cursor, at = excluded.at",
        (municipality, name, cursor_, now),
    )
