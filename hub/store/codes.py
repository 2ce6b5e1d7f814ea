"""Secrets of credentials: who holds which when, by keyed hash; the value itself is sealed."""

from collections.abc import Iterable
from typing import NamedTuple

from hub.store.engine.database import OF_TOWN, Connection, Later


class Code(NamedTuple):
    """A credential's secret. `ends` includes the quarantine; `version` grows when the value changes."""

    lane: int
    municipality: str
    domain: str
    hash: bytes
    starts: int
    ends: int
    method: str
    version: int
    sealed: bytes
    made_at: int


def of_lanes(connection: Connection, municipality: str, lanes: Iterable[int]) -> dict[int, Code]:
    """The secrets of those lanes."""
    return of_lanes_later(connection, municipality, lanes)()


def of_lanes_later(connection: Connection, municipality: str, lanes: Iterable[int]) -> Later[dict[int, Code]]:
    """The same, with what is asked next."""
    condition, values = connection.among("lane", lanes)
    rows = connection.rows_later(
        "SELECT lane, municipality, domain, hash, starts, ends, method, version, sealed, made_at FROM codes"
        f" WHERE {OF_TOWN} AND {condition}",
        [municipality, *values],
    )
    return lambda: {row[0]: Code(*row) for row in rows()}


class Secret(NamedTuple):
    """A secret in its lock domain, by its keyed hash."""

    municipality: str
    domain: str
    hash: bytes


class Holding(NamedTuple):
    """From when to when a lane has a secret."""

    lane: int
    starts: int
    ends: int


def held_later(connection: Connection, secrets: Iterable[Secret]) -> Later[list[list[Holding]]]:
    """Who has each of these, and when; with what is asked next."""
    sql = "SELECT lane, starts, ends FROM codes WHERE municipality = ? AND domain = ? AND hash = ?"
    told = connection.rows_each_later(sql, secrets)
    return lambda: [[Holding(*row) for row in rows] for rows in told()]


def put(connection: Connection, codes: Iterable[Code]) -> None:
    """Store or replace the secrets of lanes."""
    connection.each(
        "INSERT INTO codes(lane, municipality, domain, hash, starts, ends, method, version, sealed, made_at)"
        " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(lane) DO UPDATE SET hash = excluded.hash, starts ="
        " excluded.starts,"
        " ends = excluded.ends, method = excluded.method, version = excluded.version, sealed = excluded.sealed,"
        " made_at = excluded.made_at",
        codes,
    )


class Rest(NamedTuple):
    """A credential whose booking wants it no more: its secret rests from now until then."""

    now: int
    until: int
    municipality: str
    lane: int
    shared: bool = False
    """Whether other bookings may want it."""


def rest(connection: Connection, rows: Iterable[Rest]) -> None:
    """Nobody wants these credentials now."""
    sql = (
        "UPDATE codes SET starts = CASE WHEN starts > ? THEN ? ELSE starts END, ends = ?"
        " WHERE municipality = ? AND lane = ?"
    )
    connection.each(sql, [(row.now, row.now, row.until, row.municipality, row.lane) for row in rows])


def forget(connection: Connection, *, before: int) -> int:
    """Remove secrets whose quarantine has ended; gives how many."""
    return connection.run("DELETE FROM codes WHERE ends < ?", (before,))
