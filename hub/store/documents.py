"""Documents: kept when they are accepted, read when they are sent, forgotten when they are registered and old."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hub.store.engine.bells import Bell
from hub.store.engine.database import Connection, Row
from hub.store.protected import UNTOUCHED


class NewDocument(NamedTuple):
    """A document to be kept; see the table."""

    municipality: str
    key: str
    connection: str
    lane: int
    booking: str
    case_key: str
    person: str
    content: bytes
    facts: str
    since: int
    at: int


class Stored(NamedTuple):
    """A document as it stands."""

    id: int
    key: str
    connection: str
    lane: int
    booking: str
    case_key: str
    person: str
    content: bytes
    facts: str
    since: int
    at: int
    registered_at: int | None
    kept: int


_STORED = f"SELECT {', '.join(Stored._fields)} FROM documents WHERE "
_ADD = (
    f"INSERT INTO documents({', '.join(NewDocument._fields)}) VALUES({', '.join('?' * len(NewDocument._fields))})"
    " RETURNING id"
)
_UNREGISTERED = (
    " FROM documents d JOIN lanes l ON l.municipality = d.municipality AND l.id = d.lane"
    " WHERE d.registered_at IS NULL AND l.delivery <> 'dismissed'"
)


def add(connection: Connection, made: Sequence[NewDocument]) -> None:
    """Keep documents."""
    connection.all_returning(_ADD, made)


def add_parts(connection: Connection, parts: Iterable[tuple[str, str, int, bytes]]) -> None:
    """(municipality, key, part, sealed): keep what documents hold, a part at a time, for some are large."""
    for one in parts:
        connection.run("INSERT INTO document_parts(municipality, key, part, sealed) VALUES(?, ?, ?, ?)", one)


def find(connection: Connection, municipality: str, key: str) -> Stored | None:
    """The document of that key."""
    rows = connection.rows(f"{_STORED}municipality = ? AND key = ?", (municipality, key))
    return _stored(rows[0]) if rows else None


def _stored(row: Row) -> Stored:
    found = Stored(*row)
    return found._replace(content=bytes(found.content))


def parts(connection: Connection, municipality: str, key: str) -> list[bytes]:
    """What it holds, sealed, in order; empty when it is forgotten."""
    sql = "SELECT sealed FROM document_parts WHERE municipality = ? AND key = ? ORDER BY part"
    return [bytes(sealed) for (sealed,) in connection.rows(sql, (municipality, key))]


def of_persons(connection: Connection, municipality: str, persons: Sequence[str]) -> list[tuple[str, bool]]:
    """(key, whether nobody has begun to send it) of what these have sent, or were sent."""
    condition, values = connection.among("person", persons)
    sql = (
        f"SELECT d.key, CASE WHEN {UNTOUCHED} THEN 1 ELSE 0 END FROM documents d"
        " LEFT JOIN lanes l ON l.municipality = d.municipality AND l.id = d.lane"
        f" WHERE d.municipality = ? AND d.person <> '' AND {condition} ORDER BY d.id"
    )
    return [(key, bool(open_)) for key, open_ in connection.rows(sql, [municipality, *values])]


def replace_first(connection: Connection, municipality: str, key: str, sealed: bytes) -> None:
    """Say otherwise what it says, of one that nobody has begun to send."""
    sql = "UPDATE document_parts SET sealed = ? WHERE municipality = ? AND key = ? AND part = 0"
    connection.run(sql, (sealed, municipality, key))


def registered(connection: Connection, municipality: str, key: str, *, now: int) -> None:
    """It has its number, which stands with its lane."""
    sql = "UPDATE documents SET registered_at = ? WHERE municipality = ? AND key = ? AND registered_at IS NULL"
    connection.run(sql, (now, municipality, key))


def waits(connection: Connection, municipality: str, key: str) -> bool:
    """Whether an earlier document of its case has no number yet: that one opens the case."""
    return bool(
        connection.rows(
            "SELECT 1 FROM documents d JOIN documents e ON e.municipality = d.municipality AND e.connection ="
            " d.connection AND e.case_key = d.case_key AND e.id < d.id AND e.registered_at IS NULL"
            " JOIN lanes l ON l.municipality = e.municipality AND l.id = e.lane"
            " WHERE d.municipality = ? AND d.key = ? AND d.case_key <> '' AND l.delivery <> 'dismissed' LIMIT 1",
            (municipality, key),
        )
    )


def wake_case(connection: Connection, municipality: str, key: str, *, now: int) -> None:
    """The others of its case may follow a document that has its number."""
    connection.ring(Bell.LANES)
    connection.run(
        "UPDATE lanes SET due = ? WHERE municipality || '' = ? AND due > ? AND owner IS NULL AND delivery IN ('due',"
        " 'waiting') AND id IN (SELECT e.lane FROM documents d JOIN documents e ON e.municipality = d.municipality AND"
        " e.connection = d.connection AND e.case_key = d.case_key AND e.id > d.id AND e.registered_at IS NULL"
        " WHERE d.municipality = ? AND d.key = ? AND d.case_key <> '')",
        (now, municipality, now, municipality, key),
    )


def is_document(connection: Connection, municipality: str, lane: int) -> bool:
    """Whether the lane carries a document."""
    sql = (
        "SELECT 1 FROM lanes l JOIN documents d ON d.municipality = l.municipality AND d.key = l.key AND d.lane = l.id"
        " WHERE l.municipality = ? AND l.id = ?"
    )
    return bool(connection.rows(sql, (municipality, lane)))


class Waiting(NamedTuple):
    """What one connection has not registered. Times in microseconds."""

    connection: str
    documents: int
    since: int
    """When the first of them came in, or was drawn up."""


def unregistered(connection: Connection, municipality: str, *, before: int) -> list[Waiting]:
    """By connection, what came in before a moment and has no number, but what a person has dealt with."""
    sql = f"SELECT d.connection, count(*), min(d.since){_UNREGISTERED} AND d.municipality = ? AND d.since < ?"
    rows = connection.rows(f"{sql} GROUP BY d.connection ORDER BY d.connection", (municipality, before))
    return [Waiting(name, int(count), int(since)) for name, count, since in rows]


def oldest(connection: Connection) -> dict[str, int]:
    """When the first of what is not registered came in, by municipality."""
    rows = connection.rows(f"SELECT d.municipality, min(d.since){_UNREGISTERED} GROUP BY d.municipality")
    return {town: int(since) for town, since in rows}


def forget(connection: Connection, municipality: str, *, before: int, limit: int) -> int:
    """Remove what documents hold that were registered before a moment: their number and hashes stay. Gives how many."""
    rows = connection.rows(
        "SELECT key FROM documents WHERE municipality = ? AND kept = 1 AND registered_at < ?"
        " ORDER BY registered_at LIMIT ?",
        (municipality, before, limit),
    )
    for (key,) in rows:
        connection.run("DELETE FROM document_parts WHERE municipality = ? AND key = ?", (municipality, key))
        connection.run("DELETE FROM applications WHERE municipality = ? AND key = ?", (municipality, key))
        connection.run("UPDATE documents SET kept = 0 WHERE municipality = ? AND key = ?", (municipality, key))
    return len(rows)
