"""News for digests: noted in the transaction that changes a booking, and formed into messages when the time has come.

A digest is formed in one transaction, which also takes its news: killed before it nothing has happened, killed after it
the digest is a lane as any other. Nothing is counted twice, and nothing falls between.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby

from hub.clock import NEVER, STOCKHOLM, instant
from hub.model.booking import Status
from hub.model.notice_record import DigestBody, Slot, digest_key
from hub.model.plan import TargetKind
from hub.model.states import Delivery
from hub.planner.hours import next_digest
from hub.service.asking.changes import Change
from hub.store import lanes, told
from hub.store.engine.database import Connection
from hub.store.lanes import Raise
from hub.store.told import Due, Row

MOST = 200
"""Bookings in one message; when there are more, several are sent."""
_GONE = ":gone"
Wish = tuple[str, str, str, str, str, int]


def note(connection: Connection, changes: Iterable[Change]) -> None:
    """Keep what digests are to tell of bookings that changed; what a booking has told no more waits no longer."""
    by_town = sorted((c for c in changes if c.request.rules.notifying.digests), key=_town)
    for town, group in groupby(by_town, key=_town):
        listed = list(group)
        known = _known(connection, town, [one.request.number for one in listed if one.known is not None])
        wishes = [wish for one in listed for wish in _wishes(one, known.get(one.request.number, {}))]
        forgone = [row for one in listed for row in _forgone(one, known.get(one.request.number, {}))]
        if wishes:
            told.wish(connection, wishes)
        if forgone:
            told.forgo(connection, forgone)


def _town(one: Change) -> str:
    return one.request.municipality


def _known(connection: Connection, town: str, numbers: list[str]) -> dict[str, dict[str, Row]]:
    """What is kept of bookings for digests, by number and slot."""
    found: dict[str, dict[str, Row]] = {}
    for row in told.of_bookings(connection, town, numbers) if numbers else ():
        if row.wish is not None:
            found.setdefault(row.number, {})[row.slot] = row
    return found


def _wishes(one: Change, known: dict[str, Row]) -> Iterator[Wish]:
    request, wanted = one.request, {news.slot for news in one.request.plan.news}
    for news in request.plan.news:
        row = known.get(news.slot)
        if row is None or row.wish != news.wish:
            yield _wish(one, news.slot, news.wish, news.connection)
    for slot, row in known.items():
        if slot not in wanted and _hears(one, slot) and not str(row.wish).endswith(_GONE):
            yield _wish(one, slot, f"{request.revision}{_GONE}", row.connection or "")


def _forgone(one: Change, known: dict[str, Row]) -> Iterator[tuple[str, str, str]]:
    wanted = {news.slot for news in one.request.plan.news}
    for slot, row in known.items():
        if row.due < NEVER and slot not in wanted and not _hears(one, slot):
            yield one.request.municipality, one.request.number, slot


def _hears(one: Change, slot: str) -> bool:
    """Whether what no longer concerns a slot is told to it."""
    role, request = Slot.parse(slot).role, one.request
    rule = request.rules.notifying.roles.get(role)
    named = request.status is Status.CANCELLED or role in request.plan.told
    return named and rule is not None and rule.digest is not None


def _wish(one: Change, slot: str, wish: str, connection: str) -> Wish:
    request = one.request
    rule = request.rules.notifying.roles[Slot.parse(slot).role]
    due = next_digest(request.now, rule.digest) if rule.digest else NEVER
    return request.municipality, request.number, slot, wish, connection, due


def form(connection: Connection, *, now: int) -> None:
    """Make the digests whose time has come: each takes its news, and is a record like any other."""
    for due in told.due(connection, now=now):
        period = f"{instant(due.due).astimezone(STOCKHOLM):%Y-%m-%dT%H%M}"
        items = told.take(connection, due)
        parts = [tuple(items[n : n + MOST]) for n in range(0, len(items), MOST)]
        first, last = digest_key(due.slot, period, 0), digest_key(due.slot, period, 9999)
        count = lanes.count_between(connection, due.municipality, due.connection, first, last)
        lanes.raise_all(connection, [_raise(due, period, count + n, part, now) for n, part in enumerate(parts, 1)])


def _raise(due: Due, period: str, count: int, items: tuple[tuple[str, str], ...], now: int) -> Raise:
    key, body = digest_key(due.slot, period, count), DigestBody(due.slot, period, items).to_json()
    return Raise(due.municipality, due.connection, key, TargetKind.RECORD, body, now, Delivery.DUE)
