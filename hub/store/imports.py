"""Imports: a file that was read, who sent it, and how it went."""

from collections.abc import Iterable
from typing import NamedTuple

from hub.store.engine.database import Connection

RUNNING, ENDED, FAILED = "running", "done", "failed"


class Origin(NamedTuple):
    """Whose file, how it came (upload, folder, sftp), what it was called, and who sent it."""

    municipality: str
    connection: str
    via: str
    name: str
    sent_by: str


class Import(NamedTuple):
    """`counts` and `detail` are text for people and programs; times in microseconds."""

    id: int
    connection: str
    via: str
    name: str
    sent_by: str
    state: str
    counts: str
    detail: str | None
    begun_at: int
    ended_at: int | None


_BROKEN_OFF = "broken off; send the file again: what was kept is not kept twice"
_COLUMNS = "id, connection, via, name, sent_by, state, counts, detail, begun_at, ended_at"


def begin(connection: Connection, origin: Origin, *, node: str, now: int) -> int:
    """A file is being read by that node; gives the import's id."""
    ((id_,),) = connection.all_returning(
        "INSERT INTO imports(municipality, connection, via, name, sent_by, state, counts, begun_at, node)"
        " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        [(*origin, RUNNING, "{}", now, node)],
    )
    return int(id_)


def progress(connection: Connection, municipality: str, id_: int, counts: str) -> None:
    """So far; with the rows that it counts."""
    connection.run("UPDATE imports SET counts = ? WHERE municipality = ? AND id = ?", (counts, municipality, id_))


def end(connection: Connection, municipality: str, id_: int, state: str, detail: str | None, *, now: int) -> None:
    """It has been read, or cannot be."""
    connection.run(
        "UPDATE imports SET state = ?, detail = ?, ended_at = ? WHERE municipality = ? AND id = ?",
        (state, detail, now, municipality, id_),
    )


def break_off(connection: Connection, nodes: Iterable[str], *, now: int) -> None:
    """What was being read by any but these nodes is not read any more: it is when the file comes again."""
    condition, values = connection.among("node", nodes)
    connection.run(
        f"UPDATE imports SET state = 'failed', detail = ?, ended_at = ? WHERE state = 'running' AND NOT {condition}",
        (_BROKEN_OFF, now, *values),
    )


def listed(connection: Connection, municipality: str, *, limit: int) -> list[Import]:
    """The latest imports."""
    sql = f"SELECT {_COLUMNS} FROM imports WHERE municipality = ? ORDER BY id DESC LIMIT ?"
    return [Import(*row) for row in connection.rows(sql, (municipality, limit))]
