"""Closures; what is planned is planned with a version of them."""

from typing import NamedTuple

from hub.store.engine.bells import Bell
from hub.store.engine.database import Connection


class Stored(NamedTuple):
    """A closure as stored. Times in microseconds."""

    id: str
    revision: int
    resource: str
    starts: int
    ends: int
    reason: str | None
    lifted: bool
    version: int
    applied: bool


_ALL = (
    "SELECT id, revision, resource, starts, ends, reason, lifted, version, applied FROM closures WHERE municipality = ?"
)


def versions(connection: Connection) -> dict[str, int]:
    """The version of every municipality's closures; one without any is not there."""
    return dict(connection.rows("SELECT municipality, max(version) FROM closures GROUP BY municipality"))


def listed(connection: Connection, municipality: str) -> list[Stored]:
    """All closures of a municipality, in order of start."""
    return [_stored(row) for row in connection.rows(f"{_ALL} ORDER BY starts, id", (municipality,))]


def find(connection: Connection, municipality: str, id_: str) -> Stored | None:
    """One closure."""
    rows = connection.rows(f"{_ALL} AND id = ?", (municipality, id_))
    return _stored(rows[0]) if rows else None


def _stored(row: tuple[object, ...]) -> Stored:
    found = Stored(*row)  # type: ignore[arg-type]
    return found._replace(lifted=bool(found.lifted), applied=bool(found.applied))


def put(connection: Connection, municipality: str, closure: Stored) -> Stored:
    """Store a closure at its revision, with a new version; not applied yet."""
    connection.ring(Bell.RULES)
    ((version,),) = connection.rows(
        "SELECT coalesce(max(version), 0) + 1 FROM closures WHERE municipality = ?", (municipality,)
    )
    new = closure._replace(version=version, applied=False)
    connection.run(
        "INSERT INTO closures(municipality, id, revision, resource, starts, ends, reason, lifted, version, applied)"
        " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(municipality, id) DO UPDATE SET"
        " revision = excluded.revision, resource = excluded.resource, starts = excluded.starts, ends = excluded.ends,"
        " reason = excluded.reason,"
        " lifted = excluded.lifted, version = excluded.version, applied = excluded.applied",
        (municipality, *new),
    )
    return new


def set_applied(connection: Connection, municipality: str, id_: str, version: int) -> None:
    """What stands is planned with this version of the closure."""
    connection.run(
        "UPDATE closures SET applied = 1 WHERE municipality = ? AND id = ? AND version = ?",
        (municipality, id_, version),
    )


def unapplied(connection: Connection) -> list[tuple[str, str]]:
    """(municipality, id) of closures that a process that is gone began to apply."""
    return [(town, id_) for town, id_ in connection.rows("SELECT municipality, id FROM closures WHERE applied = 0")]
