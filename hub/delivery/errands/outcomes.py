"""How a carrying ended: what is written about the lane, and what the sender must remember."""

from typing import NamedTuple

from hub.model.plan import TargetKind
from hub.model.states import Delivery, Effect, Proof, Record
from hub.planner.fold import NO_WINDOWS, RELEASE
from hub.store.codes import Code
from hub.store.lanes import Lane
from hub.store.problems import Cause
from hub.store.room import Lock
from hub.store.told import Learnt

UNKNOWN = "?"
"""The confirmed state of a lane where nobody knows what stands: equal to nothing, so the next carrying sends."""


class Outcome(NamedTuple):
    """The end of one carrying. Times in microseconds. Said by name; made in a quarter of a dataclass's time."""

    lane: Lane
    delivery: Delivery
    effect: Effect | Record
    due: int
    state: str | None = None
    """What stands there now, as far as is known; None: nothing of ours was ever there."""
    proof: Proof | None = None
    sent: str | None = None
    detail: str | None = None
    reference: str | None = None
    quiet: int = 0
    """A call may still land: the lane stays closed to all for `lands_within`, by the database's clock."""
    attempts: int = 0
    """How many have failed since the last that did not; more than none is doubt."""
    look: bool = False
    repairs: int = 0
    cause: Cause | None = None
    still: bool = False
    """What stopped it before may stop it still: nobody has looked."""
    pauses: bool = False
    """The connection is refused: pause all of it."""
    wanted_until: int | None = None
    told: bool = True
    """Whether it is worth a row in the history: not when a look found all as it was."""
    proven: bool = False
    """Whether the system was told or asked, and is as it should be: the moment is kept."""
    missed_since: int | None = None
    """Of what came to stand now: from when it was missed, which is later than now where it stands in time."""
    events: tuple[tuple[str, str], ...] = ()
    """(type, JSON) to tell about the target."""
    made_up: Code | None = None
    """The PIN that the lock chose, when it is new to us."""
    frees: Lock | None = None
    """Where a place has come free by it, that others may wait for."""
    lit: bool | None = None
    """Of a zone that was found set by hand: whether it is on; None where nobody looked."""
    learnt: tuple[Learnt, ...] = ()
    """What whoever was told now knows."""


def state_of(lane: Lane) -> Effect | Record:
    """Where the lane's effect or record is."""
    return Record(lane.effect) if lane.kind is TargetKind.RECORD else Effect(lane.effect)


def believed(lane: Lane) -> str | None:
    """What is known before anything is done; of a record whose owner vanished, nothing."""
    return UNKNOWN if lane.kind is TargetKind.RECORD and lane.taken_over else lane.confirmed


def at_rest(state: str | None) -> bool:
    """Whether nothing of ours stands there."""
    return state in {None, RELEASE, NO_WINDOWS}


def effect_of(*, wanted: bool, later: bool, suspended: bool) -> Effect:
    """Where a standing effect is when its system is as it should be."""
    if wanted:
        return Effect.STANDING
    if suspended:
        return Effect.SUSPENDED
    return Effect.PLANNED if later else Effect.REMOVED


def untouched(lane: Lane, *, effect: Effect | Record, due: int, delivery: Delivery, state: str | None) -> Outcome:
    """Nothing had to be sent."""
    proof = Proof(lane.proof) if lane.proof and delivery is Delivery.CONFIRMED else None
    return Outcome(
        lane=lane,
        delivery=delivery,
        effect=effect,
        due=due,
        state=state,
        proof=proof,
        repairs=lane.repairs,
        wanted_until=lane.wanted_until if effect is Effect.OVERRIDDEN else None,
        told=False,
    )


def put_off(lane: Lane, *, until: int, cause: Cause | None = None, missed_until: int | None = None) -> Outcome:
    """Not now: another probes the system, the connection is paused, or the lease ran out of time. Doubt stays."""
    return Outcome(
        lane=lane,
        delivery=Delivery.RETRYING if lane.attempts else Delivery.DUE,
        effect=state_of(lane),
        due=until,
        state=believed(lane),
        attempts=max(lane.attempts, int(lane.taken_over)),
        look=lane.look > 0,
        repairs=lane.repairs,
        cause=cause,
        wanted_until=lane.wanted_until if missed_until is None else missed_until,
        told=False,
    )


def failed(  # noqa: PLR0913 - what is known of a failure
    lane: Lane,
    delivery: Delivery,
    detail: str,
    *,
    due: int,
    cause: Cause | None,
    effect: Effect | Record | None = None,
    quiet: int | None = None,
    sent: str | None = None,
    wanted_until: int | None = None,
    pauses: bool = False,
    events: tuple[tuple[str, str], ...] = (),
) -> Outcome:
    """It did not come to a good end. What stood there is still believed, unless a call may yet land (`quiet`)."""
    doubt = quiet is not None
    return Outcome(
        lane=lane,
        delivery=delivery,
        effect=effect or state_of(lane),
        due=due,
        state=UNKNOWN if doubt else believed(lane),
        detail=detail,
        sent=sent if doubt else None,
        quiet=quiet or 0,
        attempts=max(lane.attempts + (delivery is Delivery.RETRYING), int(lane.taken_over)),
        look=lane.look > 0,
        repairs=lane.repairs,
        cause=cause,
        pauses=pauses,
        wanted_until=wanted_until,
        events=events,
    )
