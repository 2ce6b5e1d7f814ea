"""What carrying one lane means, whatever its kind: what should be, whether anything must be done, and doing it."""

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from hub.clock import HOUR, MINUTE, NEVER
from hub.delivery.errands.leasing import Loaded
from hub.delivery.errands.outcomes import UNKNOWN, Outcome, effect_of, put_off, untouched
from hub.delivery.reach.retrying import next_attempt
from hub.delivery.reach.running import Running
from hub.model.events import EventType
from hub.model.findings import What
from hub.model.plan import TargetKind
from hub.model.states import Delivery, Effect, Proof, Record
from hub.planner.fold import Desired, fold
from hub.planner.lines import PLAIN
from hub.store.lanes import Lane
from hub.store.problems import Cause

_SHARE = 10


class Drift(NamedTuple):
    """How a target stands otherwise than it should. `opens_until`: of a grant, when its last window ends."""

    what: What
    detail: str
    opens_until: int | None = None


@dataclass
class Errand(ABC):
    """One carrying, begun at `now` (microseconds)."""

    loaded: Loaded
    running: Running
    now: int

    def __post_init__(self) -> None:
        self.lane: Lane = self.loaded.lane
        self.asks = [*self.loaded.claims.ended, *self.loaded.claims.asks]
        self.rule = self.running.lines.get(self.lane.key, PLAIN)
        self.desired: Desired = fold(
            self.lane.kind, self.asks, now=self.now, horizon=self.running.horizon, rule=self.rule
        )
        self.next_edge = self.desired.next_edge

    @property
    def in_doubt(self) -> bool:
        """Whether what stands there is not known: an owner vanished, or an answer was lost."""
        return self.lane.taken_over or self.lane.attempts > 0 or self.lane.confirmed == UNKNOWN

    @property
    def effect(self) -> Effect | Record:
        """Where the effect is once its system is as it should be."""
        later = self.next_edge < NEVER
        return effect_of(wanted=self.desired.wanted, later=later, suspended=self.loaded.claims.suspended and not later)

    @property
    def tried_in_vain(self) -> bool:
        """Whether the time of what was last tried has passed without its ever having stood."""
        return (
            self.lane.wanted_until is not None
            and self.now >= self.lane.wanted_until
            and self.lane.effect != Effect.OVERRIDDEN
        )

    @property
    def over_in_vain(self) -> bool:
        """Whether that was the last that was wanted there: it has expired, and what is left of it is cleared away."""
        return self.tried_in_vain and not self.desired.wanted

    @abstractmethod
    def idle(self) -> Outcome | None:
        """The outcome, when there is nothing to send or look at."""

    @abstractmethod
    async def run(self) -> Outcome:
        """Do it. Raises the connector's errors, and nothing is written yet."""

    async def observe(self) -> Outcome:
        """Look, and send nothing: it is as it should be, or how it differs is told. Raises the connector's errors."""
        return put_off(self.lane, until=self.next_look)

    @property
    def at_rest(self) -> bool:
        """Whether nobody has it in hand, or is about to: what stands there now is what the hub thinks, or drift."""
        settled = self.lane.problem is None and not self.in_doubt and self.lane.due > self.now
        return not self.lane.taken_over and (settled or self.running.observes)

    @property
    def next_look(self) -> int:
        """When what is only observed is looked at again: after ten minutes to an hour, sooner the nearer it is."""
        left = max(0, self.desired.needed_by - self.now) // _SHARE if self.desired.wanted else 0
        return min(self.next_edge, self.now + min(max(10 * MINUTE, left), HOUR))

    def adrift(self, detail: str, *, effect: Effect | None = None, events: tuple[tuple[str, str], ...] = ()) -> Outcome:
        """It is not as it should be, and nothing is sent: told once as long as it stays so."""
        return Outcome(
            lane=self.lane,
            delivery=Delivery.DUE,
            effect=effect or self.failing_effect,
            due=self.next_look,
            state=None if self.lane.confirmed is None else UNKNOWN,
            detail=detail,
            repairs=self.lane.repairs,
            events=events,
        )

    @property
    @abstractmethod
    def wanted_until(self) -> int | None:
        """The end of what is wanted now: past it, it is useless. None for what never becomes so."""

    @property
    @abstractmethod
    def stands(self) -> bool:
        """Whether what was last confirmed is what should be."""

    @property
    def missed_until(self) -> int | None:
        """`wanted_until`, unless it is believed to stand: then nobody misses it.

        While what was tried in vain is being cleared away its end is kept: the lane comes to rest as expired.
        """
        if not self.desired.wanted:
            return self.lane.wanted_until if self.tried_in_vain else None
        return None if self.stands else self.wanted_until

    @property
    def cost(self) -> int:
        """How many commands and looks it takes, at most, where they are counted."""
        reads = self.running.reads_zones() is not None or self.running.reads_credentials() is not None
        return 1 + reads * (1 + (self.in_doubt or self.lane.look > 0))

    @property
    def patient(self) -> bool:
        """Whether it may look again and again for what is coming: not where looks are counted."""
        return self.running.per_minute is None

    @property
    def urgent_by(self) -> int:
        """When it must be done for nobody to notice; a grant that is to go is late already."""
        late = not self.desired.wanted and self.lane.kind is TargetKind.CREDENTIAL
        return self.now if late else self.desired.needed_by

    def next_try(self, now: int, retry_after: timedelta | None = None) -> int:
        """When to try again: by the next edge, when something else is to be sent, unless the system asks for time."""
        due = next_attempt(self.lane.attempts, now=now, needed_by=self.urgent_by, retry_after=retry_after)
        return min(due, self.next_edge) if retry_after is None else due

    @property
    def over(self) -> int:
        """When the last claim on it ends; NEVER when there is none."""
        return max((ask.ends for ask in self.loaded.claims.asks), default=NEVER)

    @property
    def failing_effect(self) -> Effect | Record:
        """Where the effect is while its system is not as it should be."""
        if self.desired.wanted:
            return Effect.LOST if self.lane.effect == Effect.LOST else Effect.PLANNED
        return Effect.REMOVING

    def resting(self) -> Outcome:
        """Nothing to do: sleep until the next edge."""
        lane = self.lane
        if self.over_in_vain:
            delivery = Delivery.EXPIRED
        elif lane.confirmed is None or not self.desired.wanted:
            delivery = Delivery.WAITING if self.next_edge < NEVER or lane.confirmed is None else Delivery.CONFIRMED
        else:
            delivery = Delivery.CONFIRMED
        untold = untouched(lane, effect=self.effect, due=self.next_edge, delivery=delivery, state=lane.confirmed)
        return untold._replace(events=self.expired())

    def _missed_since(self, sent: str | None) -> int | None:
        """When it was needed, or asked for where that was later; None for what stood already, or has no time."""
        lane, needed_by = self.lane, self.desired.needed_by
        if needed_by >= NEVER or (sent is None and lane.effect == self.effect):
            return None
        return max(needed_by, lane.due if lane.failing_since is None else lane.failing_since)

    def confirmed(
        self, *, proof: Proof, state: str, sent: str | None, detail: str | None = None, reference: str | None = None
    ) -> Outcome:
        """It stands, or is gone, as it should."""
        return Outcome(
            lane=self.lane,
            delivery=Delivery.EXPIRED if self.over_in_vain else Delivery.CONFIRMED,
            effect=self.effect,
            due=self.next_edge,
            state=state,
            proof=proof,
            sent=sent,
            detail=detail,
            reference=reference,
            repairs=self.lane.repairs if self.desired.wanted else 0,
            told=sent is not None or not self._as_before(proof, state),
            proven=True,
            missed_since=self._missed_since(sent),
            events=self.expired(),
        )

    def _as_before(self, proof: Proof, state: str) -> bool:
        """Whether that much was known already, by the same proof, and nothing had gone wrong since."""
        lane, quiet = self.lane, not self.in_doubt and self.lane.problem is None
        known = (lane.effect, lane.confirmed, lane.proof) == (self.effect, state, proof)
        return known and quiet and not self.tried_in_vain

    def not_so(
        self, detail: str, *, sent: str, due: int, cause: Cause | None = None, delivery: Delivery = Delivery.RETRYING
    ) -> Outcome:
        """The system answered, and is not as it should be."""
        return Outcome(
            lane=self.lane,
            delivery=delivery,
            effect=self.failing_effect,
            due=due,
            state=UNKNOWN,
            sent=sent,
            detail=detail,
            attempts=self.lane.attempts + 1,
            repairs=self.lane.repairs,
            cause=cause,
            wanted_until=self.wanted_until if self.desired.wanted else self.missed_until,
            events=self.expired(),
        )

    def expired(self) -> tuple[tuple[str, str], ...]:
        """Tell of what was tried until its time had passed; once, though it may take longer to clear it away."""
        if not self.tried_in_vain or self.lane.effect == Effect.REMOVING:
            return ()
        return ((EventType.EFFECT_EXPIRED, json.dumps({"until": self.lane.wanted_until})),)
