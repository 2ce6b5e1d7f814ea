"""What is counted over all municipalities at once, for whoever watches the installation."""

from typing import NamedTuple

from hub.clock import NEVER
from hub.store import documents, findings
from hub.store.engine.database import Connection

_DUE = f"SELECT municipality, min(due) FROM lanes WHERE due <= ? AND due < {NEVER} GROUP BY municipality"
_PROBLEMS = "SELECT municipality, code, count(*) FROM problems WHERE until IS NULL GROUP BY municipality, code"
_LANES = (
    "SELECT municipality, kind, effect, delivery, count(*), min(CASE WHEN effect = 'removing' THEN failing_since END)"
    " FROM lanes GROUP BY municipality, kind, effect, delivery"
)
_QUARANTINED = "SELECT municipality, count(*) FROM intake WHERE state = 'quarantined' GROUP BY municipality"
_POSTED = (
    "SELECT s.municipality, count(*), min(e.at) FROM subscriptions s"
    " JOIN postings p ON p.municipality = s.municipality AND p.subscription = s.id"
    " JOIN events e ON e.municipality = p.municipality AND e.id = p.event"
    " WHERE s.paused IS NULL GROUP BY s.municipality"
)
_UNREAD = (
    "SELECT s.municipality, count(*), min(e.at) FROM subscriptions s"
    " JOIN events e ON e.municipality = s.municipality AND {}"
    " WHERE s.paused IS NULL GROUP BY s.municipality"
)
_UP_TO_ITS_LAST = "e.id <= CASE s.cursor_last WHEN -1 THEN e.id ELSE s.cursor_last END"
_OF_ITS_RANGE = "e.xact + 0 >= s.cursor_low AND e.xact + 0 < s.cursor_high"
_ALONE = ("e.id > s.cursor",)
_SHARED = (
    "e.xact <> 0 AND e.xact >= s.cursor_high",
    f"e.id > s.cursor AND {_UP_TO_ITS_LAST} AND {_OF_ITS_RANGE}",
)
"""Which events have no posting yet, in a database with one writer and in another (`hub.store.feed.Reach`)."""
_INVOICES = (
    "SELECT i.municipality, min(i.at) FROM invoices i JOIN lanes l ON l.municipality = i.municipality AND l.id = i.lane"
    " WHERE i.state = 'formed' AND l.effect = 'planned' AND l.wanted = 1 AND l.delivery <> 'dismissed'"
    " GROUP BY i.municipality"
)
_HELD_BACK = (
    "SELECT pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint FROM pg_current_snapshot() AS s"
)


class Urgent(NamedTuple):
    """What costs little, however much there is. By municipality; times in microseconds."""

    due: dict[str, int]
    """When the oldest of what is due became so."""
    problems: list[tuple[str, str, int]]
    """(municipality, code, how many are open)."""
    orphans: list[tuple[str, str, int]]
    """(municipality, connection, how many grants no booking asks for)."""
    unregistered: dict[str, int]
    """When the oldest document came that has no registry number."""
    held_back: int | None
    """The oldest write that is still open, behind which newer events wait in the feed; None where none does."""


class Whole(NamedTuple):
    """What goes through whole tables. By municipality; times in microseconds."""

    lanes: list[tuple[str, str, str, str, int, int | None]]
    """(municipality, kind, effect, delivery, how many, since when the oldest revoke fails)."""
    quarantined: dict[str, int]
    waiting: list[tuple[str, int, int]]
    """(municipality, how many events wait for subscribers, when the oldest happened); some more than once."""
    invoices: dict[str, int]
    """When the oldest invoice was made that has not gone out."""


def urgent(connection: Connection, now: int) -> Urgent:
    """Read them."""
    due = {town: int(since) for town, since in connection.rows(_DUE, (now,))}
    problems = [(town, code, count) for town, code, count in connection.rows(_PROBLEMS)]
    unregistered = documents.oldest(connection)
    return Urgent(due, problems, findings.orphans(connection), unregistered, _held_back(connection))


def _held_back(connection: Connection) -> int | None:
    """Of SQLite's one writer nothing is seen before all of it is."""
    if not connection.shared:
        return None
    ((oldest, next_),) = connection.rows(_HELD_BACK)
    return int(oldest) if oldest < next_ else None


def whole(connection: Connection) -> Whole:
    """Read them."""
    unread = [_UNREAD.format(one) for one in (_SHARED if connection.shared else _ALONE)]
    return Whole(
        [(town, kind, effect, *rest) for town, kind, effect, *rest in connection.rows(_LANES)],
        dict(connection.rows(_QUARANTINED)),
        [(town, count, since) for sql in (_POSTED, *unread) for town, count, since in connection.rows(sql)],
        dict(connection.rows(_INVOICES)),
    )
