"""Attendance: gatherings, and the marks on their lists."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from hub.store.engine.database import Connection

PARTICIPANT, LEADER = 0, 1


class Place(NamedTuple):
    """What a gathering is known by within its connection."""

    association: str
    card: str
    code: str


class Gathering(NamedTuple):
    """Times in microseconds; `body` is JSON without persons."""

    place: Place
    starts: int
    ends: int
    organisation: bytes | None
    body: str
    sealed: bytes


class Stored(NamedTuple):
    """A gathering as it stands."""

    id: int
    connection: str
    association: str
    card: str
    code: str
    starts: int
    ends: int
    body: str
    sealed: bytes


_STORED = "SELECT id, connection, association, card, code, starts, ends, body, sealed FROM gatherings"


def gatherings(connection: Connection, municipality: str, name: str, places: Iterable[Place]) -> dict[Place, Stored]:
    """Each of these that is stored."""
    wanted, found = list(places), dict[Place, Stored]()
    for begin in range(0, len(wanted), _MANY):
        some = wanted[begin : begin + _MANY]
        among = ", ".join(["(?, ?, ?)"] * len(some))
        sql = f"{_STORED} WHERE municipality = ? AND connection = ? AND (association, card, code) IN (VALUES {among})"
        values = [part for place in some for part in place]
        found |= {Place(*row[2:5]): Stored(*row) for row in connection.rows(sql, (municipality, name, *values))}
    return found


_MANY = 500
_PUT = (
    "INSERT INTO gatherings(municipality, connection, association, card, code, starts, ends, organisation, body,"
    " sealed, import_id, at) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT(municipality, connection, association, card, code) DO UPDATE SET starts = excluded.starts,"
    " ends = excluded.ends, organisation = excluded.organisation, body = excluded.body,"
    " sealed = excluded.sealed, import_id = excluded.import_id, at = excluded.at RETURNING association, card, code, id"
)


def put(
    connection: Connection, municipality: str, name: str, told: Sequence[Gathering], *, import_id: int, now: int
) -> dict[Place, int]:
    """Keep gatherings, in place of what was there; gives their ids."""
    rows = connection.all_returning(_PUT, [(municipality, name, *one.place, *one[1:], import_id, now) for one in told])
    return {Place(*row[:3]): int(row[3]) for row in rows}


def remove(connection: Connection, municipality: str, ids: Iterable[int]) -> None:
    """Forget gatherings and their marks."""
    for id_ in ids:
        unmark(connection, municipality, [id_])
        connection.run("DELETE FROM gatherings WHERE municipality = ? AND id = ?", (municipality, id_))


def unmark(connection: Connection, municipality: str, ids: Iterable[int]) -> None:
    """Take every mark from these lists."""
    for id_ in ids:
        connection.run("DELETE FROM marks WHERE municipality = ? AND gathering = ?", (municipality, id_))


def mark(connection: Connection, rows: Iterable[tuple[str, int, bytes, int, int, int, int]]) -> None:
    """Set marks: municipality, gathering, person, role, present, starts, ends."""
    connection.each(
        "INSERT INTO marks(municipality, gathering, person, role, present, starts, ends) VALUES(?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT(municipality, gathering, person, role) DO UPDATE SET present = excluded.present,"
        " starts = excluded.starts, ends = excluded.ends",
        rows,
    )


_LIST = f"{_STORED} WHERE municipality = ? AND (starts > ? OR (starts = ? AND id > ?)) AND starts < ?"


class Which(NamedTuple):
    """Gatherings that start after (start, id) and before `until`: of one association, or of all."""

    after: tuple[int, int]
    until: int
    association: str | None = None
    organisation: bytes | None = None
    """Keyed hash of its number; the association may be known by this too."""


def listed(connection: Connection, municipality: str, which: Which, *, limit: int) -> list[Stored]:
    """Gatherings by their start."""
    of, values = "", []
    if which.association is not None:
        of, values = " AND (association = ? OR organisation = ?)", [which.association, which.organisation]
    sql = f"{_LIST}{of} ORDER BY starts, id LIMIT ?"
    bound = (municipality, which.after[0], *which.after, which.until, *values, limit)
    return [Stored(*row) for row in connection.rows(sql, bound)]


def marks(connection: Connection, municipality: str, ids: Sequence[int]) -> list[tuple[int, bytes, int, int]]:
    """The marks on these lists: gathering, person, role, present."""
    marks_ = ", ".join("?" * len(ids))
    sql = f"SELECT gathering, person, role, present FROM marks WHERE municipality = ? AND gathering IN ({marks_})"
    return [(row[0], row[1], row[2], row[3]) for row in connection.rows(sql, (municipality, *ids))]


class Overlap(NamedTuple):
    """A person who was in two places at once: counted at `gathering`'s earlier one, and not here."""

    gathering: int
    person: bytes
    other: int


