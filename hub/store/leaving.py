"""Bookings that claim nothing of a zone any more, while the zone has yet to be told."""

from collections.abc import Iterable

from hub.store.database import Connection


def add(connection: Connection, rows: Iterable[tuple[str, int, int]]) -> None:
    """(municipality, lane, booking)."""
    connection.each(
        "INSERT INTO leaving(municipality, lane, booking) VALUES(?, ?, ?) ON CONFLICT(municipality, lane, booking)"
        " DO NOTHING",
        rows,
    )


def of_lane(connection: Connection, municipality: str, lane: int) -> list[int]:
    """Ids of the bookings."""
    rows = connection.rows("SELECT booking FROM leaving WHERE municipality = ? AND lane = ?", (municipality, lane))
    return [booking for (booking,) in rows]


def clear(connection: Connection, municipality: str, lane: int) -> None:
    """The zone has been told."""
    connection.run("DELETE FROM leaving WHERE municipality = ? AND lane = ?", (municipality, lane))
