"""What a season of bookings would ask for: on disk when it is much, and gone with the rehearsal."""

import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_TABLES = (
    "CREATE TABLE booked(number TEXT PRIMARY KEY, revision INTEGER) WITHOUT ROWID",
    (
        "CREATE TABLE parts(number TEXT, connection TEXT, kind TEXT, key TEXT, door TEXT, starts INTEGER, ends INTEGER,"
        " level INTEGER)"
    ),
    "CREATE TABLE codes(number TEXT, connection TEXT, key TEXT, forms INTEGER, starts INTEGER, ends INTEGER)",
)
_LATEST = "SELECT revision FROM booked WHERE number = ?"


class Part(NamedTuple):
    """What one booking asks of one target, at one door where it is a credential. Times in microseconds."""

    number: str
    connection: str
    kind: str
    key: str
    door: str
    starts: int
    ends: int
    level: int


class Held(NamedTuple):
    """How long a credential's code is nobody else's. `forms`: how many different ones may be drawn for it."""

    number: str
    connection: str
    key: str
    forms: int
    starts: int
    ends: int


class Season:
    """Kept while it is rehearsed; used by one thread."""

    def __init__(self) -> None:
        self._raw = sqlite3.connect("", isolation_level=None)
        self._raw.execute("PRAGMA cache_size=-20000")
        for table in _TABLES:
            self._raw.execute(table)
        self._raw.execute("BEGIN")

    def revision(self, number: str) -> int:
        """The latest revision of a booking so far; 0 for none."""
        return next((int(revision) for (revision,) in self._raw.execute(_LATEST, (number,))), 0)

    def keep(self, number: str, revision: int, parts: Iterable[Part], codes: Iterable[Held]) -> None:
        """This is what the booking asks for, in place of what it asked for before."""
        if self.revision(number):
            for table in ("parts", "codes"):
                self._raw.execute(f"DELETE FROM {table} WHERE number = ?", (number,))
        self._raw.execute("INSERT OR REPLACE INTO booked VALUES(?, ?)", (number, revision))
        self._raw.executemany("INSERT INTO parts VALUES(?, ?, ?, ?, ?, ?, ?, ?)", parts)
        self._raw.executemany("INSERT INTO codes VALUES(?, ?, ?, ?, ?, ?)", codes)

    def parts(self, connection: str) -> Iterator[Part]:
        """All that is asked of one connection, target by target, door by door, in order of time."""
        sql = "SELECT * FROM parts WHERE connection = ? ORDER BY key, door, starts, ends"
        return (Part(*row) for row in self._raw.execute(sql, (connection,)))

    def held(self, connection: str) -> Iterator[tuple[int, int, int]]:
        """(forms, starts, ends) of the code of each credential."""
        sql = "SELECT min(forms), min(starts), max(ends) FROM codes WHERE connection = ? GROUP BY key"
        return iter(self._raw.execute(sql, (connection,)))

    def close(self) -> None:
        """Forget it all."""
        self._raw.close()
