"""Subscriptions: who is told of events, and how far each has come."""

import json
from collections.abc import Sequence
from typing import NamedTuple

from hub.store import feed
from hub.store.engine.bells import Bell
from hub.store.engine.database import Connection, Row
from hub.store.feed import Reach


class Stored(NamedTuple):
    """A subscription as stored. Times in microseconds; `secrets` is sealed."""

    id: int
    municipality: str
    name: str
    url: str
    types: tuple[str, ...]
    """Empty: all."""
    secrets: bytes
    paused: str | None
    """By what; None while it runs."""
    cursor: Reach
    """How far events have their postings, or need none."""
    since: int
    """From when events age here: made, resumed, replayed or led to another address."""
    failing_since: int | None
    created_at: int

    @property
    def place(self) -> tuple[str, int]:
        """What its postings and attempts are found by."""
        return self.municipality, self.id

    @property
    def called(self) -> str:
        """What it is called in problems, where connections have names without a slash."""
        return f"subscriptions/{self.name}"


_ALL = (
    "SELECT id, municipality, name, url, types, secrets, paused, since, failing_since, created_at,"
    " cursor, cursor_low, cursor_high, cursor_last FROM subscriptions"
)


def _stored(row: Row) -> Stored:
    id_, town, name, url, types, secrets, paused, since, failing_since, created_at, *reach = row
    told = tuple(json.loads(types))
    return Stored(id_, town, name, url, told, secrets, paused, Reach(*reach), since, failing_since, created_at)


def find(connection: Connection, municipality: str, name: str) -> Stored | None:
    """One subscription."""
    rows = connection.rows(f"{_ALL} WHERE municipality = ? AND name = ?", (municipality, name))
    return _stored(rows[0]) if rows else None


def with_id(connection: Connection, municipality: str, id_: int) -> Stored | None:
    """One subscription, if it still is."""
    rows = connection.rows(f"{_ALL} WHERE municipality = ? AND id = ?", (municipality, id_))
    return _stored(rows[0]) if rows else None


def listed(connection: Connection, municipality: str) -> list[Stored]:
    """A municipality's subscriptions, by name."""
    rows = connection.rows(f"{_ALL} WHERE municipality = ? ORDER BY name", (municipality,))
    return [_stored(row) for row in rows]


def running(connection: Connection) -> list[Stored]:
    """Every subscription that is not paused."""
    return [_stored(row) for row in connection.rows(f"{_ALL} WHERE paused IS NULL ORDER BY municipality, id")]


def places(connection: Connection) -> list[tuple[str, int]]:
    """Municipality and id of every subscription."""
    return [(town, id_) for town, id_ in connection.rows("SELECT municipality, id FROM subscriptions")]


def add(connection: Connection, municipality: str, name: str, *, url: str, secrets: bytes, now: int) -> Stored:
    """Make a subscription that is told of what comes from now on."""
    values = (municipality, name, url, secrets, *feed.end(connection, municipality), now, now)
    connection.run(
        "INSERT INTO subscriptions(municipality, name, url, types, secrets, cursor, cursor_low, cursor_high,"
        " cursor_last, since, created_at) VALUES(?, ?, ?, '[]', ?, ?, ?, ?, ?, ?, ?)",
        values,
    )
    made = find(connection, municipality, name)
    assert made is not None  # noqa: S101 - the line above made it
    return made


def unread(connection: Connection, one: Stored) -> int:
    """How many events that it wants have no posting yet."""
    wanted, types = connection.among("type", one.types) if one.types else ("1 = 1", [])
    sql = f"SELECT count(*) FROM events WHERE municipality = ? AND {wanted} AND "
    return sum(
        connection.rows(sql + unread, (one.municipality, *types, *values))[0][0]
        for unread, values in feed.beyond(connection, one.cursor)
    )


def set_wanted(connection: Connection, one: Stored, *, url: str, types: Sequence[str]) -> None:
    """Set what the subscriber wants, and where."""
    connection.ring(Bell.EVENTS)
    values = (url, json.dumps(sorted(types)), *one.place)
    connection.run("UPDATE subscriptions SET url = ?, types = ? WHERE municipality = ? AND id = ?", values)


def set_secrets(connection: Connection, one: Stored, secrets: bytes) -> None:
    """Set the sealed secrets."""
    connection.run("UPDATE subscriptions SET secrets = ? WHERE municipality = ? AND id = ?", (secrets, *one.place))


def set_paused(connection: Connection, municipality: str, id_: int, by: str | None) -> bool:
    """Pause, or let run; gives whether that was a change."""
    other = "NOT NULL" if by is None else "NULL"
    sql = f"UPDATE subscriptions SET paused = ? WHERE municipality = ? AND id = ? AND paused IS {other}"
    return connection.run(sql, (by, municipality, id_)) > 0


def move(connection: Connection, municipality: str, id_: int, cursor: Reach) -> None:
    """Set how far the subscription has come."""
    connection.run(
        "UPDATE subscriptions SET cursor = ?, cursor_low = ?, cursor_high = ?, cursor_last = ?"
        " WHERE municipality = ? AND id = ?",
        (*cursor, municipality, id_),
    )


def begin_anew(connection: Connection, municipality: str, id_: int, *, now: int) -> None:
    """Have events age from now on, and forget that the endpoint failed. `since` grows, also while the clock stands."""
    connection.ring(Bell.EVENTS)
    connection.run(
        "UPDATE subscriptions SET since = CASE WHEN since < ? THEN ? ELSE since + 1 END, failing_since = NULL"
        " WHERE municipality = ? AND id = ?",
        (now, now, municipality, id_),
    )


def set_failing(connection: Connection, municipality: str, id_: int, *, now: int) -> None:
    """The endpoint does not answer; since when is kept."""
    connection.run(
        "UPDATE subscriptions SET failing_since = ? WHERE municipality = ? AND id = ? AND failing_since IS NULL",
        (now, municipality, id_),
    )


def set_answering(connection: Connection, municipality: str, id_: int) -> bool:
    """The endpoint answers; gives whether that is news."""
    sql = (
        "UPDATE subscriptions SET failing_since = NULL WHERE municipality = ? AND id = ? AND failing_since IS NOT NULL"
    )
    return connection.run(sql, (municipality, id_)) > 0


def remove(connection: Connection, municipality: str, name: str) -> Stored | None:
    """Remove a subscription with all that it has; gives what it was."""
    found = find(connection, municipality, name)
    if found is not None:
        for table in ("postings", "attempts"):
            connection.run(f"DELETE FROM {table} WHERE municipality = ? AND subscription = ?", found.place)
        connection.run("DELETE FROM subscriptions WHERE municipality = ? AND id = ?", found.place)
    return found
