"""Versions of municipalities' configurations; the current one is what accepting plans with."""

import json
from collections.abc import Mapping
from typing import NamedTuple

from hub.store.database import Connection


class Version(NamedTuple):
    """A version of a municipality's folder: its files by relative path."""

    municipality: str
    version: int
    files: dict[str, str]


def current_versions(connection: Connection) -> dict[str, int]:
    """The current version of every municipality."""
    return dict(connection.rows("SELECT municipality, version FROM configurations WHERE current = 1"))


def current(connection: Connection) -> list[Version]:
    """The current configuration of every municipality, in order of key."""
    rows = connection.rows(
        "SELECT municipality, version, files FROM configurations WHERE current = 1 ORDER BY municipality"
    )
    return [Version(town, version, json.loads(files)) for town, version, files in rows]


def add(connection: Connection, municipality: str, files: Mapping[str, str], *, now: int) -> int:
    """Store a version and make it the current one; gives its number."""
    ((latest,),) = connection.rows(
        "SELECT coalesce(max(version), 0) FROM configurations WHERE municipality = ?", (municipality,)
    )
    connection.run("UPDATE configurations SET current = 0 WHERE municipality = ?", (municipality,))
    connection.run(
        "INSERT INTO configurations(municipality, version, files, created_at, current) VALUES(?, ?, ?, ?, 1)",
        (municipality, latest + 1, json.dumps(files, ensure_ascii=False, sort_keys=True), now),
    )
    return int(latest) + 1
