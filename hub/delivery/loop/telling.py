"""What a settled carrying means for bookings: effective, credential ready or changed, told otherwise than before.

Part of the settling transaction, so that an event is there exactly when what it tells is.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hub.delivery.errands.outcomes import Outcome
from hub.delivery.loop import shared
from hub.delivery.loop.retelling import TO_BOOKER, tell_anew
from hub.delivery.loop.shared import Share, version_of
from hub.model.events import EventType
from hub.model.notice_record import NoticeBody
from hub.model.plan import DocumentBody, TargetKind
from hub.model.states import Delivery, Effect
from hub.planner.plan import number_of
from hub.planner.rules import Timing
from hub.planner.sharing import is_shared
from hub.service.accept.effective import event as effective_event
from hub.service.accept.effective import is_effective
from hub.service.asking.asked import Asked
from hub.service.standing.showing import one_by_one
from hub.store import bookings, claims, ladders, leaving, shown, waking
from hub.store.bookings import Told
from hub.store.engine.database import Connection, Later
from hub.store.events import Event
from hub.store.lanes import Lane
from hub.store.shown import Seen

Timings = Callable[[str], Timing]
"""When what is claimed in a municipality is sent."""

_BROKEN = frozenset({Effect.LOST, Effect.OVERRIDDEN})
_AT_REST = frozenset({Delivery.CONFIRMED, Delivery.WAITING, Delivery.EXPIRED})
"""Also where nothing had to be sent: somebody new may be behind it, or somebody may have left."""


def of_bookings(connection: Connection, done: Iterable[Outcome], timings: Timings, *, now: int) -> list[Event]:
    """The events that these outcomes are for the bookings behind them."""
    by_town: dict[str, list[Outcome]] = defaultdict(list)
    for one in done:
        if one.told or one.effect in _BROKEN or one.delivery in _AT_REST:
            by_town[one.lane.municipality].append(one)
    events: list[Event] = []
    for town in sorted(by_town):
        events += _of_town(connection, town, by_town[town], timings(town), now)
    return events


def _of_town(connection: Connection, town: str, outcomes: list[Outcome], timing: Timing, now: int) -> list[Event]:
    """Lanes first, then bookings: the order in which all take them."""
    shares = shared.parts_of(connection, town, outcomes, timing.horizons, now)
    behind, silent = _behind(connection, town, outcomes, shares, now)
    _awaken_bookers(connection, town, _opened(outcomes, behind, shares, now) - silent, now)
    tell_anew(connection, town, outcomes, behind, now=now)
    known = {one.id: one for one in bookings.told(connection, town, {id_ for ids in behind for id_ in ids})}
    asked = {one.id: Asked.from_json(one.asked) for one in known.values() if one.effective != one.revision}
    seen_then = _seen(connection, town, asked.values())
    _look_again(connection, town, outcomes, behind, known, now)
    seen = seen_then()
    _let_go(connection, town, _granted(outcomes, behind), known, seen, now)
    then = _Then(known, asked, seen, timing, now)
    events: list[Event] = []
    for outcome, ids in zip(outcomes, behind, strict=True):
        events += _of_credential(outcome, now)
        events += shared.events(outcome, shares.get(outcome.lane.id, {}), known, now)
        for id_ in ids:
            if id_ in known:
                events += _of_booking(then, known[id_], outcome)
    bookings.set_effective(connection, town, then.told)
    return events


def _behind(
    connection: Connection, town: str, outcomes: list[Outcome], shares: Mapping[int, Mapping[int, Share]], now: int
) -> tuple[list[list[int]], set[int]]:
    """The bookings that each lane's state matters to, and those of them that are known to tell no booker.

    One for a credential of its own; of one that is shared those that it is to open for by now; of a zone those that are
    on; of both those that leave.
    """
    numbers = [_number(one.lane) for one in outcomes]
    named = bookings.named(connection, town, {number for number in numbers if number}, TO_BOOKER)
    many = [one.lane.id for one, number in zip(outcomes, numbers, strict=True) if number is None]
    on = claims.bookings_on(connection, town, [lane for lane in many if lane not in shares], now=now)
    on |= {lane: list(share) for lane, share in shares.items()}
    leave = _leaving(connection, town, many, now)
    behind = [
        [*on[one.lane.id], *leave[one.lane.id]] if number is None else [named[number].id] if number in named else []
        for one, number in zip(outcomes, numbers, strict=True)
    ]
    return behind, {one.id for one in named.values() if not one.may_have}


def _number(lane: Lane) -> str | None:
    """The booking that a credential, message or document is for; empty for another's, None for what many share."""
    if lane.kind is TargetKind.CREDENTIAL:
        return None if is_shared(lane.key) else number_of(lane.key) or ""
    if document := DocumentBody.read(lane.body):
        return document.booking
    body = NoticeBody.read(lane.body)
    return body.number if body else None


def _leaving(connection: Connection, town: str, zones: list[int], now: int) -> dict[int, list[int]]:
    """Those that claim nothing of a zone any more; once it is at rest it has told them for the last time."""
    found = leaving.of_lanes(connection, town, zones)
    if going := [lane for lane, ids in found.items() if ids]:
        for lane, seen in shown.seen(connection, town, going).items():
            if seen.delivery in _AT_REST and seen.due > now:
                leaving.clear(connection, town, lane)
    return found


