"""What reconciles found, one row for each target as long as it differs; and the lanes that are compared."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hub.store.engine.database import Connection
from hub.store.lanes import LANE, Lane, read

_MENDED = (
    "EXISTS (SELECT 1 FROM lanes l WHERE l.municipality = findings.municipality"
    " AND l.connection = findings.connection AND l.key = findings.key"
    " AND l.confirmed_at > findings.seen_at AND l.delivery = 'confirmed')"
)
"""It has been proven since: whatever it was, it is as it should be."""
_OPEN = f"ended IS NULL AND NOT {_MENDED}"
_COLUMNS = (
    "id, municipality, connection, key, kind, what, detail, opens_until, since, seen_at, decision, decided_by, reason,"
    " until"
)
_KEEP = (
    "INSERT INTO findings(municipality, connection, key, kind, what, detail, opens_until, since, seen_at)"
    " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT(municipality, connection, key) WHERE ended IS NULL DO UPDATE SET"
    " decision = CASE WHEN findings.what = excluded.what THEN findings.decision ELSE 'open' END,"
    " until = CASE WHEN findings.what = excluded.what THEN findings.until END,"
    " what = excluded.what, detail = excluded.detail, opens_until = excluded.opens_until, seen_at = excluded.seen_at"
)


class Seen(NamedTuple):
    """One target that differs, as it was just found. `opens_until` in microseconds."""

    key: str
    kind: str
    what: str
    detail: str
    opens_until: int | None


class Found(NamedTuple):
    """A row. Times in microseconds."""

    id: int
    municipality: str
    connection: str
    key: str
    kind: str
    what: str
    detail: str
    opens_until: int | None
    since: int
    seen_at: int
    decision: str
    decided_by: str | None
    reason: str | None
    until: int | None


def keep(connection: Connection, municipality: str, name: str, found: Sequence[Seen], *, now: int) -> None:
    """Keep all that differs on a connection just now; what does so no more is over, unless it is being revoked."""
    connection.each(_KEEP, [(municipality, name, *one, now, now) for one in found])
    still, keys = connection.among("key", [one.key for one in found])
    connection.run(
        "UPDATE findings SET ended = ? WHERE municipality = ? AND connection = ? AND ended IS NULL"
        f" AND decision <> 'revoked' AND NOT ({still})",
        [now, municipality, name, *keys],
    )


def settle(connection: Connection, *, now: int) -> None:
    """End what has been proven since it was found; a decision whose time is over holds no more."""
    connection.run(f"UPDATE findings SET ended = ? WHERE ended IS NULL AND {_MENDED}", (now,))
    connection.run(
        "UPDATE findings SET decision = 'open', until = NULL WHERE ended IS NULL AND decision = 'ignored'"
        " AND until <= ?",
        (now,),
    )


def adopted_until(connection: Connection, *, now: int) -> list[Found]:
    """Grants that were adopted, and whose last window has ended."""
    sql = f"SELECT {_COLUMNS} FROM findings WHERE {_OPEN} AND decision = 'adopted' AND what = 'orphan' AND until <= ?"
    return [Found(*row) for row in connection.rows(sql, (now,))]


def listed(connection: Connection, municipality: str, name: str | None = None) -> list[Found]:
    """What differs, the oldest first."""
    of, values = ("", []) if name is None else (" AND connection = ?", [name])
    sql = f"SELECT {_COLUMNS} FROM findings WHERE municipality = ?{of} AND {_OPEN} ORDER BY connection, since, id"
    return [Found(*row) for row in connection.rows(sql, [municipality, *values])]


def find(connection: Connection, municipality: str, id_: int) -> Found | None:
    """One of those."""
    sql = f"SELECT {_COLUMNS} FROM findings WHERE municipality = ? AND id = ? AND {_OPEN}"
    rows = connection.rows(sql, (municipality, id_))
    return Found(*rows[0]) if rows else None


def decide(connection: Connection, found: Found, decision: str, *, by: str, reason: str, until: int | None) -> None:
    """Write what a person said of it."""
    connection.run(
        "UPDATE findings SET decision = ?, decided_by = ?, reason = ?, until = ? WHERE municipality = ? AND id = ?",
        (decision, by, reason or None, until, found.municipality, found.id),
    )


def orphans(connection: Connection) -> list[tuple[str, str, int]]:
    """(municipality, connection, how many grants nobody asks for, of which nobody has said anything)."""
    rows = connection.rows(
        "SELECT municipality, connection, sum(CASE WHEN what = 'orphan' AND decision = 'open' THEN 1 ELSE 0 END)"
        f" FROM findings WHERE {_OPEN} GROUP BY municipality, connection"
    )
    return [(municipality, name, int(count)) for municipality, name, count in rows]


# ---- what is compared


def lanes(connection: Connection, municipality: str, name: str, keys: Iterable[str]) -> list[Lane]:
    """The lanes of those targets, as they are; nobody is kept from them."""
    condition, values = connection.among("key", keys)
    sql = f"SELECT {LANE} FROM lanes WHERE municipality = ? AND connection = ? AND {condition}"
    return [read(row) for row in connection.rows(sql, [municipality, name, *values])]


def believed(connection: Connection, municipality: str, name: str, *, observed: bool) -> list[str]:
    """The keys of grants that the hub thinks stand; of what is only observed, also of those that should."""
    due = " OR delivery = 'due'" if observed else ""
    rows = connection.rows(
        "SELECT key FROM lanes WHERE municipality = ? AND connection = ? AND kind = 'credential'"
        f" AND (effect IN ('standing', 'lost'){due}) ORDER BY key",
        (municipality, name),
    )
    return [key for (key,) in rows]


def zones(connection: Connection, municipality: str, name: str) -> list[str]:
    """The keys of zones that bookings have ever asked something of."""
    rows = connection.rows(
        "SELECT key FROM lanes WHERE municipality = ? AND connection = ? AND kind NOT IN ('credential', 'record')"
        " ORDER BY key",
        (municipality, name),
    )
    return [key for (key,) in rows]


def sent(connection: Connection, municipality: str, name: str, *, since: int, limit: int) -> list[str]:
    """The keys of invoices that were sent lately, the newest first."""
    rows = connection.rows(
        "SELECT l.key FROM invoices i JOIN lanes l ON l.municipality = i.municipality AND l.id = i.lane"
        " WHERE l.municipality = ? AND l.connection = ? AND l.effect = 'done' AND l.delivery = 'confirmed'"
        " AND l.confirmed_at >= ? ORDER BY l.confirmed_at DESC LIMIT ?",
        (municipality, name, since, limit),
    )
    return [key for (key,) in rows]


# ---- when


def behind(connection: Connection, *, now: int) -> dict[tuple[str, str], int]:
    """How long ago each connection was compared in this epoch, by municipality and name; microseconds."""
    rows = connection.rows(
        "SELECT municipality, name, reconciled_at FROM connections WHERE reconciled_in ="
        " (SELECT value FROM installation WHERE name = 'epoch')"
    )
    return {(municipality, name): now - at for municipality, name, at in rows}


def take_turn(connection: Connection, municipality: str, name: str, *, before: int, epoch: str, now: int) -> bool:
    """Whether a connection is to be compared, by whoever asks first: not since `before`, or not in this epoch."""
    connection.run(
        "INSERT INTO connections(municipality, name) VALUES(?, ?) ON CONFLICT(municipality, name) DO NOTHING",
        (municipality, name),
    )
    return bool(
        connection.run(
            "UPDATE connections SET reconciled_at = ?, reconciled_in = ? WHERE municipality = ? AND name = ? AND"
            " (reconciled_at IS NULL OR reconciled_at <= ? OR reconciled_in IS NULL OR reconciled_in <> ?)",
            (now, epoch, municipality, name, before, epoch),
        )
    )


# ---- what is done about it


def take_back(connection: Connection, found: Found, *, now: int) -> bool:
    """Have a grant that nobody asks for removed, and read as gone; false when a booking asks for it now."""
    claimed = connection.rows(
        "SELECT 1 FROM claims c JOIN lanes l ON l.municipality = c.municipality AND l.id = c.lane"
        " WHERE l.municipality = ? AND l.connection = ? AND l.key = ? AND c.ends > ? AND c.suspended = 0 LIMIT 1",
        (found.municipality, found.connection, found.key, now),
    )
    if claimed:
        return False
    connection.run(
        "INSERT INTO lanes(municipality, connection, key, kind, due, delivery, effect, confirmed)"
        " VALUES(?, ?, ?, 'credential', ?, 'due', 'removing', '?')"
        " ON CONFLICT(municipality, connection, key) DO UPDATE SET generation = lanes.generation + 1, effect ="
        " 'removing', confirmed = '?', delivery = 'due', due = excluded.due, repairs = 0",
        (found.municipality, found.connection, found.key, now),
    )
    return True


def lose(connection: Connection, municipality: str, lane: int) -> bool:
    """What stood there is not what stands; nobody knows what does. Says whether it was believed to stand."""
    connection.run(
        "UPDATE lanes SET confirmed = '?', proof = NULL WHERE municipality = ? AND id = ?", (municipality, lane)
    )
    lost = "UPDATE lanes SET effect = 'lost' WHERE municipality = ? AND id = ? AND effect = 'standing'"
    return bool(connection.run(lost, (municipality, lane)))


def bring_back(connection: Connection, found: Found, *, now: int) -> bool:
    """Have a target made as it should be, once more: a grant as one that vanished, a zone whoever set it by hand."""
    doubt = "" if found.kind == "credential" else ", confirmed = '?', effect = 'planned'"
    return bool(
        connection.run(
            f"UPDATE lanes SET due = ?, delivery = 'due', look = look + 1, repairs = 0{doubt}"
            " WHERE municipality = ? AND connection = ? AND key = ? AND owner IS NULL",
            (now, found.municipality, found.connection, found.key),
        )
    )
