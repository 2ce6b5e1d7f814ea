"""What is done instead of doors: bookings that are watched, and rungs that were taken. Times in microseconds."""

from collections.abc import Iterable
from typing import NamedTuple

from hub.clock import NEVER
from hub.store.engine.bells import Bell
from hub.store.engine.database import OF_TOWN, Connection

_AT_ONCE = 100
"""Bookings that are looked at in one transaction; the next takes the others."""


class Watch(NamedTuple):
    """A booking whose doors have a ladder; `body` as `hub.service.doors.laddering` wrote it."""

    municipality: str
    number: str
    body: str
    due: int


class Rung(NamedTuple):
    """A rung that was taken, for one window of its doors."""

    id: int
    number: str
    occasion: str
    resource: str
    minutes: int
    role: str
    starts: int
    ends: int
    given_at: int
    slots: str
    """(connection, slot) of each message, JSON."""
    ended_at: int | None = None
    why: str | None = None

    @property
    def is_spare(self) -> bool:
        """Whether a spare code was given; else a role was told."""
        return not self.role


def watch(connection: Connection, rows: Iterable[Watch]) -> None:
    """Keep what is watched from now on."""
    connection.ring(Bell.LANES)
    connection.each(
        "INSERT INTO watches(municipality, number, body, due) VALUES(?, ?, ?, ?)"
        " ON CONFLICT(municipality, number) DO UPDATE SET body = excluded.body, due = excluded.due",
        rows,
    )


def watched(connection: Connection, municipality: str, numbers: Iterable[str]) -> set[str]:
    """Which of those bookings are watched."""
    condition, values = connection.among("number", numbers)
    sql = f"SELECT number FROM watches WHERE {OF_TOWN} AND {condition}"
    return {number for (number,) in connection.rows(sql, [municipality, *values])}


def next_due(connection: Connection) -> int:
    """When the next booking is to be looked at; NEVER when none is."""
    ((at,),) = connection.rows(f"SELECT min(due) FROM watches WHERE due < {NEVER}")
    return NEVER if at is None else int(at)


def take(connection: Connection, *, now: int) -> list[Watch]:
    """The bookings that are to be looked at; nobody else takes them, and they wait for nothing until they are put."""
    if next_due(connection) > now:
        return []
    rows = connection.rows(
        f"UPDATE watches SET due = {NEVER} WHERE due <= ? AND (municipality, number) IN (SELECT municipality, number"
        " FROM watches WHERE due <= ? ORDER BY due, municipality, number LIMIT ?)"
        " RETURNING municipality, number, body, due",
        (now, now, _AT_ONCE),
    )
    return sorted(Watch(*row) for row in rows)


def look_at(connection: Connection, rows: Iterable[tuple[int, str, str]]) -> None:
    """(due, municipality, number): when those are to be looked at next."""
    connection.each("UPDATE watches SET due = ? WHERE municipality = ? AND number = ?", rows)


def wake(connection: Connection, municipality: str, numbers: Iterable[str], *, now: int) -> None:
    """Have bookings looked at now: their doors stand otherwise than before."""
    condition, values = connection.among("number", sorted(numbers))
    sql = f"UPDATE watches SET due = ? WHERE {OF_TOWN} AND {condition} AND due > ?"
    if connection.run(sql, [now, municipality, *values, now]):
        connection.ring(Bell.LANES)


_RUNG = (
    "SELECT id, number, occasion, resource, minutes, role, starts, ends, given_at, slots, ended_at, why FROM rungs"
    " WHERE"
)


def give(connection: Connection, municipality: str, rung: Rung) -> Rung:
    """A rung is taken; gives it with its id."""
    columns = "municipality, number, occasion, resource, minutes, role, starts, ends, given_at, slots"
    sql = f"INSERT INTO rungs({columns}) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id"
    ((id_,),) = connection.rows(sql, (municipality, *rung[1:10]))
    return rung._replace(id=int(id_))


def end(connection: Connection, municipality: str, ids: Iterable[int], why: str, *, now: int) -> None:
    """Rungs that hold no more."""
    sql = "UPDATE rungs SET ended_at = ?, why = ? WHERE municipality = ? AND id = ?"
    connection.each(sql, [(now, why, municipality, id_) for id_ in ids])


def of_booking(connection: Connection, municipality: str, number: str) -> list[Rung]:
    """All rungs that were ever taken for a booking, in order."""
    rows = connection.rows(f"{_RUNG} municipality = ? AND number = ? ORDER BY id", (municipality, number))
    return [Rung(*row) for row in rows]


def holding(connection: Connection, municipality: str) -> list[Rung]:
    """Every rung of a municipality that holds, in order."""
    rows = connection.rows(f"{_RUNG} municipality = ? AND ended_at IS NULL ORDER BY id", (municipality,))
    return [Rung(*row) for row in rows]


def with_id(connection: Connection, municipality: str, id_: int) -> Rung | None:
    """One rung."""
    rows = connection.rows(f"{_RUNG} municipality = ? AND id = ?", (municipality, id_))
    return Rung(*rows[0]) if rows else None
