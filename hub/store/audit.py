"""The audit's leaves and rows: added, put in the chain, and read."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from hub.store import installation
from hub.store.engine.database import Connection, Later, Row

_ADD_LEAF = (
    "INSERT INTO audit_leaves(id, municipality, mark, digests, sealed, secret, proof) VALUES(?, ?, ?, ?, ?, ?, ?)"
)
_ADD_ROW = (
    "INSERT INTO audit(municipality, leaf, n, at, act, subject, who, person, told) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_LEAF = "id, municipality, mark, digests, sealed, secret, proof, place, link"


class Line(NamedTuple):
    """A row of a leaf. `at` in microseconds; `person`: a keyed hash, empty for nobody; `told`: JSON, or empty."""

    at: int
    act: str
    subject: str
    who: str
    person: bytes
    told: str


class NewLeaf(NamedTuple):
    """What a transaction writes for one municipality."""

    municipality: str
    mark: bytes
    digests: bytes
    sealed: bytes
    secret: bytes
    proof: bytes
    lines: Sequence[Line]


class Leaf(NamedTuple):
    """As it is stored."""

    id: int
    municipality: str
    mark: bytes
    digests: bytes
    sealed: bytes
    secret: bytes
    proof: bytes
    place: int | None
    link: bytes | None


class Head(NamedTuple):
    """The end of a chain. `proof`: a keyed hash of the two, which is not that of any leaf."""

    place: int
    link: bytes
    proof: bytes


def ids_later(connection: Connection, count: int) -> Later[list[int]]:
    """For so many leaves that are to be added."""
    return connection.ids_later("audit_leaves", count)


def add(connection: Connection, leaves: Mapping[int, NewLeaf]) -> None:
    """Add leaves by their ids, with their rows: two statements, however many there are."""
    connection.each(_ADD_LEAF, [(id_, *leaf[:6]) for id_, leaf in leaves.items()])
    rows = [(leaf.municipality, id_, n, *line) for id_, leaf in leaves.items() for n, line in enumerate(leaf.lines)]
    connection.each(_ADD_ROW, rows)


# ---- the chain


def is_loose(connection: Connection) -> bool:
    """Whether any leaf is not in its chain yet."""
    return bool(connection.rows("SELECT 1 FROM audit_leaves WHERE place IS NULL LIMIT 1"))


def loose(connection: Connection, *, limit: int) -> list[tuple[int, str, bytes]]:
    """(id, municipality, proof) of leaves that are not in their chain yet, in order of id."""
    sql = "SELECT id, municipality, proof FROM audit_leaves WHERE place IS NULL ORDER BY id LIMIT ?"
    return [(id_, town, bytes(proof)) for id_, town, proof in connection.rows(sql, (limit,))]


def put_in_place(connection: Connection, rows: Iterable[tuple[int, bytes, int]]) -> None:
    """(place, link, id) of leaves that come into their chain."""
    connection.each("UPDATE audit_leaves SET place = ?, link = ? WHERE id = ? AND place IS NULL", rows)


def head(connection: Connection, municipality: str) -> Head | None:
    """The end of a chain; None before its first leaf."""
    told = installation.value(connection, _head(municipality))
    if told is None:
        return None
    place, link, proof = json.loads(told)
    return Head(place, bytes.fromhex(link), bytes.fromhex(proof))


def set_head(connection: Connection, municipality: str, head: Head) -> None:
    """Remember the end of a chain."""
    told = json.dumps([head.place, head.link.hex(), head.proof.hex()])
    installation.keep(connection, _head(municipality), told)


def _head(municipality: str) -> str:
    return f"audit/{municipality}"


# ---- reading


def in_chain(connection: Connection, municipality: str, after: int, *, limit: int) -> list[Leaf]:
    """The next leaves of a chain."""
    sql = f"SELECT {_LEAF} FROM audit_leaves WHERE municipality = ? AND place > ? ORDER BY place LIMIT ?"
    return [_leaf(row) for row in connection.rows(sql, (municipality, after, limit))]


def out_of_chain(connection: Connection, municipality: str, after: int, *, limit: int) -> list[Leaf]:
    """The next leaves, in order of id, that are in no chain yet."""
    sql = f"SELECT {_LEAF} FROM audit_leaves WHERE municipality = ? AND place IS NULL AND id > ? ORDER BY id LIMIT ?"
    return [_leaf(row) for row in connection.rows(sql, (municipality, after, limit))]


def lines(connection: Connection, municipality: str, leaves: Iterable[int]) -> dict[int, dict[int, Line]]:
    """The rows of leaves, by leaf and place within it."""
    condition, values = connection.among("leaf", leaves)
    sql = f"SELECT leaf, n, at, act, subject, who, person, told FROM audit WHERE municipality = ? AND {condition}"
    found: dict[int, dict[int, Line]] = {}
    for leaf, n, *line in connection.rows(sql, [municipality, *values]):
        found.setdefault(leaf, {})[n] = _line(line)
    return found


def strays(connection: Connection, municipality: str, *, limit: int) -> list[tuple[int, int, Line]]:
    """(leaf, n, row) of rows whose leaf is not there."""
    rows = connection.rows(
        "SELECT leaf, n, at, act, subject, who, person, told FROM audit WHERE municipality = ? AND NOT EXISTS"
        " (SELECT 1 FROM audit_leaves l WHERE l.id = audit.leaf AND l.municipality = audit.municipality)"
        " ORDER BY leaf, n LIMIT ?",
        (municipality, limit),
    )
    return [(leaf, n, _line(line)) for leaf, n, *line in rows]


class Sought(NamedTuple):
    """Which rows are wanted; None: any. `since` and `until`: microseconds, half open. `before`: a leaf and a row."""

    act: str | None = None
    subject: str | None = None
    who: str | None = None
    person: bytes | None = None
    since: int | None = None
    until: int | None = None
    before: tuple[int, int] | None = None


_CONDITIONS = ("act = ?", "subject = ?", "who = ?", "person = ?", "at >= ?", "at < ?")


def page(connection: Connection, municipality: str, sought: Sought, *, limit: int) -> list[tuple[int, int, Line]]:
    """(leaf, n, row), the newest first."""
    told = [(sql, value) for sql, value in zip(_CONDITIONS, sought, strict=False) if value is not None]
    where, values = ["municipality = ?", *(sql for sql, _ in told)], [municipality, *(value for _, value in told)]
    if sought.before is not None:
        where.append("(leaf, n) < (?, ?)")
        values += sought.before
    rows = connection.rows(
        f"SELECT leaf, n, at, act, subject, who, person, told FROM audit WHERE {' AND '.join(where)}"
        " ORDER BY leaf DESC, n DESC LIMIT ?",
        [*values, limit],
    )
    return [(leaf, n, _line(line)) for leaf, n, *line in rows]


def leaves(connection: Connection, municipality: str, ids: Iterable[int]) -> dict[int, Leaf]:
    """Those leaves."""
    condition, values = connection.among("id", ids)
    sql = f"SELECT {_LEAF} FROM audit_leaves WHERE municipality || '' = ? AND {condition}"
    return {row[0]: _leaf(row) for row in connection.rows(sql, [municipality, *values])}


def _leaf(row: Row) -> Leaf:
    id_, town, mark, digests, sealed, secret, proof, place, link = row
    linked = None if link is None else bytes(link)
    return Leaf(id_, town, bytes(mark), bytes(digests), bytes(sealed), bytes(secret), bytes(proof), place, linked)


def _line(row: Sequence[Any]) -> Line:
    at, act, subject, who, person, told = row
    return Line(at, act, subject, who, bytes(person), told)


def towns(connection: Connection) -> list[str]:
    """Everything that has a chain, or should have."""
    rows = connection.rows(
        "SELECT DISTINCT municipality FROM audit_leaves UNION"
        " SELECT substr(name, 7) FROM installation WHERE name LIKE 'audit/%' ORDER BY 1"
    )
    return [str(town) for (town,) in rows]
