"""Events, as they are written and found; in which order they are read is the feed's (`hub.store.feed`)."""

from collections.abc import Iterable
from typing import NamedTuple

from hub.store.engine.bells import Bell
from hub.store.engine.database import Connection


class Event(NamedTuple):
    """What happened; `body` is JSON that holds references only."""

    municipality: str
    type: str
    subject: str
    body: str
    at: int


class Numbered(NamedTuple):
    """An event with its place in the feed."""

    id: int
    type: str
    subject: str
    body: str
    at: int


def append(connection: Connection, events: Iterable[Event]) -> None:
    """Add events."""
    if many := list(events):
        connection.each("INSERT INTO events(municipality, type, subject, body, at) VALUES(?, ?, ?, ?, ?)", many)
        connection.ring(Bell.EVENTS)


def after(connection: Connection, municipality: str, id_: int, *, limit: int) -> list[Numbered]:
    """The next events of a municipality, by id."""
    rows = connection.rows(
        "SELECT id, type, subject, body, at FROM events WHERE municipality = ? AND id > ? ORDER BY id LIMIT ?",
        (municipality, id_, limit),
    )
    return [Numbered(*row) for row in rows]


def within(
    connection: Connection, municipality: str, id_: int, last: int, transactions: tuple[int, int], *, limit: int
) -> list[Numbered]:
    """The next events up to `last` that transactions of a half-open range wrote, by id, which they are found by."""
    rows = connection.rows(
        "SELECT id, type, subject, body, at FROM events WHERE municipality = ? AND id > ? AND id <= ?"
        " AND xact + 0 >= ? AND xact + 0 < ? ORDER BY id LIMIT ?",
        (municipality, id_, last, *transactions, limit),
    )
    return [Numbered(*row) for row in rows]


def about(connection: Connection, municipality: str, subject: str, *, limit: int = 500) -> list[Numbered]:
    """What has happened to one subject, oldest first."""
    rows = connection.rows(
        "SELECT id, type, subject, body, at FROM events WHERE municipality = ? AND subject = ? ORDER BY id LIMIT ?",
        (municipality, subject, limit),
    )
    return [Numbered(*row) for row in rows]
