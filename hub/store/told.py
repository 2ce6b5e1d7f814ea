"""Who was told what of a booking, and what waits for a digest."""

from collections.abc import Iterable
from typing import NamedTuple

from hub.clock import NEVER
from hub.store.engine.database import OF_TOWN, Connection


class Row(NamedTuple):
    """What one slot knows of one booking. `due`: when the wish is to be told, microseconds."""

    number: str
    slot: str
    state: str | None
    wish: str | None
    connection: str | None
    due: int


class Due(NamedTuple):
    """News whose time has come."""

    municipality: str
    connection: str
    slot: str
    due: int


class Learnt(NamedTuple):
    """What a slot now knows of a booking."""

    number: str
    slot: str
    state: str


def of_bookings(connection: Connection, municipality: str, numbers: Iterable[str]) -> list[Row]:
    """All that is known of those bookings."""
    condition, values = connection.among("number", numbers)
    rows = connection.rows(
        f"SELECT number, slot, state, wish, connection, due FROM told WHERE municipality = ? AND {condition}",
        [municipality, *values],
    )
    return [Row(*row) for row in rows]


def states(connection: Connection, municipality: str, slot: str, numbers: Iterable[str]) -> dict[str, str]:
    """What a slot was last told of those bookings."""
    rows = of_bookings(connection, municipality, numbers)
    return {row.number: row.state for row in rows if row.slot == slot and row.state is not None}


def learn(connection: Connection, rows: Iterable[tuple[str, Learnt]]) -> None:
    """(municipality, what): remember what was told."""
    connection.each(
        "INSERT INTO told(municipality, number, slot, state, due) VALUES(?, ?, ?, ?, ?)"
        " ON CONFLICT(municipality, number, slot) DO UPDATE SET state = excluded.state",
        [(town, one.number, one.slot, one.state, NEVER) for town, one in rows],
    )


def wish(connection: Connection, rows: Iterable[tuple[str, str, str, str, str, int]]) -> None:
    """(municipality, number, slot, wish, connection, due): news for a digest; what waits already waits no longer."""
    connection.each(
        "INSERT INTO told(municipality, number, slot, wish, connection, due) VALUES(?, ?, ?, ?, ?, ?)"
        " ON CONFLICT(municipality, number, slot) DO UPDATE SET wish = excluded.wish, connection = excluded.connection,"
        " due = CASE WHEN excluded.due < told.due THEN excluded.due ELSE told.due END",
        rows,
    )


def forgo(connection: Connection, rows: Iterable[tuple[str, str, str]]) -> None:
    """(municipality, number, slot): it is not to be told any more."""
    sql = f"UPDATE told SET due = {NEVER} WHERE municipality = ? AND number = ? AND slot = ?"
    connection.each(sql, rows)


def due(connection: Connection, *, now: int) -> list[Due]:
    """Every digest whose time has come."""
    rows = connection.rows(
        "SELECT municipality, connection, slot, due FROM told"
        f" WHERE due <= ? AND due < {NEVER} GROUP BY municipality, connection, slot, due ORDER BY due",
        (now,),
    )
    return [Due(*row) for row in rows]


def take(connection: Connection, of: Due) -> list[tuple[str, str]]:
    """(number, wish) of all that a digest is to tell, in order of number; it waits no longer, and no other takes it."""
    rows = connection.rows(
        f"UPDATE told SET due = {NEVER} WHERE due = ? AND {OF_TOWN} AND connection = ? AND slot = ?"
        " RETURNING number, wish",
        (of.due, of.municipality, of.connection, of.slot),
    )
    return sorted((str(number), str(wish)) for number, wish in rows)
