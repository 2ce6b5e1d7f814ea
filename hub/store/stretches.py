"""How long zones were on: a row from when it was confirmed to when something else was. Times in microseconds."""

from collections.abc import Iterable
from enum import StrEnum, auto
from typing import NamedTuple

from hub.clock import NEVER
from hub.store.engine.database import Connection, Row


class How(StrEnum):
    """What a zone is in a stretch."""

    ON = auto()
    """As its bookings want it, and the hub confirmed."""
    BY_HAND_ON = auto()
    BY_HAND_OFF = auto()
    """Somebody set it while a booking wanted it otherwise."""


class Stretch(NamedTuple):
    """A lane that is so; `ends` is NEVER while it still is."""

    lane: int
    starts: int
    ends: int
    how: How


class Now(NamedTuple):
    """What a lane was found to be; None: off, and nobody's wish."""

    municipality: str
    lane: int
    how: How | None


_BEGIN = (
    "INSERT INTO stretches(municipality, lane, starts, how) SELECT ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1"
    f" FROM stretches s WHERE s.municipality = ? AND s.lane = ? AND s.ends = {NEVER})"
)


def follow(connection: Connection, found: Iterable[Now], *, now: int) -> None:
    """End the stretches of lanes that are otherwise now, and begin others; the lanes are held by who calls."""
    told = list(found)
    if not told:
        return
    connection.each(
        f"UPDATE stretches SET ends = ? WHERE municipality = ? AND lane = ? AND ends = {NEVER} AND how <> ?",
        [(now, one.municipality, one.lane, one.how or "") for one in told],
    )
    for one in told:
        if one.how:
            connection.run(_BEGIN, (one.municipality, one.lane, now, one.how, one.municipality, one.lane))


def end_all(connection: Connection, municipality: str, name: str, *, now: int) -> None:
    """End the stretches of a connection whose system is another: what is on there nobody knows."""
    connection.run(
        f"UPDATE stretches SET ends = ? WHERE municipality = ? AND ends = {NEVER} AND lane IN"
        " (SELECT id FROM lanes WHERE municipality = ? AND connection = ?)",
        (now, municipality, municipality, name),
    )


def within(
    connection: Connection, municipality: str, lanes: Iterable[int], *, since: int, until: int
) -> dict[int, list[Stretch]]:
    """The stretches of each lane that are on at any time of [since, until), the first first."""
    asked = list(lanes)
    sql = (
        "SELECT lane, starts, ends, how FROM stretches WHERE municipality = ? AND lane = ? AND ends > ? AND starts < ?"
        " ORDER BY starts, id"
    )
    found = connection.rows_each(sql, [(municipality, lane, since, until) for lane in asked])
    return {lane: list(map(_stretch, rows)) for lane, rows in zip(asked, found, strict=True)}


def _stretch(row: Row) -> Stretch:
    lane, starts, ends, how = row
    return Stretch(lane, starts, ends, How(how))


def forget(connection: Connection, municipality: str, *, before: int, limit: int) -> int:
    """Remove the oldest that ended before a moment; gives how many."""
    return connection.run(
        "DELETE FROM stretches WHERE municipality = ? AND id IN"
        " (SELECT id FROM stretches WHERE municipality = ? AND ends < ? ORDER BY ends LIMIT ?)",
        (municipality, municipality, before, limit),
    )
