"""Lanes made due by something other than their claims or their own time: a rule, a clock, a connection that is back.

Settling says anew when a lane is due: what is made due while it is in hand stays so only where its generation or its
`look` was raised too.
"""

from collections.abc import Iterable, Sequence

from hub.clock import NEVER, SECOND
from hub.model.plan import TargetKey, TargetKind
from hub.store.engine.bells import Bell
from hub.store.engine.database import Connection, Row

SPREAD = 5 * SECOND
"""What waited falls due within so long, what is needed first at its beginning: a microsecond for each second."""
_NEED = (
    "SELECT CASE WHEN s <= ? THEN 0 WHEN s - ? >= ? THEN ? ELSE (s - ?) / 1000000 END"
    " FROM (SELECT coalesce(min(c.starts), 0) AS s FROM claims c"
    " WHERE c.municipality = lanes.municipality AND c.lane = lanes.id AND c.ends > ? AND c.suspended = 0) AS need"
)
_LET_GO = (
    "INSERT INTO lanes(municipality, connection, key, kind, due, delivery, confirmed) VALUES(?, ?, ?, ?, ?, 'due', '?')"
    " ON CONFLICT(municipality, connection, key) DO UPDATE SET generation = lanes.generation + 1, confirmed = '?',"
    " delivery = 'due', due = excluded.due WHERE lanes.owner IS NULL AND coalesce(lanes.confirmed, '') <> '?'"
    " AND lanes.delivery <> 'dismissed' AND coalesce(lanes.confirmed_at, 0) < ? AND NOT EXISTS (SELECT 1 FROM claims c"
    " WHERE c.municipality = lanes.municipality AND c.lane = lanes.id AND c.ends > ? AND c.starts <= ?"
    " AND c.suspended = 0 AND c.level > 0)"
)


def hurry(connection: Connection, rows: Iterable[tuple[int, str, int]]) -> None:
    """(now, municipality, id) of lanes to be carried at once, whenever claims matter: they have another secret now."""
    _each(
        connection,
        "UPDATE lanes SET due = CASE WHEN due > ? THEN ? ELSE due END, delivery = 'due'"
        " WHERE municipality = ? AND id = ?",
        [(row[0], *row) for row in rows],
    )


def awaken(connection: Connection, municipality: str, ids: Iterable[int], *, now: int) -> None:
    """Have lanes looked at that wait, of those given: what they wait for may have come."""
    _each(
        connection,
        "UPDATE lanes SET due = ? WHERE municipality = ? AND id = ? AND delivery = 'waiting' AND due > ?",
        [(now, municipality, id_, now) for id_ in ids],
    )


def hasten(connection: Connection, municipality: str, name: str, *, now: int) -> None:
    """What was put off is due: how its connection runs may be another since."""
    connection.run(
        "UPDATE lanes SET due = ? WHERE municipality = ? AND connection = ? AND due > ? AND owner IS NULL"
        " AND delivery = 'due'",
        (now, municipality, name, now),
    )


def make_due(connection: Connection, municipality: str, name: str, *, now: int) -> None:
    """What waits for a connection is due: it runs again. What is to go comes first, then what is needed first.

    What is in hand may have been put off a moment ago, and is settled after this: it is due again then.
    """
    rank = (now, now, SPREAD * SECOND, SPREAD, now, now)
    connection.ring(Bell.LANES)
    connection.run(
        f"UPDATE lanes SET due = ? + ({_NEED}) WHERE municipality = ? AND connection = ? AND due > ? AND owner IS NULL"
        " AND delivery IN ('due', 'retrying')",
        (now - SPREAD, *rank, municipality, name, now),
    )
    connection.run(
        "UPDATE lanes SET look = look + 1 WHERE municipality = ? AND connection = ? AND owner IS NOT NULL",
        (municipality, name),
    )


def wake_zones(connection: Connection, municipality: str, zones: Iterable[TargetKey], *, now: int) -> None:
    """Have zones folded anew, for their own rules are others; what is in hand is looked at once more after that."""
    connection.ring(Bell.LANES)
    places = [(municipality, *zone) for zone in sorted(zones)]
    where = " WHERE municipality = ? AND connection = ? AND key = ? AND kind <> 'record'"
    connection.each(
        f"UPDATE lanes SET due = ?{where} AND due > ? AND owner IS NULL AND delivery NOT IN ('stuck', 'dismissed')",
        [(now, *place, now) for place in places],
    )
    connection.each(f"UPDATE lanes SET look = look + 1{where} AND owner IS NOT NULL", places)


