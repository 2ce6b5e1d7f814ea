"""Versions of municipalities' configurations; the current one is what accepting plans with."""

import json
from collections.abc import Mapping
from typing import NamedTuple

from hub.store.engine.bells import Bell
from hub.store.engine.database import Connection, Later, Row


class Version(NamedTuple):
    """A version of a municipality's folder: its files by relative path."""

    municipality: str
    version: int
    files: dict[str, str]


def current_versions(connection: Connection) -> dict[str, int]:
    """The current version of every municipality."""
    return dict(connection.rows("SELECT municipality, version FROM configurations WHERE current = 1"))


def bases(connection: Connection) -> dict[str, tuple[int, int]]:
    """What plans are made with now, by municipality: the versions of configuration and closures."""
    return bases_later(connection)()


def bases_later(connection: Connection) -> Later[dict[str, tuple[int, int]]]:
    """The same, with what is asked next."""
    rows = connection.rows_later(
        "SELECT municipality, version, coalesce((SELECT max(x.version) FROM closures x WHERE x.municipality ="
        " configurations.municipality), 0) FROM configurations WHERE current = 1"
    )
    return lambda: {town: (version, closed) for town, version, closed in rows()}


def current(connection: Connection) -> list[Version]:
    """The current configuration of every municipality, in order of key."""
    rows = connection.rows(
        "SELECT municipality, version, files FROM configurations WHERE current = 1 ORDER BY municipality"
    )
    return [Version(town, version, json.loads(files)) for town, version, files in rows]


def find(connection: Connection, municipality: str, version: int) -> Version | None:
    """One version."""
    sql = "SELECT municipality, version, files FROM configurations WHERE municipality = ? AND version = ?"
    rows = connection.rows(sql, (municipality, version))
    return next((Version(town, number, json.loads(files)) for town, number, files in rows), None)


class Made(NamedTuple):
    """When a version was made (microseconds), and whether it is the current one."""

    version: int
    files: dict[str, str]
    created_at: int
    current: bool


def made(connection: Connection, municipality: str) -> list[Made]:
    """All versions, the oldest first."""
    sql = "SELECT version, files, created_at, current FROM configurations WHERE municipality = ? ORDER BY version"
    rows = connection.rows(sql, (municipality,))
    return [Made(version, json.loads(files), at, bool(current)) for version, files, at, current in rows]


_ADD = "INSERT INTO configurations(municipality, version, files, created_at, current, applied) VALUES(?, ?, ?, ?, 1, ?)"


def add(connection: Connection, municipality: str, files: Mapping[str, str], *, now: int, applied: bool = True) -> int:
    """Store a version and make it the current one; gives its number. `applied`: nothing is to be planned anew."""
    connection.ring(Bell.RULES)
    ((latest,),) = connection.rows(
        "SELECT coalesce(max(version), 0) FROM configurations WHERE municipality = ?", (municipality,)
    )
    connection.run("UPDATE configurations SET current = 0 WHERE municipality = ?", (municipality,))
    text = json.dumps(files, ensure_ascii=False, sort_keys=True)
    connection.run(_ADD, (municipality, latest + 1, text, now, applied))
    return int(latest) + 1


def make_current(connection: Connection, municipality: str, version: int) -> None:
    """Make a stored version the current one; what stands is to be planned with it."""
    connection.ring(Bell.RULES)
    connection.run("UPDATE configurations SET current = 0 WHERE municipality = ?", (municipality,))
    connection.run(
        "UPDATE configurations SET current = 1, applied = 0, walked = 0, walked_at = 0, changed = 0"
        " WHERE municipality = ? AND version = ?",
        (municipality, version),
    )


# ---- how far a version has been applied


class Progress(NamedTuple):
    """Of a version that is current. `walked_at`: by the database's clock, 0 before anybody began."""

    municipality: str
    version: int
    applied: bool
    walked: int
    walked_at: int
    changed: int


_PROGRESS = "SELECT municipality, version, applied, walked, walked_at, changed FROM configurations WHERE current = 1"
_OF_CURRENT = " WHERE municipality = ? AND version = ? AND current = 1"


def progress(connection: Connection, municipality: str) -> Progress | None:
    """How far the current version has been applied."""
    rows = connection.rows(f"{_PROGRESS} AND municipality = ?", (municipality,))
    return _progress(rows[0]) if rows else None


def unapplied(connection: Connection) -> list[Progress]:
    """The current versions that not all that stands follows yet."""
    return [_progress(row) for row in connection.rows(f"{_PROGRESS} AND applied = 0 ORDER BY municipality")]


def _progress(row: Row) -> Progress:
    return Progress(*row)._replace(applied=bool(row[2]))


def take_up(connection: Connection, known: Progress) -> bool:
    """Go on with an application, unless somebody else has moved it since it was looked at."""
    sql = f"UPDATE configurations SET walked_at = ?{_OF_CURRENT} AND applied = 0 AND walked = ? AND walked_at = ?"
    place = (known.municipality, known.version, known.walked, known.walked_at)
    return bool(connection.run(sql, (connection.clock(), *place)))


def passed(connection: Connection, municipality: str, version: int, walked: int, changed: int) -> bool:
    """Remember how far it has come; False where another version is current."""
    sql = f"UPDATE configurations SET walked = ?, walked_at = ?, changed = changed + ?{_OF_CURRENT}"
    return bool(connection.run(sql, (walked, connection.clock(), changed, municipality, version)))


def set_applied(connection: Connection, municipality: str, version: int) -> bool:
    """All that stands follows it; False where another version is current."""
    return bool(connection.run(f"UPDATE configurations SET applied = 1{_OF_CURRENT}", (municipality, version)))
