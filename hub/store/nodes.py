"""Processes that carry, side by side on one database: who is there, by the database's clock."""

from typing import NamedTuple

from hub.store.engine.database import Connection


class Beat(NamedTuple):
    """A process says that it is there, for so long (microseconds)."""

    name: str
    lease: int


class Living(NamedTuple):
    """Who is there, the oldest first, as (name, since when); and now, by the database's clock."""

    now: int
    nodes: list[tuple[str, int]]


def beat(connection: Connection, asked: list[Beat]) -> list[Living]:
    """Say that one is there; one that was not heard of in time is there anew."""
    return [_beat(connection, one) for one in asked]


def _beat(connection: Connection, one: Beat) -> Living:
    now = connection.clock()
    connection.run("DELETE FROM nodes WHERE until < ?", (now,))
    connection.run(
        "INSERT INTO nodes(name, since, until) VALUES(?, ?, ?) ON CONFLICT(name) DO UPDATE SET until = excluded.until",
        (one.name, now, now + one.lease),
    )
    rows = connection.rows("SELECT name, since FROM nodes ORDER BY since, name")
    return Living(now, [(name, int(since)) for name, since in rows])


def names(connection: Connection) -> list[str]:
    """Who was there, as far as anybody knows."""
    return [name for (name,) in connection.rows("SELECT name FROM nodes ORDER BY name")]


def leave(connection: Connection, name: str) -> None:
    """Be gone."""
    connection.run("DELETE FROM nodes WHERE name = ?", (name,))
