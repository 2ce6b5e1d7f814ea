"""Passages: who came to which door and when, by references only."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from hub.clock import MINUTE
from hub.store.engine.database import Connection

PASSED, REFUSED = "passed", "refused"


class Row(NamedTuple):
    """What came in one minute of one credential at one door. Times in microseconds; text is empty for what is unknown.

    The first seven are its key.
    """

    municipality: str
    connection: str
    door: str
    minute: int
    outcome: str
    reason: str
    credential: str
    minutes: int
    number: str
    occasion: str
    first: int
    last: int
    times: int


_COLUMNS = (
    "municipality, connection, door, minute, outcome, reason, credential, minutes, number, occasion, first, last, times"
)
_ADD = (
    f"INSERT INTO passages({_COLUMNS}) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT(municipality, connection, door, minute, outcome, reason, credential) DO UPDATE SET"
    " times = passages.times + excluded.times,"
    " first = CASE WHEN excluded.first < passages.first THEN excluded.first ELSE passages.first END,"
    " last = CASE WHEN excluded.last > passages.last THEN excluded.last ELSE passages.last END"
    " RETURNING door, minute, outcome, reason, credential, times"
)


def minute_of(at: int) -> int:
    """The minute that a moment is in."""
    return at - at % MINUTE


def add(connection: Connection, rows: Sequence[Row]) -> list[bool]:
    """Keep passages, each of another key, sorted; says of each whether nothing like it was there in its minute."""
    told = connection.all_returning(_ADD, rows)
    times = {tuple(key): count for *key, count in told}
    return [times[row[2:7]] == row.times for row in rows]


def at_door(connection: Connection, municipality: str, name: str, door: str, *, until: int, limit: int) -> list[Row]:
    """The latest at a door before a moment, the latest first."""
    sql = (
        f"SELECT {_COLUMNS} FROM passages WHERE municipality = ? AND connection = ? AND door = ? AND minute < ?"
        " ORDER BY minute DESC, last DESC, id DESC LIMIT ?"
    )
    return [Row(*row) for row in connection.rows(sql, (municipality, name, door, until, limit))]


class Came(NamedTuple):
    """How the doors saw one occasion: first and last passage, how many, by how many credentials."""

    number: str
    occasion: str
    first: int
    last: int
    passages: int
    credentials: int


def came(connection: Connection, municipality: str, numbers: Collection[str]) -> list[Came]:
    """Who passed for the occasions of these bookings."""
    condition, values = connection.among("number", numbers)
    sql = (
        "SELECT number, occasion, min(first), max(last), sum(times), count(DISTINCT connection || '/' || credential)"
        f" FROM passages WHERE municipality = ? AND {condition} AND outcome = ? GROUP BY number, occasion"
    )
    rows = connection.rows(sql, [municipality, *values, PASSED]) if numbers else []
    return [Came(number, occasion, *map(int, seen)) for number, occasion, *seen in rows]


def telling(connection: Connection, municipality: str, names: Collection[str]) -> frozenset[str]:
    """The connections, of these, that have ever told of a passage."""
    sql = "SELECT 1 FROM passages WHERE municipality = ? AND connection = ? LIMIT 1"
    return frozenset(name for name in names if connection.rows(sql, (municipality, name)))


def forget(connection: Connection, municipality: str, *, before: int, limit: int) -> int:
    """Remove the oldest that are from before a moment; gives how many."""
    return connection.run(
        "DELETE FROM passages WHERE municipality = ? AND id IN"
        " (SELECT id FROM passages WHERE municipality = ? AND minute < ? ORDER BY minute LIMIT ?)",
        (municipality, municipality, before, limit),
    )
