"""Bookings that claim nothing of a zone or a shared credential any more, while its system has yet to be told."""

from collections.abc import Iterable, Sequence

from hub.store.engine.database import Connection


def add(connection: Connection, rows: Iterable[tuple[str, int, int]]) -> None:
    """(municipality, lane, booking)."""
    connection.each(
        "INSERT INTO leaving(municipality, lane, booking) VALUES(?, ?, ?) ON CONFLICT(municipality, lane, booking)"
        " DO NOTHING",
        rows,
    )


def of_lanes(connection: Connection, municipality: str, lanes: Sequence[int]) -> dict[int, list[int]]:
    """Ids of the bookings, by lane."""
    sql = "SELECT booking FROM leaving WHERE municipality = ? AND lane = ?"
    found = connection.rows_each(sql, [(municipality, lane) for lane in lanes])
    return {lane: [booking for (booking,) in rows] for lane, rows in zip(lanes, found, strict=True)}


def clear(connection: Connection, municipality: str, lane: int) -> None:
    """Its system has been told."""
    connection.run("DELETE FROM leaving WHERE municipality = ? AND lane = ?", (municipality, lane))
