"""Who is protected, and where they stand: bookings, lists of attendance, raw rows, invoices."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from hub.store import changed
from hub.store.attendance import Stored as Gathering
from hub.store.bookings import Stored as Booking
from hub.store.engine.database import Connection


class Flagged(NamedTuple):
    """Somebody who is protected, or may be. `person`, `trader`: keyed hashes in hexadecimal; `sealed`: the number."""

    municipality: str
    person: str
    trader: str
    sealed: bytes
    since: int


def add(connection: Connection, one: Flagged) -> bool:
    """Somebody is protected; says whether what is known of them is still to be erased."""
    new = connection.run(
        "INSERT INTO protected(municipality, person, trader, sealed, since) VALUES(?, ?, ?, ?, ?)"
        " ON CONFLICT(municipality, person) DO NOTHING",
        one,
    )
    if new:
        changed.grow(connection, one.municipality)
    sql = "SELECT done FROM protected WHERE municipality = ? AND person = ?"
    ((done,),) = connection.rows(sql, one[:2])
    return not done


def finish(connection: Connection, municipality: str, person: str) -> bool:
    """What was known is erased; says whether that is new."""
    sql = "UPDATE protected SET done = 1 WHERE municipality = ? AND person = ? AND done = 0"
    return bool(connection.run(sql, (municipality, person)))


def remove(connection: Connection, municipality: str, person: str) -> None:
    """The register says a clear no: what comes from now on is kept as it comes."""
    connection.run("DELETE FROM protected WHERE municipality = ? AND person = ?", (municipality, person))
    changed.grow(connection, municipality)


def unfinished(connection: Connection) -> list[Flagged]:
    """Those of whom something is still to be erased."""
    rows = connection.rows(
        "SELECT municipality, person, trader, sealed, since FROM protected WHERE done = 0 ORDER BY municipality, person"
    )
    return [Flagged(town, person, trader, bytes(sealed), since) for town, person, trader, sealed, since in rows]


def among(connection: Connection, municipality: str, persons: Collection[str]) -> set[str]:
    """Those of the hashes that are a protected person's, or a protected sole trader's."""
    marks = ", ".join("?" * len(persons))
    sql = f"SELECT {{0}} FROM protected WHERE municipality = ? AND {{0}} IN ({marks})"
    found = (connection.rows(sql.format(name), (municipality, *persons)) for name in ("person", "trader"))
    return {each for rows in found for (each,) in rows}


def everybody(connection: Connection, municipality: str) -> set[str]:
    """The hashes of all who are protected."""
    rows = connection.rows("SELECT person FROM protected WHERE municipality = ?", (municipality,))
    return {person for (person,) in rows}


# ---- where they stand


_BOOKING = ", ".join(Booking._fields)


def bookings_without(connection: Connection, municipality: str, after: int, *, limit: int) -> list[Booking]:
    """Bookings of which nobody knows by hash whose they are: they came before version 0.5."""
    sql = f"SELECT {_BOOKING} FROM bookings WHERE municipality = ? AND person IS NULL AND id > ? ORDER BY id LIMIT ?"
    return [Booking(*row) for row in connection.rows(sql, (municipality, after, limit))]


def set_persons(connection: Connection, rows: Iterable[tuple[str, int]]) -> None:
    """(person, id) of bookings whose person nobody knew."""
    connection.each("UPDATE bookings SET person = ? WHERE id = ? AND person IS NULL", rows)


def bookings_of(connection: Connection, municipality: str, persons: Sequence[str]) -> list[Booking]:
    """The bookings that a person pays for."""
    marks = ", ".join("?" * len(persons))
    sql = f"SELECT {_BOOKING} FROM bookings WHERE municipality = ? AND person <> '' AND person IN ({marks}) ORDER BY id"
    return [Booking(*row) for row in connection.rows(sql, (municipality, *persons))]


def reseal_booking(connection: Connection, id_: int, persons: bytes) -> None:
    """Other persons, sealed; the booking is otherwise as it came."""
    connection.run("UPDATE bookings SET persons = ? WHERE id = ?", (persons, id_))


_GATHERING = ", ".join(f"g.{name}" for name in Gathering._fields)


def gatherings_of(connection: Connection, municipality: str, person: bytes) -> list[Gathering]:
    """The lists of attendance that a person stands on."""
    sql = (
        f"SELECT DISTINCT {_GATHERING} FROM marks m JOIN gatherings g ON g.municipality = m.municipality"
        " AND g.id = m.gathering WHERE m.municipality = ? AND m.person = ? ORDER BY g.id"
    )
    return [Gathering(*row) for row in connection.rows(sql, (municipality, person))]


def reseal_gathering(connection: Connection, id_: int, sealed: bytes) -> None:
    """Another list, sealed."""
    connection.run("UPDATE gatherings SET sealed = ? WHERE id = ?", (sealed, id_))


class Raw(NamedTuple):
    """A raw row, as it came."""

    id: int
    connection: str
    source: bytes
    version: bytes
    sealed: bytes
    state: str


def raw_rows(connection: Connection, municipality: str, after: int, *, limit: int) -> list[Raw]:
    """The next raw rows."""
    sql = (
        "SELECT id, connection, source, version, sealed, state FROM intake WHERE municipality = ? AND id > ?"
        " ORDER BY id LIMIT ?"
    )
    rows = connection.rows(sql, (municipality, after, limit))
    return [Raw(id_, name, bytes(s), bytes(v), bytes(raw), state) for id_, name, s, v, raw, state in rows]


def empty_raw(connection: Connection, rows: Iterable[tuple[bytes, int]]) -> None:
    """(sealed, id) of raw rows of which nothing is left."""
    connection.each("UPDATE intake SET sealed = ? WHERE id = ?", rows)


def drop_raw(connection: Connection, ids: Iterable[int]) -> None:
    """Raw rows that mean nothing yet: should they come again, they are new."""
    connection.each("DELETE FROM intake WHERE id = ?", [(id_,) for id_ in ids])


UNTOUCHED = "l.owner IS NULL AND l.attempts = 0 AND l.confirmed IS NULL AND l.effect = 'planned'"
"""Of a record's lane: nobody has begun to send it."""