_OVERLAPS = (
    "SELECT DISTINCT m.gathering, m.person, o.gathering FROM marks m JOIN marks o"
    " ON o.municipality = m.municipality AND o.person = m.person AND o.gathering <> m.gathering AND o.present = 1"
    " AND o.starts < m.ends AND o.starts > m.starts - ? AND o.ends > m.starts"
    " AND (o.starts < m.starts OR (o.starts = m.starts AND o.gathering < m.gathering))"
    " WHERE m.municipality = ? AND m.present = 1 AND "
)


def _longest(connection: Connection, municipality: str) -> int:
    """The longest gathering there is, microseconds: what began before that is over, and need not be searched."""
    sql = "SELECT coalesce(max(ends - starts), 0) FROM gatherings WHERE municipality = ?"
    ((found,),) = connection.rows(sql, (municipality,))
    return int(found)


def overlaps(connection: Connection, municipality: str, ids: Sequence[int]) -> list[Overlap]:
    """Who was marked present in these gatherings and, at the same time, in one that began earlier."""
    marks_ = ", ".join("?" * len(ids))
    sql = f"{_OVERLAPS} m.gathering IN ({marks_}) ORDER BY 1, 2, 3"
    return [Overlap(*row) for row in connection.rows(sql, (_longest(connection, municipality), municipality, *ids))]


def overlaps_of_import(connection: Connection, municipality: str, import_id: int, *, limit: int) -> list[Overlap]:
    """The first of the same for all that an import brought, in any order; also where what was there came later."""
    sql = (
        "SELECT m.gathering, m.person, o.gathering FROM gatherings g JOIN marks m"
        " ON m.municipality = g.municipality AND m.gathering = g.id AND m.present = 1 JOIN marks o"
        " ON o.municipality = m.municipality AND o.person = m.person AND o.gathering <> m.gathering AND o.present = 1"
        " AND o.starts < m.ends AND o.starts > m.starts - ? AND o.ends > m.starts"
        " WHERE g.municipality = ? AND g.import_id = ? LIMIT ?"
    )
    longest = _longest(connection, municipality)
    return [Overlap(*row) for row in connection.rows(sql, (longest, municipality, import_id, limit))]


def names(connection: Connection, municipality: str, ids: Iterable[int]) -> Mapping[int, Stored]:
    """Gatherings by id."""
    sql = f"{_STORED} WHERE municipality = ? AND id = ?"
    found = (connection.rows(sql, (municipality, id_)) for id_ in ids)
    return {rows[0][0]: Stored(*rows[0]) for rows in found if rows}


def forget(connection: Connection, municipality: str, *, before: int, limit: int) -> int:
    """Remove the oldest gatherings that ended before a moment; gives how many."""
    sql = "SELECT id FROM gatherings WHERE municipality = ? AND starts < ? AND ends < ? ORDER BY starts LIMIT ?"
    ids = [int(row[0]) for row in connection.rows(sql, (municipality, before, before, limit))]
    remove(connection, municipality, ids)
    return len(ids)