def _opened(
    outcomes: list[Outcome], behind: list[list[int]], shares: Mapping[int, Mapping[int, Share]], now: int
) -> set[int]:
    """The bookings for which a code stands now."""
    return {
        id_
        for one, ids in zip(outcomes, behind, strict=True)
        if one.lane.kind is TargetKind.CREDENTIAL and one.delivery is Delivery.CONFIRMED
        for id_ in (shared.opened(one, shares[one.lane.id], now) if one.lane.id in shares else ids)
    }


def _awaken_bookers(connection: Connection, town: str, ids: set[int], now: int) -> None:
    """A message may have waited for the code that stands now."""
    for _, text in sorted(bookings.asked(connection, town, ids).items()):
        if TO_BOOKER in text:
            asked = Asked.from_json(text)
            waking.awaken(connection, town, sorted(asked.targets[key].lane for key in asked.records), now=now)


def _look_again(
    connection: Connection,
    town: str,
    outcomes: list[Outcome],
    behind: list[list[int]],
    known: Mapping[int, Told],
    now: int,
) -> None:
    """What is done instead of a door may be needed now, or no more: its credential stands otherwise than before."""
    others = [
        ids
        for one, ids in zip(outcomes, behind, strict=True)
        if one.lane.kind is TargetKind.CREDENTIAL and (one.state != one.lane.confirmed or one.effect != one.lane.effect)
    ]
    if numbers := {known[id_].number for ids in others for id_ in ids if id_ in known}:
        ladders.wake(connection, town, numbers, now=now)


def _seen(connection: Connection, town: str, waiting: Iterable[Asked]) -> Later[dict[int, Seen]]:
    """All lanes of the bookings that are not effective yet, told with what is asked next."""
    ids = {target.lane for one in waiting for target in one.targets.values()}
    return shown.seen_later(connection, town, ids) if ids else dict


def _granted(outcomes: Sequence[Outcome], behind: Sequence[Sequence[int]]) -> set[int]:
    """The bookings of which a credential is as it should be now."""
    at_rest = [one.lane.kind is TargetKind.CREDENTIAL and one.delivery in _AT_REST for one in outcomes]
    return {id_ for rests, ids in zip(at_rest, behind, strict=True) if rests for id_ in ids}


def _let_go(
    connection: Connection, town: str, granted: set[int], known: Mapping[int, Told], seen: Mapping[int, Seen], now: int
) -> None:
    """What a booking has moved away from waits no longer when nothing that it moved to is under way."""
    waits = {id_ for id_, one in seen.items() if one.delivery == Delivery.DUE and one.due > now}
    if not waits:
        return
    for booking in (known[id_] for id_ in sorted(granted & known.keys())):
        targets = Asked.from_json(booking.asked).targets.values()
        its = [seen[one.lane] for one in targets if one.kind is TargetKind.CREDENTIAL and one.lane in seen]
        put_off = [one for one in its if one.id in waits]
        if put_off and all(one in put_off or one.delivery in _AT_REST for one in its):
            waking.hurry(connection, [(now, town, one.id) for one in put_off])


def _of_credential(outcome: Outcome, now: int) -> Iterator[Event]:
    lane = outcome.lane
    if lane.kind is not TargetKind.CREDENTIAL or outcome.delivery is not Delivery.CONFIRMED:
        return
    before, after = version_of(lane.confirmed), version_of(outcome.state)
    number = number_of(lane.key)
    if number and after and before != after:
        type_ = EventType.CREDENTIAL_CHANGED if before else EventType.CREDENTIAL_READY
        yield Event(lane.municipality, type_, number, shared.ready(outcome), now)


@dataclass
class _Then:
    """What bookings' states are judged by, and what came of it."""

    known: dict[int, Told]
    asked: dict[int, Asked]
    seen: dict[int, Seen]
    timing: Timing
    now: int
    told: dict[int, int] = field(default_factory=dict)
    """The revision that each booking's subscribers were told of by this; 0: they were told that it holds no more."""
    judged: set[int] = field(default_factory=set)
    """Those that are not as they ask to be: nothing here changes that."""

    def is_effective(self, booking: Told) -> bool:
        """Whether a booking is as it asks to be."""
        if booking.id in self.judged:
            return False
        asked = self.asked.get(booking.id) or Asked.from_json(booking.asked)
        effective = is_effective(one_by_one(asked, self.seen, self.timing, now=self.now), booking.status)
        if not effective:
            self.judged.add(booking.id)
        return effective

    def tell(self, booking: Told, revision: int) -> None:
        """It is told that a revision is effective, or that none is."""
        self.known[booking.id] = booking._replace(effective=revision)
        self.told[booking.id] = revision


def _of_booking(then: _Then, booking: Told, outcome: Outcome) -> Iterator[Event]:
    lane = outcome.lane
    if booking.effective == booking.revision:
        if outcome.effect in _BROKEN or outcome.delivery is Delivery.STUCK:
            then.tell(booking, 0)
            target = f"{lane.connection}/{lane.key}"
            body = json.dumps({"revision": booking.revision, "target": target, "state": outcome.effect})
            yield Event(lane.municipality, EventType.OUTCOME_REVISED, booking.number, body, then.now)
    elif then.is_effective(booking):
        then.tell(booking, booking.revision)
        yield effective_event(lane.municipality, booking.number, booking.revision, now=then.now)
