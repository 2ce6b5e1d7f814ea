"""The settling transaction: outcomes become rows, problems open and end, and events tell."""

from collections.abc import Iterator, Sequence

from hub.clock import Clock, now_of
from hub.delivery.errands import zones
from hub.delivery.errands.outcomes import Outcome
from hub.delivery.loop import telling
from hub.delivery.loop.telling import Timings
from hub.model.events import EventType
from hub.model.plan import DocumentBody, InvoiceBody
from hub.model.states import Record
from hub.service.documents import applying, registering
from hub.service.money import ledger
from hub.store import codes, connections, deliveries, events, invoices, lanes, problems, room, stretches, told
from hub.store.engine import places
from hub.store.engine.database import Connection
from hub.store.events import Event
from hub.store.lanes import Settled


class Settling:
    """Holds what the transaction needs besides its connection."""

    def __init__(self, clock: Clock, timings: Timings) -> None:
        self._clock, self._timings = clock, timings

    def settle(self, connection: Connection, done: list[Outcome]) -> list[bool]:
        """Write every outcome; says which lanes were still ours."""
        now = now_of(self._clock)
        connection.hold({places.troubles(*place) for place in _troubled(done)}, share=[places.EVERYTHING])
        current = lanes.current(connection, [one.lane.id for one in done])
        rows = [self._settled(connection, one, current[one.lane.id].problem, now) for one in done]
        ours = lanes.settle(connection, rows, current)
        old = {one.problem for one in current.values() if one.problem is not None}
        old |= {row.problem for row, is_ours in zip(rows, ours, strict=True) if row.problem and not is_ours}
        problems.close(connection, old, now=now)
        mine = [one for one, is_ours in zip(done, ours, strict=True) if is_ours]
        _tell(connection, mine, now)
        lit = [stretches.Now(one.lane.municipality, one.lane.id, zones.how(one)) for one in mine if zones.is_new(one)]
        stretches.follow(connection, lit, now=now)
        _follow_invoices(connection, mine, now)
        _follow_documents(connection, mine, now)
        codes.put(connection, [one.made_up for one in mine if one.made_up])
        for lock in (one.frees for one in mine if one.frees):
            room.give_on(connection, lock)
        learnt = {(one.lane.municipality, new.number, new.slot): new for one in mine for new in one.learnt}
        if learnt:
            told.learn(connection, [(town, new) for (town, *_), new in learnt.items()])
        events.append(connection, telling.of_bookings(connection, mine, self._timings, now=now))
        return ours

    def _settled(self, connection: Connection, one: Outcome, behind: int | None, now: int) -> Settled:
        problem = self._problem(connection, one, behind, now)
        return Settled(
            one.lane,
            one.delivery,
            one.effect,
            one.due,
            now,
            one.state,
            one.proof,
            one.sent,
            one.detail,
            one.reference,
            one.quiet,
            one.attempts,
            one.look,
            one.repairs,
            problem,
            one.wanted_until,
            one.told,
            one.proven,
        )

    def _problem(self, connection: Connection, one: Outcome, behind: int | None, now: int) -> int | None:
        """The problem that it waits behind; `behind`: the one that it waited behind."""
        if one.cause is None:
            return behind if not one.told and (one.attempts or one.still) else None
        lane = one.lane
        if one.pauses:
            connections.set_paused(connection, lane.municipality, lane.connection, one.cause.code, now=now)
        id_ = problems.open_(
            connection, lane.municipality, lane.connection, one.cause, detail=one.detail or "", now=now
        )
        if not one.cause.cause:
            problems.absorb(connection, lane.municipality, lane.connection, one.cause.code, id_, now=now)
        return id_


def _troubled(done: Sequence[Outcome]) -> Iterator[tuple[str, str]]:
    """The connections whose problems these outcomes may begin or end."""
    for one in done:
        if one.cause is not None or one.lane.problem is not None:
            yield one.lane.municipality, one.lane.connection


def _tell(connection: Connection, done: Sequence[Outcome], now: int) -> None:
    listed = [
        Event(one.lane.municipality, type_, f"{one.lane.connection}/{one.lane.key}", body, now)
        for one in done
        for type_, body in one.events
    ]
    if listed:
        events.append(connection, listed)
    deliveries.expire(
        connection, [one.lane for one in done if any(t == EventType.EFFECT_EXPIRED for t, _ in one.events)], now=now
    )


def _follow_invoices(connection: Connection, done: Sequence[Outcome], now: int) -> None:
    """Tell of what has gone out, and let the credit notes behind it go."""
    for one in done:
        body = InvoiceBody.read(one.lane.body)
        if body and one.told and one.effect is Record.DONE:
            town = one.lane.municipality
            stored = invoices.with_ids(connection, town, [body.id])[body.id]
            events.append(connection, [ledger.transferred(connection, town, stored, now=now)])
            invoices.wake_credits(connection, town, body.id, now=now)


def _follow_documents(connection: Connection, done: Sequence[Outcome], now: int) -> None:
    """Tell of what has been registered, by its number."""
    for one in done:
        body = DocumentBody.read(one.lane.body)
        if body and one.told and one.effect is Record.DONE:
            town, number = one.lane.municipality, one.reference or ""
            events.append(connection, [registering.registered(connection, town, body, number, now=now)])
            applying.acknowledged(connection, town, body.key, number, now=now)
