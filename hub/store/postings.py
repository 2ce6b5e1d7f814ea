"""Postings: events that a subscription has yet to be told. In order within a subject: only the first of each is due."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from hub.clock import NEVER
from hub.store import feed
from hub.store.engine.database import Connection, Row
from hub.store.events import Numbered
from hub.store.feed import Reach

_MINE = "municipality = ? AND subscription = ?"


class Posting(NamedTuple):
    """What is to be told, and to whom. Times in microseconds."""

    id: int
    municipality: str
    subscription: int
    attempts: int
    """Those that failed."""
    born: int
    """From when its age counts."""
    event: Numbered


_DUE = (
    "SELECT p.id, p.municipality, p.subscription, p.attempts, p.born, e.id, e.type, e.subject, e.body, e.at"
    " FROM postings p JOIN events e ON e.municipality = p.municipality AND e.id = p.event"
    f" WHERE p.municipality = ? AND p.subscription = ? AND p.due <= ? AND p.due < {NEVER}"
)
_NEXT = (
    f"UPDATE postings SET due = ? WHERE {_MINE} AND subject = ? AND due = {NEVER} AND event ="
    f" (SELECT min(event) FROM postings WHERE {_MINE} AND subject = ?) RETURNING id"
)
_FIRSTS = (
    f"UPDATE postings SET due = ? WHERE {_MINE} AND due = {NEVER} AND NOT EXISTS (SELECT 1 FROM postings e"
    " WHERE e.municipality = postings.municipality AND e.subscription = postings.subscription"
    " AND e.subject = postings.subject AND e.event < postings.event)"
)
"""What is first of its subject, after what was before it has been taken away."""


def add(
    connection: Connection, municipality: str, subscription: int, events: Iterable[Numbered], *, since: int, now: int
) -> None:
    """Post events, in their order; one that has its posting already keeps it."""
    place = (municipality, subscription)
    connection.each(
        "INSERT INTO postings(municipality, subscription, event, subject, born, due)"
        f" SELECT ?, ?, ?, ?, ?, CASE WHEN EXISTS (SELECT 1 FROM postings WHERE {_MINE} AND subject = ?)"
        f" THEN {NEVER} ELSE ? END WHERE TRUE ON CONFLICT(municipality, subscription, event) DO NOTHING",
        [(*place, one.id, one.subject, max(one.at, since), *place, one.subject, now) for one in events],
    )


def due(connection: Connection, municipality: str, subscription: int, *, now: int, limit: int) -> list[Posting]:
    """What may be sent now, the longest due first: at most one event of each subject."""
    rows = connection.rows(f"{_DUE} ORDER BY p.due, p.id LIMIT ?", (municipality, subscription, now, limit))
    return [_posting(row) for row in rows]


def _posting(row: Row) -> Posting:
    id_, municipality, subscription, attempts, born, *event = row
    return Posting(id_, municipality, subscription, attempts, born, Numbered(*event))


def ready(connection: Connection, municipality: str, subscription: int, *, now: int, most: int) -> int:
    """How many could be sent now, counted to `most`."""
    sql = f"SELECT count(*) FROM (SELECT 1 FROM postings WHERE {_MINE} AND due <= ? AND due < {NEVER} LIMIT ?) AS p"
    ((count,),) = connection.rows(sql, (municipality, subscription, now, most))
    return int(count)


def end(connection: Connection, posting: Posting, *, now: int) -> Posting | None:
    """It has been told, or given up; gives the next of its subject, which is due now."""
    connection.run(f"DELETE FROM postings WHERE {_MINE} AND id = ?", (*posting[1:3], posting.id))
    place = (posting.municipality, posting.subscription, posting.event.subject)
    following = connection.rows(_NEXT, (now, *place, *place))
    if not following:
        return None
    rows = connection.rows(f"{_DUE} AND p.id = ?", (*place[:2], now, following[0][0]))
    return _posting(rows[0]) if rows else None


def postpone(connection: Connection, posting: Posting, *, until: int, attempts: int) -> None:
    """It was not told; try again then."""
    connection.run(
        f"UPDATE postings SET due = ?, attempts = ? WHERE {_MINE} AND id = ?",
        (until, attempts, posting.municipality, posting.subscription, posting.id),
    )


def make_due(connection: Connection, municipality: str, subscription: int, *, now: int) -> None:
    """What waits for another attempt may be sent now."""
    connection.run(
        f"UPDATE postings SET due = ? WHERE {_MINE} AND due > ? AND due < {NEVER}",
        (now, municipality, subscription, now),
    )


def begin_anew(connection: Connection, municipality: str, subscription: int, *, now: int) -> None:
    """Have what waits age from now on, with a fresh start."""
    connection.run(f"UPDATE postings SET born = ?, attempts = 0 WHERE {_MINE}", (now, municipality, subscription))
    make_due(connection, municipality, subscription, now=now)


def remove_beyond(connection: Connection, municipality: str, subscription: int, reach: Reach) -> None:
    """Forget what waits of events that have not been read so far: it will be posted anew."""
    for unread, values in feed.beyond(connection, reach):
        connection.run(
            f"DELETE FROM postings WHERE {_MINE} AND event IN"
            f" (SELECT id FROM events WHERE municipality = ? AND {unread})",
            (municipality, subscription, municipality, *values),
        )


def take(
    connection: Connection, municipality: str, subscription: int, by: Literal["born", "event"], up_to: int, *, now: int
) -> Sequence[Row]:
    """Remove what was born, or which event came, that early; gives (event, failed attempts) of each."""
    place = (municipality, subscription)
    taken = connection.rows(
        f"DELETE FROM postings WHERE {_MINE} AND {by} <= ? RETURNING event, attempts", (*place, up_to)
    )
    if taken:
        connection.run(_FIRSTS, (now, *place))
    return sorted(taken)


def tried_at_least(connection: Connection, municipality: str, subscription: int, attempts: int) -> bool:
    """Whether any event has failed that often."""
    sql = f"SELECT 1 FROM postings WHERE {_MINE} AND attempts >= ? LIMIT 1"
    return bool(connection.rows(sql, (municipality, subscription, attempts)))


def waiting(connection: Connection, municipality: str, subscription: int) -> int:
    """How many events have been posted and not told."""
    ((count,),) = connection.rows(f"SELECT count(*) FROM postings WHERE {_MINE}", (municipality, subscription))
    return int(count)