def wake_credentials(connection: Connection, municipality: str, name: str, *, now: int) -> int:
    """Have all credentials that wait for their time looked at: how far ahead they are sent has changed."""
    return connection.run(
        "UPDATE lanes SET due = ? WHERE municipality = ? AND connection = ? AND kind = 'credential' AND due > ?"
        f" AND due < {NEVER} AND owner IS NULL",
        (now, municipality, name, now),
    )


def fold_anew(
    connection: Connection, municipality: str, name: str, *, now: int, between: tuple[int, int], lease: int
) -> None:
    """The clock was set: what goes by the time between the two is due, and what was put off; what stands is looked at.

    No lease is longer than one of ours from now on: whoever holds it has his own deadline, which is never set.
    """
    first, last = between
    where = " WHERE municipality = ? AND connection = ?"
    connection.ring(Bell.LANES)
    ask_for_looks(connection, now=now, of=(municipality, name))
    connection.run(
        f"UPDATE lanes SET due = ?{where} AND due > ? AND owner IS NULL AND (delivery IN ('due', 'retrying') OR"
        " delivery NOT IN ('stuck', 'dismissed') AND EXISTS (SELECT 1 FROM claims c"
        " WHERE c.municipality = lanes.municipality AND c.lane = lanes.id AND c.ends > ? AND c.starts < ?))",
        (now, municipality, name, now, first, last),
    )
    longest = connection.clock() + lease
    connection.run(
        f"UPDATE lanes SET lease_until = ?{where} AND lease_until > ?", (longest, municipality, name, longest)
    )


def begin_anew(connection: Connection, municipality: str, name: str, *, now: int) -> int:
    """The system is another, with nothing of ours in it: what should stand is sent as for the first time."""
    return connection.run(
        "UPDATE lanes SET confirmed = NULL, proof = NULL, repairs = 0, attempts = 0, look = 0, problem = NULL,"
        " delivery = 'due', due = ? WHERE municipality = ? AND connection = ? AND kind <> 'record'"
        " AND (confirmed IS NOT NULL OR delivery = 'stuck')",
        (now, municipality, name),
    )


def end_leases(connection: Connection, municipality: str, name: str, *, quiet: int, now: int) -> int:
    """End the leases of processes that are gone: their last call, made until now or the lease's end, lands in `quiet`.

    For SQLite, where there is one process, so whoever held a lease when it starts is gone. Doubt stays. Gives how many.
    """
    clock = connection.clock()
    return connection.run(
        "UPDATE lanes SET lease_until = ? + CASE WHEN lease_until > ? THEN ? ELSE lease_until END, due = ?"
        " WHERE municipality = ? AND connection = ? AND owner IS NOT NULL",
        (quiet, clock, clock, now, municipality, name),
    )


def let_go(connection: Connection, municipality: str, name: str, keys: Iterable[str], *, since: int, now: int) -> int:
    """Have zones told anew that nobody wants anything of them, unless that was done since, or somebody does.

    Gives how many.
    """
    rows = [(municipality, name, key, TargetKind.SWITCH, now, since, now, now) for key in sorted(keys)]
    count = sum(connection.run(_LET_GO, row) for row in rows)
    if count:
        connection.ring(Bell.LANES)
    return count


def ask_for_a_look(connection: Connection, municipality: str, name: str, keys: Iterable[str], *, now: int) -> None:
    """Have lanes looked at soon: something may have changed there."""
    _each(
        connection,
        "UPDATE lanes SET look = look + 1, due = CASE WHEN due > ? AND owner IS NULL THEN ? ELSE due END"
        " WHERE municipality = ? AND connection = ? AND key = ? AND kind <> 'record' AND delivery <> 'dismissed'",
        [(now, now, municipality, name, key) for key in keys],
    )


def ask_for_looks(connection: Connection, *, now: int, of: tuple[str, str] | None = None) -> int:
    """Have all that stands, or may stand, looked at: on start, and now and then. Gives how many lanes.

    `of`: only over this connection, (municipality, name).
    """
    connection.ring(Bell.LANES)
    return connection.run(
        "UPDATE lanes SET look = look + 1, due = CASE WHEN due > ? AND owner IS NULL THEN ? ELSE due END"
        " WHERE kind <> 'record' AND effect IN ('standing', 'overridden', 'removing', 'lost')"
        f" AND delivery NOT IN ('stuck', 'dismissed'){' AND municipality = ? AND connection = ?' if of else ''}",
        (now, now, *(of or ())),
    )


def _each(connection: Connection, sql: str, rows: Sequence[Row]) -> None:
    """Have lanes made due, if there are any."""
    if rows:
        connection.each(sql, rows)
        connection.ring(Bell.LANES)
