"""Claims, clustered by the lane they are on and in the order in which they fold."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hub.clock import NEVER
from hub.model.lit import REACH
from hub.model.plan import Ask
from hub.store.engine.database import Connection, Later, Row


class ClaimRow(NamedTuple):
    """One claim; the first six are its key."""

    municipality: str
    lane: int
    ends: int
    booking: int
    occasion: str
    door: str
    starts: int
    level: int
    suspended: bool


def insert(connection: Connection, rows: Iterable[ClaimRow]) -> None:
    """Add claims."""
    connection.each(
        "INSERT INTO claims(municipality, lane, ends, booking, occasion, door, starts, level, suspended)"
        " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )


def delete(connection: Connection, rows: Iterable[tuple[str, int, int, int, str, str]]) -> None:
    """Take claims away, by their key."""
    connection.each(
        "DELETE FROM claims WHERE municipality = ? AND lane = ? AND ends = ? AND booking = ? AND occasion = ? AND"
        " door = ?",
        rows,
    )


class Live(NamedTuple):
    """The claims on a lane that have not ended, and whether any of them is held back by a closure."""

    asks: list[Ask]
    suspended: bool
    ended: Sequence[Ask] = ()
    """Those that ended lately, and may still have a part in what a zone should be."""


def live(connection: Connection, lanes: Iterable[tuple[str, int]], *, now: int) -> dict[int, Live]:
    """What is left of the claims on each (municipality, lane)."""
    return live_later(connection, lanes, now=now)()


def live_later(connection: Connection, lanes: Iterable[tuple[str, int]], *, now: int) -> Later[dict[int, Live]]:
    """The same, with what is asked next."""
    asked = list(lanes)
    sql = "SELECT starts, ends, level, door, suspended FROM claims WHERE municipality = ? AND lane = ? AND ends > ?"
    told = connection.rows_each_later(sql, [(municipality, lane, now - REACH) for municipality, lane in asked])
    return lambda: {lane: _live(rows, now) for (_, lane), rows in zip(asked, told(), strict=True)}


def _live(rows: list[Row], now: int) -> Live:
    asks = [Ask(starts, ends, level, door) for starts, ends, level, door, suspended in rows if not suspended]
    held = any(suspended and ends > now for _, ends, _, _, suspended in rows)
    return Live([ask for ask in asks if ask.ends > now], held, [ask for ask in asks if ask.ends <= now])


def bookings_on(connection: Connection, municipality: str, lanes: Sequence[int], *, now: int) -> dict[int, list[int]]:
    """Ids of the bookings whose claim on each lane is on now."""
    sql = (
        "SELECT DISTINCT booking FROM claims WHERE municipality = ? AND lane = ? AND ends > ? AND starts <= ?"
        " AND suspended = 0"
    )
    found = connection.rows_each(sql, [(municipality, lane, now, now) for lane in lanes])
    return {lane: [booking for (booking,) in rows] for lane, rows in zip(lanes, found, strict=True)}


def claimed(connection: Connection, municipality: str, lanes: Iterable[int], *, now: int) -> set[int]:
    """Those of the lanes on which something is claimed that is not over."""
    sql = "SELECT lane FROM claims WHERE municipality = ? AND lane = ? AND ends > ? LIMIT 1"
    found = connection.rows_each(sql, [(municipality, lane, now) for lane in lanes])
    return {lane for rows in found for (lane,) in rows}


def bookings_ahead(connection: Connection, municipality: str, lane: int, *, now: int) -> list[int]:
    """Ids of the bookings that claim anything of the lane that is not over."""
    sql = "SELECT DISTINCT booking FROM claims WHERE municipality = ? AND lane = ? AND ends > ?"
    return [booking for (booking,) in connection.rows(sql, (municipality, lane, now))]


class Part(NamedTuple):
    """A booking's share of a credential: one door, and when. Times in microseconds."""

    booking: int
    door: str
    starts: int
    ends: int
    suspended: bool


def parts(
    connection: Connection, municipality: str, lanes: Sequence[int], *, now: int, until: int
) -> dict[int, list[Part]]:
    """What bookings ask for on each lane that is not over, and begins by then."""
    sql = (
        "SELECT booking, door, starts, ends, suspended FROM claims WHERE municipality = ? AND lane = ? AND ends > ?"
        " AND starts <= ?"
    )
    found = connection.rows_each(sql, [(municipality, lane, now, until) for lane in lanes])
    return {lane: [Part(*row) for row in rows] for lane, rows in zip(lanes, found, strict=True)}


def suspended(connection: Connection, municipality: str, *, now: int, after: int, limit: int) -> list[int]:
    """Ids of bookings of which a closure holds something back that is not over, by id."""
    rows = connection.rows(
        "SELECT DISTINCT booking FROM claims WHERE municipality = ? AND suspended = 1 AND ends > ? AND booking > ?"
        " ORDER BY booking LIMIT ?",
        (municipality, now, after, limit),
    )
    return [booking for (booking,) in rows]


def on_lane(
    connection: Connection, municipality: str, lane: int, *, since: int, until: int = NEVER, limit: int = 200
) -> list[ClaimRow]:
    """Who claims a target at any time of [since, until), the first to end first."""
    rows = connection.rows(
        "SELECT municipality, lane, ends, booking, occasion, door, starts, level, suspended FROM claims"
        " WHERE municipality = ? AND lane = ? AND ends > ? AND starts < ? ORDER BY ends LIMIT ?",
        (municipality, lane, since, until, limit),
    )
    return [ClaimRow(*row) for row in rows]
