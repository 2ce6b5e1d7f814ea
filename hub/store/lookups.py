"""How many lookups of a day are spent, for each connection to a register that is paid by the lookup."""

from typing import NamedTuple

from hub.store.engine.database import Connection


class Spending(NamedTuple):
    """So many lookups of a connection, on a day (`date.toordinal`) that has at most so many."""

    municipality: str
    connection: str
    day: int
    price: int
    most: int


_SPEND = (
    "INSERT INTO lookups(municipality, connection, day, spent) VALUES(?, ?, ?, ?)"
    " ON CONFLICT(municipality, connection) DO UPDATE SET"
    " spent = CASE WHEN excluded.day > lookups.day THEN excluded.spent ELSE lookups.spent + excluded.spent END,"
    " day = CASE WHEN excluded.day > lookups.day THEN excluded.day ELSE lookups.day END"
    " WHERE excluded.day > lookups.day OR lookups.spent + excluded.spent <= ?"
    " RETURNING spent"
)
"""A process whose clock is behind at midnight spends of the newer day."""


def spend(connection: Connection, wanted: list[Spending]) -> list[bool]:
    """Spend; says of each whether so many were left. A new day begins at nought."""
    left = [False] * len(wanted)
    for n in sorted(range(len(wanted)), key=lambda n: wanted[n][:2]):  # rows in one order, whoever spends beside us
        left[n] = _spend(connection, wanted[n])
    return left


def spent(connection: Connection, municipality: str, name: str) -> tuple[int, int]:
    """The day that was last spent of, and how much of it; nought where nothing ever was."""
    sql = "SELECT day, spent FROM lookups WHERE municipality = ? AND connection = ?"
    rows = connection.rows(sql, (municipality, name))
    return (int(rows[0][0]), int(rows[0][1])) if rows else (0, 0)


def _spend(connection: Connection, one: Spending) -> bool:
    row = (*one[:3], one.price, one.most)
    return one.price <= one.most and bool(connection.all_returning(_SPEND, [row]))
