"""The event feed: pages by cursor that never skip, and what the installation remembers about itself.

With one writer an id is drawn and committed before the next is drawn, so ids are in the order of commits. With several
(PostgreSQL) an event may be committed after one with a higher id has been read. So a page holds events of transactions
that are over, and all before them too: those from `low` to `high`, where `high` was once the oldest open one; in order
of id, for a revision draws its id after the one before it was committed, though its transaction may have begun earlier.
"""

import secrets
from typing import NamedTuple

from hub.store import events, installation
from hub.store.engine.database import Connection
from hub.store.events import Numbered

FIRST = -(1 << 62)
"""Before the transaction of every event."""
UNKNOWN = -1
_HORIZON = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
"""The oldest transaction that is still open: all before it are over."""
_ENDS = "SELECT min(id + 0), max(id + 0) FROM events WHERE municipality = ? AND xact <> 0 AND xact >= ? AND xact < ?"
"""By transaction, never by id (+ 0): what is new is little, and stands at the end of what is there."""
_BEHIND = f"SELECT 1 FROM events WHERE municipality = ? AND xact <> 0 AND xact >= ? AND xact < {_HORIZON} LIMIT 1"


class Reach(NamedTuple):
    """How far a reader has come: past all transactions before `low`; of those from there to `high`, up to `id`.

    With one writer `id` says all; so it does of what was written before transactions were told apart (0 and less).
    """

    id: int
    low: int = FIRST
    high: int = 1
    last: int = UNKNOWN
    """The highest id from `low` to `high`."""

    @property
    def is_plain(self) -> bool:
        """Whether `id` says all."""
        return self[1:] == (FIRST, 1, UNKNOWN)

    def or_earlier(self, other: "Reach") -> "Reach":
        """That of the two which has read less; where neither has, one that has read what both have."""
        if self.is_plain and other.is_plain:
            return min(self, other)
        if self.high <= other.low:
            return self
        if other.high <= self.low:
            return other
        return Reach(*map(min, self, other))


class Page(NamedTuple):
    """The next events, and how far they reach; `more`: there are others already."""

    events: list[Numbered]
    reach: Reach
    more: bool


def epoch(connection: Connection) -> str:
    """The feed's epoch; a restored database gets another, and old cursors lead nowhere."""
    return installation.value(connection, "epoch") or ""


def begin_epoch(connection: Connection) -> str:
    """Begin an epoch when there is none; gives the one in force."""
    connection.run(
        "INSERT INTO installation(name, value) VALUES('epoch', ?) ON CONFLICT(name) DO NOTHING",
        (secrets.token_hex(4),),
    )
    return epoch(connection)


def new_epoch(connection: Connection) -> str:
    """Begin another epoch: cursors of before lead nowhere. Gives it."""
    connection.run("DELETE FROM installation WHERE name = 'epoch'")
    return begin_epoch(connection)


def pruned_to(connection: Connection, municipality: str) -> int:
    """The highest id of an event that retention has removed."""
    return int(installation.value(connection, f"pruned/{municipality}") or 0)


def latest(connection: Connection, municipality: str) -> int:
    """The id of the newest event."""
    ((id_,),) = connection.rows("SELECT coalesce(max(id), 0) FROM events WHERE municipality = ?", (municipality,))
    return int(id_)


def beginning(connection: Connection, municipality: str) -> Reach:
    """The reach of who has read nothing; what retention has removed is read."""
    pruned = pruned_to(connection, municipality)
    if not connection.shared:
        return Reach(pruned)
    high = _horizon(connection)
    return Reach(pruned, FIRST, high, latest(connection, municipality))


def end(connection: Connection, municipality: str) -> Reach:
    """The reach of who has read all; of what is committed while an older transaction is open some may come again."""
    if not connection.shared:
        return Reach(latest(connection, municipality))
    high, last = _horizon(connection), latest(connection, municipality)
    return Reach(last, high, high, last)


def is_behind(connection: Connection, municipality: str, reach: Reach) -> bool:
    """Whether there may be events for who has read so far."""
    last = latest(connection, municipality) if reach.is_plain else reach.last
    return reach.id < last or (connection.shared and bool(connection.rows(_BEHIND, (municipality, reach.high))))


def page(connection: Connection, municipality: str, reach: Reach, *, limit: int) -> Page:
    """The next events. All are of one range, so that the place after each of them is told by its id."""
    if not connection.shared:
        found = events.after(connection, municipality, reach.id, limit=limit)
        return Page(found, Reach(found[-1].id) if found else reach, len(found) == limit)
    reach = _with_its_end(connection, municipality, reach)
    found = _within(connection, municipality, reach, limit)
    if not found:
        following = _following(connection, municipality, reach)
        if following is None:
            return Page([], reach._replace(id=max(reach.id, reach.last)), more=False)
        reach, found = following, _within(connection, municipality, following, limit)
    reach = reach._replace(id=found[-1].id if len(found) == limit else reach.last)
    return Page(found, reach, is_behind(connection, municipality, reach))


def beyond(connection: Connection, reach: Reach) -> list[tuple[str, tuple[int, ...]]]:
    """Conditions on events, one of which holds for each that has not been read, with what to bind for them."""
    if not connection.shared:
        return [("id > ?", (reach.id,))]
    last = -FIRST if reach.is_plain else reach.last
    return [
        ("xact <> 0 AND xact >= ?", (reach.high,)),
        ("id > ? AND id <= ? AND xact + 0 >= ? AND xact + 0 < ?", (reach.id, last, reach.low, reach.high)),
    ]


def _horizon(connection: Connection) -> int:
    ((oldest,),) = connection.rows(f"SELECT {_HORIZON}")
    return int(oldest)


def _with_its_end(connection: Connection, municipality: str, reach: Reach) -> Reach:
    """The same, with the highest id that its range may have."""
    return reach._replace(last=max(reach.id, latest(connection, municipality))) if reach.is_plain else reach


def _following(connection: Connection, municipality: str, reach: Reach) -> Reach | None:
    """The next range, of which nothing has been read; None while nothing in it is over."""
    high = _horizon(connection)
    ((first, last),) = connection.rows(_ENDS, (municipality, reach.high, high))
    return None if first is None else Reach(first - 1, reach.high, high, last)


def _within(connection: Connection, municipality: str, reach: Reach, limit: int) -> list[Numbered]:
    if reach.id >= reach.last:
        return []
    return events.within(connection, municipality, reach.id, reach.last, (reach.low, reach.high), limit=limit)
