"""What becomes of postings: events get theirs, and each that was sent is told, tried again, or given up.

Every function is part of one transaction. A subscription's cursor moves in the one that makes its postings, so a
process that is killed loses no event; what it had sent and not yet marked is sent again, with the same id.
"""

from typing import NamedTuple

from hub.clock import DAY, HOUR, MINUTE, SECOND, span
from hub.delivery.posts.sending import Sent
from hub.model.subscription import GIVEN_UP, GONE, HELD, UNREACHABLE, Outcome
from hub.store import attempts, feed, postings, problems, subscriptions
from hub.store.attempts import Attempt
from hub.store.engine.database import Connection
from hub.store.feed import Reach
from hub.store.postings import Posting
from hub.store.problems import Cause
from hub.store.subscriptions import Stored

SCHEDULE = (
    5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR,
)  # fmt: skip
"""How long after each failed attempt the next is made; the last again and again."""
GIVEN_UP_AFTER = 3 * DAY
"""An event's age limit, when its last attempt is made. Counted from when it happened, or all began anew."""
HELD_AFTER = 6
"""Failed attempts (in 1 h 43 min) after which an operator is told that an event holds its subject."""
PAGE = 500
"""Events that get their postings in one transaction."""


class Parcel(NamedTuple):
    """An event, and the subscription that is to be told."""

    to: Stored
    posting: Posting


def next_attempt(posting: Posting, sent: Sent, *, now: int) -> int:
    """The moment of the next attempt, microseconds.

    5 s, 30 s, 2 min, 10 min, 30 min, 1 h, 3 h, 6 h, and then every 12 h, not before the endpoint asks for it, and the
    last at the age limit.
    """
    wait = SCHEDULE[min(posting.attempts, len(SCHEDULE) - 1)]
    if sent.retry_after is not None:
        wait = max(wait, span(sent.retry_after))
    return min(now + wait, posting.born + GIVEN_UP_AFTER)


def fill(connection: Connection, municipality: str, subscription: int, *, now: int) -> int:
    """Give the next events their postings, and move the cursor; gives how many events it moved past."""
    one = subscriptions.with_id(connection, municipality, subscription)
    if one is None or one.paused:
        return 0
    page = feed.page(connection, municipality, _past_pruned(connection, one, now), limit=PAGE)
    wanted = [event for event in page.events if not one.types or event.type in one.types]
    postings.add(connection, *one.place, wanted, since=one.since, now=now)
    if page.reach != one.cursor:
        subscriptions.move(connection, *one.place, page.reach)
    return len(page.events)


def _past_pruned(connection: Connection, one: Stored, now: int) -> Reach:
    """The subscription's cursor; what retention has removed before it was told is given up."""
    pruned = feed.pruned_to(connection, one.municipality)
    lost = postings.take(connection, *one.place, "event", pruned, now=now) if pruned else []
    if one.cursor.id < pruned or lost:
        told = f"events up to {pruned} were removed by retention before they were sent"
        _open(connection, one, GIVEN_UP, told, now)
    return one.cursor._replace(id=max(one.cursor.id, pruned))


def settle(connection: Connection, posting: Posting, sent: Sent, *, shut: bool, now: int) -> Parcel | None:
    """Write down what came of sending; gives the next event of the subject when it can be sent at once.

    `shut`: whether the endpoint's gate is.
    """
    one = subscriptions.with_id(connection, posting.municipality, posting.subscription)
    if one is None:
        return None
    if not sent.unavailable and subscriptions.set_answering(connection, *one.place):
        postings.make_due(connection, *one.place, now=now)
        problems.close_of(connection, one.municipality, one.called, [UNREACHABLE], now=now)
    if not sent.delivered:
        following = _failed(connection, one, posting, sent, now)
    else:
        following = _ended(connection, one, posting, sent, Outcome.DELIVERED, now)
    if shut:
        _unreachable(connection, one, sent, now)
    return Parcel(one, following) if following and not one.paused else None


def _ended(
    connection: Connection, one: Stored, posting: Posting, sent: Sent, outcome: Outcome, now: int
) -> Posting | None:
    _note(connection, posting, sent, outcome, now)
    following = postings.end(connection, posting, now=now)
    if posting.attempts >= HELD_AFTER and not postings.tried_at_least(connection, *one.place, HELD_AFTER):
        problems.close_of(connection, one.municipality, one.called, [HELD], now=now)
    return following


def _failed(connection: Connection, one: Stored, posting: Posting, sent: Sent, now: int) -> Posting | None:
    about = f"event {posting.event.id} about {posting.event.subject}"
    if sent.gone:
        subscriptions.set_paused(connection, *one.place, "gone")
        _open(connection, one, GONE, f"{about}: {sent.detail}", now)
    elif now >= posting.born + GIVEN_UP_AFTER:
        _open(
            connection, one, GIVEN_UP, f"{about} was given up after {posting.attempts + 1} attempts: {sent.detail}", now
        )
        return _ended(connection, one, posting, sent, Outcome.GIVEN_UP, now)
    elif posting.attempts + 1 >= HELD_AFTER:
        _open(connection, one, HELD, f"{about}: {posting.attempts + 1} attempts failed: {sent.detail}", now)
    until = now if sent.gone else next_attempt(posting, sent, now=now)
    _note(connection, posting, sent, Outcome.GONE if sent.gone else Outcome.FAILED, now, until)
    postings.postpone(connection, posting, until=until, attempts=posting.attempts + 1)
    return None


def _unreachable(connection: Connection, one: Stored, sent: Sent, now: int) -> None:
    """One problem, however many events wait; those past the age limit are given up unsent."""
    subscriptions.set_failing(connection, *one.place, now=now)
    _open(connection, one, UNREACHABLE, sent.detail or "", now)
    old = postings.take(connection, *one.place, "born", now - GIVEN_UP_AFTER, now=now)
    told = "it waited past the age limit while the endpoint did not answer"
    attempts.note(
        connection,
        *one.place,
        [Attempt(event, tried, Outcome.GIVEN_UP, None, told, 0, now, None) for event, tried in old],
    )
    if old:
        _open(connection, one, GIVEN_UP, f"{len(old)} events up to {old[-1][0]}: {told}", now)


def _open(connection: Connection, one: Stored, code: str, detail: str, now: int) -> None:
    problems.open_(connection, one.municipality, one.called, Cause(code, ""), detail=detail, now=now)


def _note(
    connection: Connection, posting: Posting, sent: Sent, outcome: Outcome, now: int, until: int | None = None
) -> None:
    attempt = Attempt(
        posting.event.id, posting.attempts + 1, outcome, sent.status, sent.detail, sent.took, now, until
    )  # fmt: skip
    attempts.note(connection, posting.municipality, posting.subscription, [attempt])
