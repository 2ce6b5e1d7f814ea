"""A database that was brought back as it was: what happened since is not known in it, and may stand elsewhere.

What was told since is never told again under the same number, and nothing is believed of other systems before it has
been looked at there.
"""

from typing import NamedTuple

from hub.store import feed
from hub.store.engine.database import Connection

_NUMBERED = ("events", "attempts", "imports")
"""Their ids are told outside; that of an event is its webhook's too."""
_TOKENS = 1 << 32
"""More leases than a lane ever had: a node that slept through all of this holds none."""
BY_RESTORE = "restore"
"""Who paused a connection."""
_DOUBT = (
    "UPDATE lanes SET look = 1, proof = NULL, delivery = 'due', due = CASE WHEN due < ? THEN due ELSE ? END,"
    " attempts = CASE WHEN attempts > 0 THEN attempts ELSE 1 END"
    " WHERE kind <> 'record' AND delivery NOT IN ('stuck', 'dismissed')"
    " AND (due <= ? OR kind <> 'credential' OR effect NOT IN ('planned', 'removed'))"
)
"""All zones; and of credentials those that stood or had an edge since: what lies further ahead nobody can have sent."""
_ASK = (
    "UPDATE lanes SET confirmed = '?' WHERE kind = 'record' AND effect = 'planned' AND wanted = 1"
    " AND delivery <> 'dismissed'"
)
_PAUSE = (
    "INSERT INTO connections(municipality, name, paused, paused_at)"
    " SELECT DISTINCT municipality, connection, ?, ? FROM lanes WHERE TRUE"
    " ON CONFLICT(municipality, name) DO UPDATE SET"
    " paused_at = CASE WHEN connections.paused IS NULL THEN excluded.paused_at ELSE connections.paused_at END,"
    " paused = coalesce(connections.paused, excluded.paused)"
)


_NEXT = (
    "SELECT coalesce(max(of_any), 0) + 1"
    " FROM (SELECT xact AS of_any FROM events UNION ALL SELECT cursor_high FROM subscriptions) AS numbers"
)
_OLDER = "UPDATE events SET xact = xact - ?"
_READ = (
    "UPDATE subscriptions SET cursor_low = cursor_low - ?, cursor_high = cursor_high - ?"
    f" WHERE cursor_last <> {feed.UNKNOWN}"
)


class Begun(NamedTuple):
    """The new epoch of the event feed, and how much is in doubt."""

    epoch: str
    targets: int
    """To be read before anything is sent."""
    records: int
    """That may have been sent: looked for, or left to a person."""


def begin(connection: Connection, *, now: int, paused: bool) -> Begun:
    """Begin anew, in one transaction. `now`: the real time, microseconds; `paused`: nothing is sent until resumed.

    Ids go on from `now`: as long as fewer than a million a second are given, they meet none of any earlier life.
    """
    if connection.shared:
        connection.run("SET LOCAL statement_timeout = 0")
    epoch = feed.new_epoch(connection)
    for table in _NUMBERED:
        _number_from(connection, table, now)
    connection.run("UPDATE lanes SET token = token + ?", (_TOKENS,))
    if connection.shared:
        _set_back(connection)
    if paused:
        connection.run(_PAUSE, (BY_RESTORE, now))
    return Begun(epoch, connection.run(_DOUBT, (now, now, now)), connection.run(_ASK))


def _set_back(connection: Connection) -> None:
    """Have all that is there be older than any transaction to come: their numbers may begin at 1 again."""
    ((next_,),) = connection.rows(_NEXT)
    connection.run(_OLDER, (next_,))
    connection.run(_READ, (next_, next_))


def _number_from(connection: Connection, table: str, id_: int) -> None:
    """Have the next row of a table get a higher id."""
    if connection.shared:
        connection.rows(
            "SELECT setval(s::regclass, ?) FROM pg_get_serial_sequence(?, 'id') AS s"
            " WHERE coalesce(pg_sequence_last_value(s::regclass), 0) < ?",
            (id_, table, id_),
        )
        return
    connection.run("DELETE FROM sqlite_sequence WHERE name = ? AND seq < ?", (table, id_))
    connection.run(
        "INSERT INTO sqlite_sequence(name, seq) SELECT ?, ? WHERE NOT EXISTS"
        " (SELECT 1 FROM sqlite_sequence WHERE name = ?)",
        (table, id_, table),
    )
