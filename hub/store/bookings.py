"""Bookings: read what is known, write what was accepted."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from hub.store.engine.database import OF_TOWN, Connection, Later

_KNOWN = "SELECT id, number, revision, content, asked, unserved FROM bookings WHERE "
_INSERT = (
    "INSERT INTO bookings(id, municipality, number, revision, status, content, body, persons, asked, unserved,"
    " configuration, accepted_at, sent_by, person) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_UPDATE = (
    "UPDATE bookings SET revision = ?, status = ?, content = ?, body = ?, persons = ?, asked = ?, unserved = ?,"
    " configuration = ?,"
    " accepted_at = ?, sent_by = ?, person = ? WHERE municipality = ? AND id = ?"
)
_STORED = (
    "SELECT id, number, revision, status, body, persons, asked, unserved, configuration, accepted_at, sent_by, content"
    " FROM bookings"
)


class Known(NamedTuple):
    """What decides about a request: revision and content that stand, what it asked for and what it lacked (JSON)."""

    id: int
    revision: int
    content: bytes
    asked: str
    unserved: str = "[]"


class Stored(NamedTuple):
    """A booking as stored; `persons` is sealed."""

    id: int
    number: str
    revision: int
    status: str
    body: str
    persons: bytes
    asked: str
    unserved: str
    configuration: int
    accepted_at: int
    sent_by: str
    content: bytes


def known(connection: Connection, municipality: str, numbers: Iterable[str]) -> dict[str, Known]:
    """The bookings among the numbers that there are."""
    condition, values = connection.among_of(municipality, "number", numbers)
    rows = connection.rows(_KNOWN + condition, values)
    return {number: Known(id_, revision, bytes(content), *told) for id_, number, revision, content, *told in rows}


def ids_later(connection: Connection, count: int) -> Later[list[int]]:
    """For so many new bookings that are to be stored."""
    return connection.ids_later("bookings", count)


def insert(connection: Connection, rows: Iterable[Sequence[object]]) -> None:
    """Store new bookings, each with an id and a number of its own."""
    connection.each(_INSERT, rows)


def update(connection: Connection, rows: Iterable[Sequence[object]]) -> None:
    """Replace the content of bookings."""
    connection.each(_UPDATE, rows)


def find(connection: Connection, municipality: str, number: str) -> Stored | None:
    """The booking of that number."""
    rows = connection.rows(f"{_STORED} WHERE municipality = ? AND number = ?", (municipality, number))
    return Stored(*rows[0]) if rows else None


def of_numbers(connection: Connection, municipality: str, numbers: Iterable[str]) -> list[Stored]:
    """Those bookings, in order of number."""
    condition, values = connection.among("number", numbers)
    rows = connection.rows(f"{_STORED} WHERE municipality = ? AND {condition} ORDER BY number", [municipality, *values])
    return [Stored(*row) for row in rows]


def page(connection: Connection, municipality: str, *, after: str, limit: int) -> list[tuple[str, int, str, bytes]]:
    """(number, revision, status, content hash) in order of number."""
    rows = connection.rows(
        "SELECT number, revision, status, content FROM bookings WHERE municipality = ? AND number > ? ORDER BY"
        " number LIMIT ?",
        (municipality, after, limit),
    )
    return [(number, revision, status, bytes(content)) for number, revision, status, content in rows]


def numbers(connection: Connection, municipality: str, ids: Iterable[int]) -> dict[int, str]:
    """The numbers of bookings by id."""
    condition, values = connection.among("id", ids)
    return dict(
        connection.rows(f"SELECT id, number FROM bookings WHERE {OF_TOWN} AND {condition}", [municipality, *values])
    )


class Told(NamedTuple):
    """What decides whether a booking's subscribers are told; `effective`: the revision that they were told of."""

    id: int
    number: str
    revision: int
    status: str
    effective: int
    asked: str


class Named(NamedTuple):
    """A booking by its number: its id, and whether what it asks for may have a text in it."""

    id: int
    may_have: bool


def named(connection: Connection, municipality: str, numbers: Collection[str], text: str) -> dict[str, Named]:
    """The bookings among the numbers that there are. `text`: looked for in what they ask for, in either case."""
    if not numbers:
        return {}
    condition, values = connection.among_of(municipality, "number", numbers)
    sql = f"SELECT number, id, asked LIKE ? FROM bookings WHERE {condition}"
    return {number: Named(id_, bool(has)) for number, id_, has in connection.rows(sql, [f"%{text}%", *values])}


def asked(connection: Connection, municipality: str, ids: Collection[int]) -> dict[int, str]:
    """What those bookings ask for, as JSON."""
    condition, values = connection.among("id", ids)
    sql = f"SELECT id, asked FROM bookings WHERE {OF_TOWN} AND {condition}"
    return dict(connection.rows(sql, [municipality, *values])) if ids else {}


def told(connection: Connection, municipality: str, ids: Collection[int]) -> list[Told]:
    """Those bookings; nobody else tells of them before this transaction ends."""
    condition, values = connection.among("id", ids)
    where = f"{OF_TOWN} AND {condition} ORDER BY id{connection.for_update}"
    sql = f"SELECT id, number, revision, status, effective, asked FROM bookings WHERE {where}"
    return [Told(*row) for row in connection.rows(sql, [municipality, *values])] if ids else []


def naming(connection: Connection, municipality: str, resource: str) -> list[str]:
    """What the bookings have asked for, as JSON, that name a resource, cancelled ones too. Walks them all."""
    sql = "SELECT asked FROM bookings WHERE municipality = ? AND body LIKE ?"
    return [asked for (asked,) in connection.rows(sql, (municipality, f'%"{resource}"%'))]


def set_effective(connection: Connection, municipality: str, revisions: Mapping[int, int]) -> None:
    """Remember the revision of each booking, by id, that its subscribers were told of."""
    connection.change(
        "UPDATE bookings SET effective = v.revision FROM v WHERE bookings.municipality = v.municipality"
        " AND bookings.id = v.booking",
        (("municipality", "text"), ("booking", "bigint"), ("revision", "bigint")),
        [(municipality, id_, revision) for id_, revision in sorted(revisions.items())],
    )


def counts(connection: Connection, municipality: str) -> dict[str, int]:
    """How many bookings there are of each status."""
    return dict(
        connection.rows("SELECT status, count(*) FROM bookings WHERE municipality = ? GROUP BY status", (municipality,))
    )


def unserved(connection: Connection, municipality: str) -> list[tuple[str, int]]:
    """(what is unserved as JSON, by how many bookings)."""
    sql = "SELECT unserved, count(*) FROM bookings WHERE municipality = ? AND unserved <> '[]' GROUP BY unserved"
    return [(what, count) for what, count in connection.rows(sql, (municipality,))]


def with_ids(connection: Connection, municipality: str, ids: Iterable[int]) -> list[Stored]:
    """Those bookings, in order of id."""
    condition, values = connection.among("id", ids)
    rows = connection.rows(f"{_STORED} WHERE {OF_TOWN} AND {condition} ORDER BY id", [municipality, *values])
    return [Stored(*row) for row in rows]
