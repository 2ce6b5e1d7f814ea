"""What population registers tell by themselves: files that came, whom there is news of, and the epoch of answers."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hub.store.engine.database import Connection


class Came(NamedTuple):
    """A file that was read to its end. Days as `date.toordinal`, `at` in microseconds."""

    delivery: str
    part: int
    parts: int
    posts: int
    total: int | None
    series: str
    serial: int | None
    first_day: int | None
    last_day: int | None
    next_by: int | None
    at: int


class Waits(NamedTuple):
    """Somebody of whom there is news, as soon as all of the delivery is there."""

    delivery: str
    person: str
    trader: str


_CAME = ", ".join(Came._fields)


def came(connection: Connection, municipality: str, name: str, files: Iterable[Came]) -> None:
    """These have been read; one that comes again takes the place of the one before."""
    marks = ", ".join("?" * (2 + len(Came._fields)))
    told = ", ".join(f"{field} = excluded.{field}" for field in Came._fields[2:])
    connection.each(
        f"INSERT INTO changes_files(municipality, connection, {_CAME}) VALUES({marks})"
        f" ON CONFLICT(municipality, connection, delivery, part) DO UPDATE SET {told}",
        [(municipality, name, *one) for one in files],
    )


def files(connection: Connection, municipality: str, name: str) -> list[Came]:
    """All that are known of a connection."""
    sql = f"SELECT {_CAME} FROM changes_files WHERE municipality = ? AND connection = ? ORDER BY at, delivery, part"
    return [Came(*row) for row in connection.rows(sql, (municipality, name))]


def wait(connection: Connection, municipality: str, name: str, those: Iterable[Waits]) -> None:
    """There is news of these."""
    connection.each(
        "INSERT INTO changes_waiting(municipality, connection, delivery, person, trader) VALUES(?, ?, ?, ?, ?)"
        " ON CONFLICT(municipality, connection, delivery, person) DO NOTHING",
        [(municipality, name, *one) for one in those],
    )


def waiting(connection: Connection, municipality: str, name: str, deliveries: Sequence[str]) -> list[Waits]:
    """Of whom there is news in these deliveries."""
    condition, values = connection.among("delivery", deliveries)
    sql = (
        "SELECT delivery, person, trader FROM changes_waiting"
        f" WHERE municipality = ? AND connection = ? AND {condition} ORDER BY person, delivery"
    )
    return [Waits(*row) for row in connection.rows(sql, [municipality, name, *values])]


def told(connection: Connection, municipality: str, name: str, those: Iterable[Waits]) -> None:
    """It has been told of these."""
    connection.each(
        "DELETE FROM changes_waiting WHERE municipality = ? AND connection = ? AND delivery = ? AND person = ?",
        [(municipality, name, *one[:2]) for one in those],
    )


def payers(connection: Connection, municipality: str, persons: Sequence[str]) -> set[str]:
    """Those of the hashes that some booking has."""
    condition, values = connection.among("person", persons)
    sql = f"SELECT DISTINCT person FROM bookings WHERE municipality = ? AND person <> '' AND {condition}"
    return {person for (person,) in connection.rows(sql, [municipality, *values])}


def paid_by(connection: Connection, municipality: str, persons: Sequence[str]) -> list[str]:
    """Numbers of the bookings that a person pays for."""
    condition, values = connection.among("person", persons)
    sql = f"SELECT number FROM bookings WHERE municipality = ? AND person <> '' AND {condition} ORDER BY id"
    return [number for (number,) in connection.rows(sql, [municipality, *values])]


def forget(connection: Connection, municipality: str, *, before: int, limit: int) -> int:
    """Remove files that came before a moment, but the last of each connection, by which the next is known to follow.

    News that has waited so long for what never came goes with them.
    """
    sql = (
        "SELECT connection, delivery, part FROM changes_files f WHERE municipality = ? AND at < ? AND at <"
        " (SELECT max(at) FROM changes_files g WHERE g.municipality = f.municipality AND g.connection = f.connection)"
        " ORDER BY at LIMIT ?"
    )
    old = connection.rows(sql, (municipality, before, limit))
    connection.each(
        "DELETE FROM changes_files WHERE municipality = ? AND connection = ? AND delivery = ? AND part = ?",
        [(municipality, *row) for row in old],
    )
    connection.each(
        "DELETE FROM changes_waiting WHERE municipality = ? AND connection = ? AND delivery = ?",
        [(municipality, *row[:2]) for row in old],
    )
    return len(old)


def grow(connection: Connection, municipality: str) -> None:
    """A new epoch: what a register answered before it is not given again."""
    connection.run(
        "INSERT INTO population_epochs(municipality, epoch) VALUES(?, 1)"
        " ON CONFLICT(municipality) DO UPDATE SET epoch = population_epochs.epoch + 1",
        (municipality,),
    )


def epoch(connection: Connection, municipality: str) -> int:
    """The epoch now."""
    rows = connection.rows("SELECT epoch FROM population_epochs WHERE municipality = ?", (municipality,))
    return int(rows[0][0]) if rows else 0
