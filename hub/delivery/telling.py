"""What a settled carrying means for bookings: effective, credential ready or changed, told otherwise than before.

Part of the settling transaction, so that an event is there exactly when what it tells is.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping

from hub.delivery.outcomes import Outcome
from hub.model.events import EventType
from hub.model.plan import NoticeBody, TargetKind
from hub.model.states import Delivery, Effect, Record
from hub.planner.fold import NO_WINDOWS
from hub.planner.plan import number_of
from hub.service.asked import Asked
from hub.service.showing import Standing, standings
from hub.store import bookings, claims, lanes
from hub.store.bookings import Told
from hub.store.database import Connection
from hub.store.events import Event

Horizons = Callable[[str], Mapping[str, int]]
"""Push horizons of a municipality's connections, microseconds."""

_OPEN = frozenset({Delivery.WAITING})
_SETTLED = frozenset({Effect.STANDING, Effect.REMOVED, Effect.SUSPENDED, Record.DONE, Record.WITHDRAWN})
_BROKEN = frozenset({Effect.LOST, Effect.OVERRIDDEN})


def of_bookings(connection: Connection, done: Iterable[Outcome], horizons: Horizons, *, now: int) -> list[Event]:
    """The events that these outcomes are for the bookings behind them."""
    told: list[Event] = []
    for outcome in done:
        if outcome.told or outcome.effect in _BROKEN or _stands_already(outcome):
            told += _of_credential(outcome, now)
            for booking in _behind(connection, outcome, now):
                told += _of_booking(connection, booking, outcome, horizons(outcome.lane.municipality), now)
    return told


def _stands_already(outcome: Outcome) -> bool:
    """Whether an edge or a change found that nothing need be sent: somebody new may be behind it."""
    return outcome.delivery is Delivery.CONFIRMED and not outcome.proven


def _behind(connection: Connection, outcome: Outcome, now: int) -> list[Told]:
    """The bookings that the lane's state matters to now: one for a credential, those that are on for a zone."""
    lane = outcome.lane
    if lane.kind is TargetKind.CREDENTIAL:
        number = number_of(lane.key)
        return bookings.told(connection, lane.municipality, numbers=[number]) if number else []
    if body := NoticeBody.read(lane.body):
        return bookings.told(connection, lane.municipality, numbers=[body.number])
    ids = claims.bookings_on(connection, lane.municipality, lane.id, now=now)
    return bookings.told(connection, lane.municipality, ids=ids)


def _of_credential(outcome: Outcome, now: int) -> Iterator[Event]:
    lane = outcome.lane
    if lane.kind is not TargetKind.CREDENTIAL or outcome.delivery is not Delivery.CONFIRMED:
        return
    before, after = _version(lane.confirmed), _version(outcome.state)
    number = number_of(lane.key)
    if number and after and before != after:
        type_ = EventType.CREDENTIAL_CHANGED if before else EventType.CREDENTIAL_READY
        body = json.dumps({"target": f"{lane.connection}/{lane.key}", "proof": outcome.proof})
        yield Event(lane.municipality, type_, number, body, now)


def _version(state: str | None) -> str:
    """The version of the secret that stands; empty when none does."""
    return "" if state is None or state == NO_WINDOWS else state.partition("[")[0].strip("?")


def _of_booking(
    connection: Connection, booking: Told, outcome: Outcome, horizons: Mapping[str, int], now: int
) -> Iterator[Event]:
    town, target = outcome.lane.municipality, f"{outcome.lane.connection}/{outcome.lane.key}"
    if booking.effective == booking.revision:
        if outcome.effect in _BROKEN or outcome.delivery is Delivery.STUCK:
            bookings.set_effective(connection, town, booking.id, 0)
            body = json.dumps({"revision": booking.revision, "target": target, "state": outcome.effect})
            yield Event(town, EventType.OUTCOME_REVISED, booking.number, body, now)
        return
    asked = Asked.from_json(booking.asked)
    seen = lanes.seen(connection, town, [one.lane for one in asked.targets.values()])
    if is_effective(standings(asked, seen, horizons, now=now)):
        bookings.set_effective(connection, town, booking.id, booking.revision)
        body = json.dumps({"revision": booking.revision})
        yield Event(town, EventType.BOOKING_EFFECTIVE, booking.number, body, now)


def is_effective(standing: Iterable[Standing]) -> bool:
    """Whether all that is due is confirmed, and anything is."""
    due = [one for one in standing if one.delivery not in _OPEN]
    return bool(due) and all(one.state in _SETTLED for one in due)
