"""What a settled carrying means for bookings: effective, credential ready or changed, told otherwise than before.

Part of the settling transaction, so that an event is there exactly when what it tells is.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping

from hub.delivery.outcomes import Outcome
from hub.model.events import EventType
from hub.model.notice_record import NoticeBody
from hub.model.notifying import BOOKER
from hub.model.plan import TargetKind
from hub.model.states import Delivery, Effect
from hub.planner.fold import AWAITED, NO_WINDOWS
from hub.planner.plan import number_of
from hub.service.asked import Asked
from hub.service.effective import is_effective, told
from hub.service.showing import standings
from hub.store import bookings, claims, lanes, leaving, shown
from hub.store.bookings import Told
from hub.store.database import Connection
from hub.store.events import Event
from hub.store.lanes import Lane

Horizons = Callable[[str], Mapping[str, int]]
"""Push horizons of a municipality's connections, microseconds."""

_BROKEN = frozenset({Effect.LOST, Effect.OVERRIDDEN})
_AT_REST = frozenset({Delivery.CONFIRMED, Delivery.WAITING, Delivery.EXPIRED})
"""Also where nothing had to be sent: somebody new may be behind it, or somebody may have left."""


def of_bookings(connection: Connection, done: Iterable[Outcome], horizons: Horizons, *, now: int) -> list[Event]:
    """The events that these outcomes are for the bookings behind them."""
    events: list[Event] = []
    for outcome in done:
        if outcome.told or outcome.effect in _BROKEN or outcome.delivery in _AT_REST:
            events += _of_credential(outcome, now)
            behind = _behind(connection, outcome, now)
            if outcome.lane.kind is TargetKind.CREDENTIAL and outcome.delivery is Delivery.CONFIRMED:
                _awaken_bookers(connection, outcome.lane.municipality, behind, now)
            for booking in behind:
                events += _of_booking(connection, booking, outcome, horizons(outcome.lane.municipality), now)
    return events


def _behind(connection: Connection, outcome: Outcome, now: int) -> list[Told]:
    """The bookings that the lane's state matters to now: one for a credential, of a zone those that are on or leave."""
    lane = outcome.lane
    if lane.kind is TargetKind.CREDENTIAL:
        number = number_of(lane.key)
        return bookings.told(connection, lane.municipality, numbers=[number]) if number else []
    if body := NoticeBody.read(lane.body):
        return bookings.told(connection, lane.municipality, numbers=[body.number])
    ids = [*claims.bookings_on(connection, lane.municipality, lane.id, now=now), *_leaving(connection, lane, now)]
    return bookings.told(connection, lane.municipality, ids=ids) if ids else []


def _leaving(connection: Connection, lane: Lane, now: int) -> list[int]:
    """Those that claim nothing of the zone any more; once it is at rest it has told them for the last time."""
    ids = leaving.of_lane(connection, lane.municipality, lane.id)
    if ids:
        seen = shown.seen(connection, lane.municipality, [lane.id])[lane.id]
        if seen.delivery in _AT_REST and seen.due > now:
            leaving.clear(connection, lane.municipality, lane.id)
    return ids


def _awaken_bookers(connection: Connection, town: str, behind: Iterable[Told], now: int) -> None:
    """A message may have waited for the code that stands now."""
    for booking in behind:
        if f".{BOOKER}" in booking.asked:
            asked = Asked.from_json(booking.asked)
            lanes.awaken(connection, town, [asked.targets[key].lane for key in asked.records], now=now)


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
    if state is None or state == NO_WINDOWS or state.startswith(AWAITED):
        return ""
    return state.partition("[")[0].strip("?")


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
    seen = shown.seen(connection, town, [one.lane for one in asked.targets.values()])
    if is_effective(standings(asked, seen, horizons, now=now), booking.status):
        yield told(connection, town, (booking.id, booking.number, booking.revision), now=now)
