"""Time that was given up while its resource was closed: told as free when the closure is lifted, if it is so then."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hub.store.engine.database import Connection


class Unreleased(NamedTuple):
    """What a booking gave up. Times in microseconds."""

    municipality: str
    resource: str
    starts: int
    ends: int
    number: str


def keep(connection: Connection, rows: Sequence[Unreleased], *, now: int) -> None:
    """Remember; what is over is forgotten."""
    if rows:
        connection.run("DELETE FROM unreleased WHERE municipality = ? AND ends <= ?", (rows[0].municipality, now))
    connection.each(
        "INSERT INTO unreleased(municipality, resource, starts, ends, number) VALUES(?, ?, ?, ?, ?)"
        " ON CONFLICT(municipality, resource, starts, ends) DO NOTHING",
        rows,
    )


def take(
    connection: Connection, municipality: str, resources: Iterable[str], *, starts: int, ends: int
) -> list[Unreleased]:
    """What is remembered of the resources at any time of [starts, ends), in order of time; it is remembered no more."""
    condition, values = connection.among("resource", resources)
    where = f"municipality = ? AND {condition} AND starts < ? AND ends > ?"
    held = [municipality, *values, ends, starts]
    columns = "municipality, resource, starts, ends, number"
    rows = connection.rows(f"SELECT {columns} FROM unreleased WHERE {where} ORDER BY starts, resource", held)
    connection.run(f"DELETE FROM unreleased WHERE {where}", held)
    return [Unreleased(*row) for row in rows]
