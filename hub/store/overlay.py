"""A private scratch database laid over a snapshot: what a dry run has come to so far, on disk when it is much."""

import sqlite3
from collections.abc import Iterable

from hub.store.bookings import Known
from hub.store.occupancy import Overlap

_TABLES = """
CREATE TABLE bookings(number TEXT PRIMARY KEY, revision INT, content BLOB, asked TEXT) WITHOUT ROWID;
CREATE TABLE uses(number TEXT, resource TEXT, starts INT, ends INT, occasion TEXT);
CREATE INDEX uses_of ON uses(number);
CREATE INDEX uses_at ON uses(resource, starts);
"""
_OVERLAPPING = (
    "SELECT resource, starts, ends, number, occasion FROM uses"
    " WHERE resource = ? AND starts < ? AND ends > ? AND number <> ? ORDER BY starts, number"
)


class Overlay:
    """One municipality's bookings as a dry run would have them; used by one thread."""

    def __init__(self) -> None:
        self._raw = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._raw.execute("PRAGMA cache_size=-4000")
        self._raw.executescript(_TABLES)

    def known(self, number: str) -> Known | None:
        """The booking as an earlier line left it."""
        row = self._raw.execute("SELECT revision, content, asked FROM bookings WHERE number = ?", (number,)).fetchone()
        return Known(0, row[0], bytes(row[1]), row[2]) if row else None

    def put(
        self, number: str, revision: int, content: bytes, asked: str, uses: Iterable[tuple[str, int, int, str]]
    ) -> None:
        """Lay a booking over what was known; its uses are (resource, starts, ends, occasion)."""
        self._raw.execute("INSERT OR REPLACE INTO bookings VALUES(?, ?, ?, ?)", (number, revision, content, asked))
        self._raw.execute("DELETE FROM uses WHERE number = ?", (number,))
        self._raw.executemany("INSERT INTO uses VALUES(?, ?, ?, ?, ?)", ((number, *use) for use in uses))

    def overlapping(self, resource: str, starts: int, ends: int, *, but: str) -> list[Overlap]:
        """Uses of the resource by other bookings of earlier lines in [starts, ends)."""
        return [Overlap(*row) for row in self._raw.execute(_OVERLAPPING, (resource, ends, starts, but))]

    def close(self) -> None:
        """Forget it all."""
        self._raw.close()
