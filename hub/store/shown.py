"""Lanes as they are shown, chosen and counted; nothing here changes them."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from hub.clock import NEVER
from hub.store.engine.database import OF_TOWN, Connection, Later


class Seen(NamedTuple):
    """A lane as it is shown. Times in microseconds."""

    id: int
    connection: str
    key: str
    kind: str
    generation: int
    confirmed: str | None
    effect: str
    delivery: str
    proof: str | None
    detail: str | None
    due: int
    attempts: int
    confirmed_at: int | None
    failing_since: int | None
    problem: int | None
    reference: str | None = None


_SEEN = (
    "SELECT id, connection, key, kind, generation, confirmed, effect, delivery, proof, detail, due, attempts,"
    " confirmed_at,"
    " failing_since, problem, reference FROM lanes WHERE"
)


def seen(connection: Connection, municipality: str, ids: Iterable[int]) -> dict[int, Seen]:
    """Those lanes, by id."""
    return seen_later(connection, municipality, ids)()


def seen_later(connection: Connection, municipality: str, ids: Iterable[int]) -> Later[dict[int, Seen]]:
    """The same, with what is asked next."""
    condition, values = connection.among("id", ids)
    rows = connection.rows_later(f"{_SEEN} {OF_TOWN} AND {condition}", [municipality, *values])
    return lambda: {row[0]: Seen(*row) for row in rows()}


def with_key(connection: Connection, municipality: str, name: str, key: str) -> Seen | None:
    """The lane of one target."""
    rows = connection.rows(f"{_SEEN} municipality = ? AND connection = ? AND key = ?", (municipality, name, key))
    return Seen(*rows[0]) if rows else None


class Filter(NamedTuple):
    """Which lanes are meant: all that is told of them holds."""

    deliveries: Collection[str] | None = None
    name: str | None = None
    """Of their connection."""
    before: int | None = None
    """They are due earlier."""
    ids: Collection[int] | None = None


def page(connection: Connection, municipality: str, chosen: Filter, *, after: int, limit: int) -> list[Seen]:
    """Lanes in order of id."""
    where, values = _where(connection, municipality, chosen)
    rows = connection.rows(f"{_SEEN} {where} AND id > ? ORDER BY id LIMIT ?", [*values, after, limit])
    return [Seen(*row) for row in rows]


def ids(connection: Connection, municipality: str, chosen: Filter) -> list[int]:
    """The ids of all of them, in order."""
    where, values = _where(connection, municipality, chosen)
    return [id_ for (id_,) in connection.rows(f"SELECT id FROM lanes WHERE {where} ORDER BY id", values)]


def _where(connection: Connection, municipality: str, chosen: Filter) -> tuple[str, list[object]]:
    parts: list[tuple[str, list[object]]] = [(OF_TOWN, [municipality])]
    if chosen.deliveries is not None:
        parts.append(connection.among("delivery", chosen.deliveries))
    if chosen.name is not None:
        parts.append(("connection = ?", [chosen.name]))
    if chosen.before is not None:
        parts.append(("due < ?", [chosen.before]))
    if chosen.ids is not None:
        parts.append(connection.among("id", chosen.ids))
    return " AND ".join(part for part, _ in parts), [value for _, values in parts for value in values]


def counts(connection: Connection, municipality: str) -> list[tuple[str, str, str, int]]:
    """(kind, effect, delivery, how many)."""
    sql = "SELECT kind, effect, delivery, count(*) FROM lanes WHERE municipality = ? GROUP BY kind, effect, delivery"
    return [(kind, effect, delivery, count) for kind, effect, delivery, count in connection.rows(sql, (municipality,))]


def waiting(connection: Connection, municipality: str) -> dict[str, int]:
    """How many lanes of each connection are not as they should be."""
    sql = (
        "SELECT connection, count(*) FROM lanes WHERE municipality = ? AND (problem IS NOT NULL OR delivery ="
        " 'retrying')"
        " GROUP BY connection"
    )
    return dict(connection.rows(sql, (municipality,)))


def nearest(connection: Connection, municipality: str, problem: int, *, now: int) -> int | None:
    """When the first of what waits behind a problem is needed."""
    ((starts,),) = connection.rows(
        "SELECT min(c.starts) FROM lanes l JOIN claims c ON c.municipality = l.municipality AND c.lane = l.id"
        " WHERE l.municipality = ? AND l.problem = ? AND c.ends > ? AND c.suspended = 0",
        (municipality, problem, now),
    )
    return None if starts is None else int(starts)


def oldest(connection: Connection, municipality: str, *, now: int) -> int:
    """When the oldest lane that is due became so; NEVER when none is."""
    sql = f"SELECT min(due) FROM lanes WHERE due <= ? AND due < {NEVER} AND {OF_TOWN}"
    ((due,),) = connection.rows(sql, (now, municipality))
    return NEVER if due is None else int(due)


class Revokes(NamedTuple):
    """Grants that are to go, and may still open: how many, and since when the oldest fails; None: none has failed."""

    open: int
    since: int | None


def revokes(connection: Connection, municipality: str) -> Revokes:
    """Those that no look has shown to be gone."""
    sql = (
        "SELECT count(*), min(failing_since) FROM lanes WHERE municipality = ? AND effect = 'removing'"
        " AND kind = 'credential'"
    )
    ((count, since),) = connection.rows(sql, (municipality,))
    return Revokes(int(count), since)