def invoices_of(connection: Connection, municipality: str, bookings: Iterable[int]) -> list[tuple[int, str, bool]]:
    """(id, key, whether nobody has begun to send it) of the invoices and credit notes that are for these bookings."""
    condition, values = connection.among("booking", bookings)
    sql = (
        f"SELECT i.id, i.key, CASE WHEN {UNTOUCHED} THEN 1 ELSE 0 END FROM invoices i"
        " LEFT JOIN lanes l ON l.municipality = i.municipality AND l.id = i.lane"
        f" WHERE i.municipality = ? AND i.id IN (SELECT invoice FROM entries WHERE municipality = ? AND {condition})"
        " ORDER BY i.id"
    )
    return [(id_, key, bool(open_)) for id_, key, open_ in connection.rows(sql, [municipality, municipality, *values])]


def reseal_invoice(connection: Connection, id_: int, sealed: bytes) -> None:
    """Another content, sealed, of one that nobody has begun to send."""
    connection.run("UPDATE invoices SET sealed = ? WHERE id = ?", (sealed, id_))


# ---- what is shown with a reason


def seal_records(connection: Connection, municipality: str, kind: str, keys: Iterable[str], *, now: int) -> None:
    """Have these shown only to who gives a reason."""
    connection.each(
        "INSERT INTO sealed_records(municipality, kind, key, since) VALUES(?, ?, ?, ?)"
        " ON CONFLICT(municipality, kind, key) DO NOTHING",
        [(municipality, kind, key, now) for key in keys],
    )


def is_sealed(connection: Connection, municipality: str, kind: str, key: str) -> bool:
    """Whether it is shown only to who gives a reason."""
    sql = "SELECT 1 FROM sealed_records WHERE municipality = ? AND kind = ? AND key = ?"
    return bool(connection.rows(sql, (municipality, kind, key)))


class Unsealing(NamedTuple):
    """A sealed record that is shown to a key for a time."""

    id: int
    kind: str
    key: str
    until: int


class NewUnsealing(NamedTuple):
    """A sealed record that is to be shown to a key until then."""

    municipality: str
    kind: str
    key: str
    who: str
    until: int


def unseal(connection: Connection, new: NewUnsealing, *, now: int) -> int:
    """Show it from now on, and forget what is over; gives the unsealing's id."""
    connection.run("DELETE FROM unsealings WHERE municipality = ? AND until <= ?", (new.municipality, now))
    sql = "INSERT INTO unsealings(municipality, kind, key, who, until) VALUES(?, ?, ?, ?, ?) RETURNING id"
    ((id_,),) = connection.all_returning(sql, [new])
    return int(id_)


def unsealing(connection: Connection, municipality: str, id_: int, *, who: str, now: int) -> Unsealing | None:
    """One that lasts, of that key."""
    sql = "SELECT id, kind, key, until FROM unsealings WHERE municipality = ? AND id = ? AND who = ? AND until > ?"
    rows = connection.rows(sql, (municipality, id_, who, now))
    return Unsealing(*rows[0]) if rows else None
