"""Subscriptions: made and changed by the booking core, paused, given new secrets, and replayed from a cursor."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from hub.clock import Clock, instant, now_of, span
from hub.errors import FieldFault, InvalidError, NotFoundError, RefusedError
from hub.masking import quoted
from hub.model.audit import Act
from hub.model.events import EventType
from hub.model.subscription import (
    GIVEN_UP,
    PROBLEMS,
    AttemptAnswer,
    AttemptPage,
    Outcome,
    SubscriptionAnswer,
    SubscriptionRequest,
    SubscriptionSecret,
)
from hub.service.audit.auditing import Auditing, Note, note
from hub.service.rulebook import Rulebook
from hub.service.standing.showing import moment
from hub.service.subscribers.feed import Cursor
from hub.service.subscribers.signing import closed, new_secret, opened, rotated
from hub.service.subscribers.targets import fault
from hub.store import attempts, feed, postings, problems, subscriptions
from hub.store.attempts import Logged
from hub.store.engine.database import Connection
from hub.store.engine.writer import Readers, Writer
from hub.store.feed import Reach
from hub.store.seals.sealing import Seal
from hub.store.subscriptions import Stored

T = TypeVar("T")

GRACE = timedelta(hours=24)
"""How long what is sent is signed with the secret before the last, too."""
BY_CALLER = "caller"
_MOST = 100
"""Subscriptions of one municipality."""


class Subscribing:
    """The use cases of subscriptions."""

    def __init__(self, writer: Writer, readers: Readers, seal: Seal, rulebook: Rulebook, clock: Clock) -> None:
        self._writer, self._readers, self._seal, self._rulebook, self._clock = writer, readers, seal, rulebook, clock
        self._auditing = Auditing(seal)
        self.woken: Callable[[], None] = lambda: None
        """Called when there may be something to send."""

    def _now(self) -> int:
        return now_of(self._clock)

    async def put(self, municipality: str, name: str, wanted: SubscriptionRequest) -> tuple[SubscriptionAnswer, bool]:
        """Make or change a subscription; gives whether it was made, and then its secret is in the answer.

        Raises:
            InvalidError: events may not be sent there.
            NotFoundError: no such municipality.
            RefusedError: `too-many-subscriptions`.
        """
        allowed = self._rulebook.town(municipality).configuration.municipality.webhooks.allow
        wrong = fault(wanted.url, allowed)
        if wrong is not None:
            raise InvalidError([FieldFault("/url", "forbidden-target", wrong)], code="invalid-subscription")
        return await self._change(Act.SUBSCRIPTION_CHANGED, self._put, municipality, name, wanted)

    async def _change(self, act: Act, function: Callable[..., T], municipality: str, name: str, *more: object) -> T:
        self._rulebook.town(municipality)
        noted = note(municipality, act, name, at=self._now())
        changed: T = await self._writer.call(self._noted, noted, function, municipality, name, *more)
        self.woken()
        return changed

    def _noted(self, connection: Connection, noted: Note, function: Callable[..., T], *values: object) -> T:
        """Do it, and tell the audit."""
        is_new = subscriptions.find(connection, noted.municipality, noted.subject) is None
        done = function(connection, *values)
        act = Act.SUBSCRIPTION_MADE if is_new else noted.act
        self._auditing.write(connection, [noted._replace(act=act)])
        return done

    def _put(
        self, connection: Connection, municipality: str, name: str, wanted: SubscriptionRequest
    ) -> tuple[SubscriptionAnswer, bool]:
        one, secret = subscriptions.find(connection, municipality, name), None
        if one is None:
            one, secret = self._made(connection, municipality, name, wanted.url)
        subscriptions.set_wanted(connection, one, url=wanted.url, types=wanted.types)
        self._pause(connection, one, BY_CALLER if wanted.paused else None)
        if one.url != wanted.url:
            _begin_anew(connection, one, self._now())
        answered = self._answer(connection, _found(connection, municipality, name))
        return answered.model_copy(update={"secret": secret}), secret is not None

    def _made(self, connection: Connection, municipality: str, name: str, url: str) -> tuple[Stored, str]:
        if len(subscriptions.listed(connection, municipality)) >= _MOST:
            raise RefusedError("too-many-subscriptions", f"{municipality} has {_MOST}; delete one that nobody needs")
        secret = new_secret()
        sealed = closed(self._seal, municipality, name, [secret])
        return subscriptions.add(connection, municipality, name, url=url, secrets=sealed, now=self._now()), secret.text

    async def listed(self, municipality: str) -> list[SubscriptionAnswer]:
        """All subscriptions, by name. Raises NotFoundError."""
        self._rulebook.town(municipality)
        return await self._readers.read(
            lambda c: [self._answer(c, one) for one in subscriptions.listed(c, municipality)]
        )

    async def one(self, municipality: str, name: str) -> SubscriptionAnswer:
        """One subscription. Raises NotFoundError."""
        self._rulebook.town(municipality)
        return await self._readers.read(lambda c: self._answer(c, _found(c, municipality, name)))

    async def remove(self, municipality: str, name: str) -> None:
        """Remove a subscription, what waits for it, and its log. Raises NotFoundError."""
        await self._change(Act.SUBSCRIPTION_REMOVED, self._remove, municipality, name)

    def _remove(self, connection: Connection, municipality: str, name: str) -> None:
        one = _found(connection, municipality, name)
        subscriptions.remove(connection, municipality, name)
        problems.close_of(connection, municipality, one.called, PROBLEMS, now=self._now())

    async def set_paused(self, municipality: str, name: str, *, paused: bool) -> SubscriptionAnswer:
        """Pause, or let run; what runs already tries at once what has failed. Raises NotFoundError."""
        act = Act.SUBSCRIPTION_PAUSED if paused else Act.SUBSCRIPTION_RESUMED
        return await self._change(act, self._set_paused, municipality, name, BY_CALLER if paused else None)

    def _set_paused(self, connection: Connection, municipality: str, name: str, by: str | None) -> SubscriptionAnswer:
        one = _found(connection, municipality, name)
        self._pause(connection, one, by)
        if by is None:
            _begin_anew(connection, one, self._now())
        return self._answer(connection, _found(connection, municipality, name))

    def _pause(self, connection: Connection, one: Stored, by: str | None) -> None:
        if subscriptions.set_paused(connection, *one.place, by) and by is None:
            _begin_anew(connection, one, self._now())

    async def rotate(self, municipality: str, name: str) -> SubscriptionSecret:
        """Make a new secret; the one before it signs too, for the grace time. Raises NotFoundError."""
        return await self._change(Act.SUBSCRIPTION_ROTATED, self._rotate, municipality, name)

    def _rotate(self, connection: Connection, municipality: str, name: str) -> SubscriptionSecret:
        one, until = _found(connection, municipality, name), self._now() + span(GRACE)
        new = new_secret()
        known = rotated(opened(self._seal, municipality, name, one.secrets), new, until=until)
        subscriptions.set_secrets(connection, one, closed(self._seal, municipality, name, known))
        return SubscriptionSecret(secret=new.text, both_until=instant(until))

    async def replay(self, municipality: str, name: str, after: str | None) -> SubscriptionAnswer:
        """Send all events after a cursor again.

        Raises:
            InvalidError: no cursor.
            NotFoundError: no such subscription.
            RefusedError: `cursor-gone`: the database was restored, or what came next has been pruned.
        """
        place = Cursor.read(after) if after else None
        return await self._change(Act.SUBSCRIPTION_REPLAYED, self._replay, municipality, name, place)

    def _replay(self, connection: Connection, municipality: str, name: str, after: Cursor | None) -> SubscriptionAnswer:
        one, now = _found(connection, municipality, name), self._now()
        reach = _reach(connection, municipality, after).or_earlier(one.cursor)
        postings.remove_beyond(connection, *one.place, reach)
        subscriptions.move(connection, *one.place, reach)
        _begin_anew(connection, one, now)
        problems.close_of(connection, municipality, one.called, [GIVEN_UP], now=now)
        return self._answer(connection, _found(connection, municipality, name))

    async def deliveries(self, municipality: str, name: str, *, before: int | None, limit: int) -> AttemptPage:
        """What was sent and what came of it, the latest first. Raises NotFoundError."""
        self._rulebook.town(municipality)
        return await self._readers.read(lambda c: _deliveries(c, municipality, name, before, limit))

    def _answer(self, connection: Connection, one: Stored) -> SubscriptionAnswer:
        waiting = postings.waiting(connection, *one.place) + subscriptions.unread(connection, one)
        return SubscriptionAnswer(
            name=one.name,
            url=one.url,
            types=tuple(map(EventType, one.types)),
            state="paused" if one.paused else "failing" if one.failing_since is not None else "running",
            paused_by=one.paused,
            failing_since=moment(one.failing_since),
            waiting=waiting,
            cursor=Cursor(feed.epoch(connection), *one.cursor).written(),
            created_at=instant(one.created_at),
        )


def _found(connection: Connection, municipality: str, name: str) -> Stored:
    found = subscriptions.find(connection, municipality, name)
    if found is None:
        raise NotFoundError(f"no subscription {quoted(name)} in {municipality}")
    return found


def _begin_anew(connection: Connection, one: Stored, now: int) -> None:
    """What waits is due at once, with a fresh start."""
    subscriptions.begin_anew(connection, *one.place, now=now)
    postings.begin_anew(connection, *one.place, now=now)
    problems.close_of(connection, one.municipality, one.called, PROBLEMS - {GIVEN_UP}, now=now)


def _reach(connection: Connection, municipality: str, after: Cursor | None) -> Reach:
    if after is None:
        return feed.beginning(connection, municipality)
    if after.epoch != feed.epoch(connection) or after.id < feed.pruned_to(connection, municipality):
        raise RefusedError("cursor-gone", "read the bookings anew, then replay from a cursor of the feed as it is now")
    return after.reach


def _deliveries(connection: Connection, municipality: str, name: str, before: int | None, limit: int) -> AttemptPage:
    one = _found(connection, municipality, name)
    rows = attempts.page(connection, *one.place, before=before, limit=limit)
    told = tuple(_attempt(row) for row in rows)
    return AttemptPage(deliveries=told, next=rows[-1].id if len(rows) == limit else None)


def _attempt(logged: Logged) -> AttemptAnswer:
    one = logged.attempt
    return AttemptAnswer(
        id=logged.id,
        event=str(one.event),
        attempt=one.attempt,
        outcome=Outcome(one.outcome),
        status=one.status,
        detail=one.detail,
        milliseconds=one.took // 1000,
        at=instant(one.at),
        next_at=moment(one.next_at),
    )
