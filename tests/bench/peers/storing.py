"""The same FastAPI endpoint again, which stores what the hub stores for a booking, and commits for each request.

In a thread, as FastAPI does it for whoever blocks; one connection, for SQLite has one writer. What is stored are the
rows that the hub wrote for the last booking of the database, with another number: nothing is planned, sealed or hashed.
"""

import os
import sqlite3
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from hub.api.gathered import GatheredHttp
from hub.model.answers import BookingAnswer
from hub.model.booking import Booking
from tests.bench.endpoint import answer, endpoint, serve

_OF_BOOKING = ("claims", "occupancy", "entries")
_OF_LANE = ("codes",)
_OF_NUMBER = ("events", "audit")
_FRESH = {"bookings": "id", "lanes": "id", "entries": "id", "events": "id", "audit_leaves": "id"}
"""Columns that the database numbers."""
_CHANCE = frozenset({"mark", "hash"})
"""Those that are another for each booking, and looked up by."""
_RAISE = "UPDATE lanes SET generation = generation + 1, due = min(due, ?) WHERE municipality = ? AND id = ?"


class Kept(NamedTuple):
    """A row of a table, as columns and values."""

    table: str
    values: dict[str, Any]


class Store:
    """Writes one booking's rows in one transaction."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._lock = threading.Lock()
        (self._booking,) = self._rows("bookings", "id = (SELECT max(id) FROM bookings)")
        self._number = str(self._booking.values["number"])
        self._lanes = self._rows("lanes", "key LIKE ?", f"%{self._number}%")
        (self._leaf,) = self._rows("audit_leaves", "id = (SELECT leaf FROM audit WHERE subject = ?)", self._number)
        self._others = [
            *(kept for table in _OF_BOOKING for kept in self._rows(table, "booking = ?", self._booking.values["id"])),
            *(kept for table in _OF_LANE for kept in self._rows(table, "lane = ?", self._lanes[0].values["id"])),
            *(kept for table in _OF_NUMBER for kept in self._rows(table, "subject = ?", self._number)),
        ]
        mine = {lane.values["id"] for lane in self._lanes}
        self._shared = {kept.values["lane"] for kept in self._others if "lane" in kept.values} - mine

    def _rows(self, table: str, condition: str, *values: object) -> list[Kept]:
        with closing(self._connection.execute(f"SELECT * FROM {table} WHERE {condition}", values)) as cursor:  # noqa: S608 - our own
            names = [column[0] for column in cursor.description]
            return [Kept(table, dict(zip(names, row, strict=True))) for row in cursor]

    def keep(self, number: str) -> None:
        """All of it, on disk when this returns."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            fresh = {"booking": {self._booking.values["id"]: self._insert(self._booking, number, {})}}
            fresh["lane"] = {lane.values["id"]: self._insert(lane, number, {}) for lane in self._lanes}
            fresh["leaf"] = {self._leaf.values["id"]: self._insert(self._leaf, number, {})}
            for kept in self._others:
                self._insert(kept, number, fresh)
            for lane in self._shared:
                due, town = self._lanes[0].values["due"], self._booking.values["municipality"]
                self._connection.execute(_RAISE, (due, town, lane))
            self._connection.execute("COMMIT")

    def _insert(self, kept: Kept, number: str, fresh: dict[str, dict[int, int]]) -> int:
        values = {
            name: self._another(name, value, number, fresh)
            for name, value in kept.values.items()
            if _FRESH.get(kept.table) != name
        }
        marks = ", ".join("?" * len(values))
        sql = f"INSERT INTO {kept.table}({', '.join(values)}) VALUES({marks})"
        return self._connection.execute(sql, tuple(values.values())).lastrowid or 0

    def _another(self, name: str, value: Any, number: str, fresh: dict[str, dict[int, int]]) -> Any:
        if isinstance(value, str):
            return value.replace(self._number, number)
        if name in _CHANCE:
            return os.urandom(len(value))
        return fresh.get(name, {}).get(value, value)


def main() -> None:
    """Serve with a database that holds a booking, at a port."""
    store = Store(Path(sys.argv[1]))

    def put_booking(municipality: str, number: str, booking: Booking) -> BookingAnswer:
        store.keep(number)
        return answer(number, booking)

    serve(endpoint(put_booking), int(sys.argv[2]), by=GatheredHttp)


if __name__ == "__main__":
    main()
