"""What the database knows when a message is about to be written: read with the lane, in one transaction."""

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from hub.clock import NEVER
from hub.model.notice_record import DigestBody, NoticeBody, RungBody
from hub.model.notifying import BOOKER
from hub.model.plan import TargetKey, TargetKind
from hub.model.states import Record
from hub.service.asking.asked import Asked
from hub.service.telling.judging import State
from hub.store import bookings, closures, codes, ladders, lanes, shown, spares, told
from hub.store.bookings import Stored
from hub.store.closures import Stored as Closure
from hub.store.codes import Code
from hub.store.engine.database import Connection
from hub.store.ladders import Rung
from hub.store.lanes import Lane, Near
from hub.store.shown import Seen
from hub.store.spares import Spare


class Known(NamedTuple):
    """About one booking, and one slot that is told of it."""

    booking: Stored | None
    state: State | None = None
    """What the slot was last told."""
    perhaps: bool = False
    """Whether it may have been told something since."""
    held_until: int | None = None
    """When another message to the slot is due that goes before this one; None when there is none."""
    closures: tuple[Closure, ...] = ()
    """Those in force."""
    credentials: Mapping[TargetKey, tuple[Seen, Code]] = MappingProxyType({})
    """The booking's, when the slot may be told its codes."""

    @property
    def stored(self) -> Stored:
        """The booking. Raises LookupError: there is none."""
        if self.booking is None:
            raise LookupError("a message about no booking")
        return self.booking


class DigestKnown(NamedTuple):
    """About the bookings in a digest, in order of number."""

    bookings: tuple[Known, ...]
    held_until: int | None = None
    """When an earlier digest of the slot is due; None when there is none to wait for."""


class RungKnown(NamedTuple):
    """About a rung that was taken for a booking, and one slot that is told of it."""

    booking: Stored | None
    rung: Rung | None
    told: bool = False
    """Of a withdrawal: whether the slot was, or may have been, told of the rung."""
    held_until: int | None = None
    """Of a withdrawal: when the message of the rung is due that somebody has in hand; None: nobody has."""
    spare: Spare | None = None
    """The code that was given."""


def of_notice(connection: Connection, lane: Lane, body: NoticeBody, begun: Collection[int]) -> Known:
    """All that a message about one booking needs. `begun`: lanes taken with it, with which nothing is done yet."""
    town = lane.municipality
    booking = bookings.find(connection, town, body.number)
    near = lanes.records_between(connection, town, lane.connection, *body.others, but=lane.id)
    read = [(one, NoticeBody.of_key(body.number, one.key)) for one in near]
    mine = [(one, other) for one, other in read if other is not None and other.slot == body.slot]
    state = told.states(connection, town, str(body.slot), [body.number]).get(body.number)
    return Known(
        booking,
        State.from_json(state),
        perhaps=any(_may_be_done(one, begun) for one, other in mine if not other.code),
        held_until=_held_until(body, mine) if body.code else None,
        closures=_in_force(connection, town),
        credentials=_credentials(connection, town, booking) if booking and body.role == BOOKER else {},
    )


def of_rung(connection: Connection, lane: Lane, body: RungBody, begun: Collection[int]) -> RungKnown:
    """All that a message about a rung needs."""
    town = lane.municipality
    booking, rung = bookings.find(connection, town, body.number), ladders.with_id(connection, town, body.rung)
    if not body.gone:
        spare = spares.of_rungs(connection, town, [rung.id]).get(rung.id) if rung and rung.is_spare else None
        return RungKnown(booking, rung, spare=spare)
    near = lanes.records_between(connection, town, lane.connection, *body.others, but=lane.id)
    given = [one for one in near if one.key == body._replace(gone=False).key]
    going = (one.due for one in given if one.in_hand and one.id not in begun)
    told_ = any(one.effect == Record.DONE or one.in_doubt for one in given)
    return RungKnown(booking, rung, told_, min(going, default=None))


def of_digest(connection: Connection, lane: Lane, body: DigestBody) -> DigestKnown:
    """All that a digest needs."""
    town, numbers = lane.municipality, [number for number, _ in body.items]
    states = told.states(connection, town, body.slot, numbers)
    closed = _in_force(connection, town)
    perhaps = lane.taken_over or lane.confirmed == "?"
    about = (
        Known(stored, State.from_json(states.get(stored.number)), perhaps=perhaps, closures=closed)
        for stored in bookings.of_numbers(connection, town, numbers)
    )
    near = lanes.records_between(connection, town, lane.connection, *body.others, but=lane.id)
    earlier = (one.due for one in near if _is_open(one) and one.key < lane.key)
    return DigestKnown(tuple(about), min(earlier, default=None))


def _may_be_done(one: Near, begun: Collection[int]) -> bool:
    """What is done is known; of what another has in hand, or of what got no answer, nobody can say."""
    return one.effect != Record.DONE and bool(one.in_doubt or (one.in_hand and one.id not in begun))


def _is_open(one: Near) -> bool:
    """Whether it is still to be sent."""
    return bool(one.wanted) and one.effect == Record.PLANNED and one.due < NEVER


def _held_until(body: NoticeBody, near: Iterable[tuple[Near, NoticeBody]]) -> int | None:
    """The code is told with the booking when it can be, and several codes are told together: the first by key goes."""
    held = [one.due for one, other in near if _is_open(one) if not other.code or (one.in_hand and one.key < body.key)]
    return min(held, default=None)


def _in_force(connection: Connection, town: str) -> tuple[Closure, ...]:
    return tuple(one for one in closures.listed(connection, town) if not one.lifted)


def _credentials(connection: Connection, town: str, booking: Stored) -> dict[TargetKey, tuple[Seen, Code]]:
    asked = Asked.from_json(booking.asked)
    mine = {target.lane: key for key, target in asked.targets.items() if target.kind is TargetKind.CREDENTIAL}
    seen, kept = shown.seen(connection, town, mine), codes.of_lanes(connection, town, mine)
    return {key: (seen[lane], kept[lane]) for lane, key in mine.items() if lane in seen and lane in kept}
