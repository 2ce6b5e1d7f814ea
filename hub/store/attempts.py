"""The log of what was sent to a subscription: each attempt, and what came of it."""

from collections.abc import Iterable
from typing import NamedTuple

from hub.store.engine.database import Connection


class Attempt(NamedTuple):
    """An event that was sent, or given up. Times in microseconds."""

    event: int
    attempt: int
    """Counted from 1."""
    outcome: str
    status: int | None
    """What HTTP answered; None for no answer."""
    detail: str | None
    took: int
    """In the machine's time."""
    at: int
    next_at: int | None


class Logged(NamedTuple):
    """An attempt with its place in the log."""

    id: int
    attempt: Attempt


_COLUMNS = "event, attempt, outcome, status, detail, took, at, next_at"


def note(connection: Connection, municipality: str, subscription: int, attempts: Iterable[Attempt]) -> None:
    """Write down attempts."""
    connection.each(
        f"INSERT INTO attempts(municipality, subscription, {_COLUMNS}) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(municipality, subscription, *attempt) for attempt in attempts],
    )


def page(
    connection: Connection, municipality: str, subscription: int, *, before: int | None, limit: int
) -> list[Logged]:
    """The latest attempts first; those before an id."""
    condition, values = ("", ()) if before is None else (" AND id < ?", (before,))
    rows = connection.rows(
        f"SELECT id, {_COLUMNS} FROM attempts WHERE municipality = ? AND subscription = ?{condition}"
        " ORDER BY id DESC LIMIT ?",
        (municipality, subscription, *values, limit),
    )
    return [Logged(row[0], Attempt(*row[1:])) for row in rows]


def forget(connection: Connection, municipality: str, subscription: int, *, before: int, keep: int) -> int:
    """Remove what is older, and all but the latest `keep`; gives how many rows."""
    place = (municipality, subscription)
    mine = "municipality = ? AND subscription = ?"
    kept = f"SELECT id FROM attempts WHERE {mine} ORDER BY id DESC LIMIT 1 OFFSET ?"
    return connection.run(
        f"DELETE FROM attempts WHERE {mine} AND (at < ? OR id <= ({kept}))", (*place, before, *place, keep)
    )
