"""The places of a lock that has room for so many: counted, kept free for who is about to be put in, and given on."""

from collections.abc import Iterable
from typing import NamedTuple

from hub.model.room import Spell
from hub.store.engine.bells import Bell
from hub.store.engine.database import Connection

_OURS = "l.municipality = ? AND l.connection = ? AND l.kind = 'credential'"
_INSIDE = "(l.confirmed IS NOT NULL AND l.confirmed <> '[]')"
_COUNT = f"SELECT count(*) FROM lanes l WHERE {_OURS} AND {_INSIDE}"
_WANTED = "c.municipality = l.municipality AND c.lane = l.id AND c.suspended = 0 AND c.ends > ? AND c.starts <= ?"
_SPELLS = (
    f"SELECT l.id, c.starts, c.ends, {_INSIDE}, l.effect = 'lost' OR l.delivery IN ('stuck', 'dismissed')"
    f" FROM lanes l JOIN claims c ON {_WANTED}"
    f" WHERE {_OURS} AND ({_INSIDE} OR l.delivery NOT IN ('stuck', 'dismissed'))"
    " ORDER BY l.id, c.starts"
)
_GONE = (
    f"{_COUNT} AND (l.attempts > 0 OR l.delivery IN ('stuck', 'dismissed'))"
    f" AND NOT EXISTS (SELECT 1 FROM claims c WHERE {_WANTED})"
)
_NEXT = (
    f"SELECT l.id FROM lanes l JOIN claims c ON {_WANTED} WHERE {_OURS}"
    f" AND NOT {_INSIDE} AND l.owner IS NULL AND l.delivery IN ('waiting', 'confirmed', 'retrying') AND l.due > ?"
    " GROUP BY l.id ORDER BY min(c.starts), l.id LIMIT 1"
)


class Lock(NamedTuple):
    """A connection, and the times within which its windows are sent now. Microseconds."""

    municipality: str
    connection: str
    now: int
    until: int

    @property
    def place(self) -> tuple[str, str]:
        """Municipality and name."""
        return self.municipality, self.connection


def taken(connection: Connection, lock: Lock) -> int:
    """How many credentials of ours are in it, or may be."""
    ((count,),) = connection.rows(_COUNT, lock.place)
    return int(count)


def spells(connection: Connection, lock: Lock) -> list[Spell]:
    """All that want to be in it now, with each of their windows."""
    rows = connection.rows(_SPELLS, (lock.now, lock.until, *lock.place))
    return [Spell(lane, starts, ends, bool(inside), bool(firm)) for lane, starts, ends, inside, firm in rows]


def gone(connection: Connection, lock: Lock) -> int:
    """How many are in it that nobody wants, and that could not be had away."""
    ((count,),) = connection.rows(_GONE, (*lock.place, lock.now, lock.until))
    return int(count)


def keep(connection: Connection, municipality: str, lane: int, token: int) -> None:
    """Have a lane that is ours take a place: from now on something of it may be there."""
    sql = "UPDATE lanes SET confirmed = '?' WHERE municipality = ? AND id = ? AND token = ?"
    connection.run(sql, (municipality, lane, token))


def turn_out(connection: Connection, lock: Lock, lanes: Iterable[int]) -> None:
    """Have lanes carried at once, where nobody has them in hand: they are to make room."""
    condition, ids = connection.among("id", lanes)
    mine = f"SELECT id FROM lanes WHERE {condition} AND owner IS NULL{connection.skip_locked}"
    connection.run(
        f"UPDATE lanes SET due = ? WHERE municipality = ? AND due > ? AND id IN ({mine})",
        (lock.now, lock.municipality, lock.now, *ids),
    )
    connection.ring(Bell.LANES)


def give_on(connection: Connection, lock: Lock) -> None:
    """A place has come free: the earliest of those that wait is carried at once."""
    for (lane,) in connection.rows(_NEXT, (lock.now, lock.until, *lock.place, lock.now)):
        turn_out(connection, lock, [lane])
