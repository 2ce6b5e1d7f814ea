"""Carrying a zone: level-triggered, read before and after; what somebody set by hand is left until the next edge."""

import json
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from hub.clock import MINUTE, instant
from hub.delivery.errands.awaiting import settled_sighting
from hub.delivery.errands.errand import Drift, Errand
from hub.delivery.errands.outcomes import Outcome, at_rest
from hub.model import Dim, Level, Release, Setpoint, Switch, Zone
from hub.model.events import EventType
from hub.model.findings import What
from hub.model.plan import TargetKind
from hub.model.states import Delivery, Effect, Proof
from hub.model.zone import fulfils
from hub.planner.fold import RELEASE, lit_until
from hub.sdk import Condition, Control, Receipt, Sighting
from hub.service.words import sentences
from hub.store.problems import Cause
from hub.store.stretches import How

_PROOFS = {Condition.STANDING: Proof.RECEIPT}
_ZONES = frozenset({TargetKind.SWITCH, TargetKind.DIM, TargetKind.SETPOINT})
_GRACE = 2 * MINUTE
"""A device's own timer ends no sooner after the hub means to: the hub may be late, and the light must not blink."""


def level_of(state: str) -> Level:
    """The level that a zone's state says."""
    if state == RELEASE:
        return Release()
    kind, _, level = state.partition(":")
    match TargetKind(kind):
        case TargetKind.SWITCH:
            return Switch(on=bool(int(level)))
        case TargetKind.DIM:
            return Dim(percent=int(level))
        case TargetKind.SETPOINT:
            return Setpoint(celsius=Decimal(level) / 10)
    msg = f"{state}: not the state of a zone"
    raise ValueError(msg)


def _is_on(level: Level) -> bool:
    """Whether it is lit, warm, or held open."""
    match level:
        case Switch(on=on):
            return on
        case Dim(percent=percent):
            return percent > 0
    return isinstance(level, Setpoint)


def how(outcome: Outcome) -> How | None:
    """What the zone of an outcome that says so is; None: off, and nobody's wish."""
    if outcome.effect == Effect.OVERRIDDEN:
        return How.BY_HAND_ON if outcome.lit else How.BY_HAND_OFF
    state = outcome.state or RELEASE
    return None if at_rest(state) or not _is_on(level_of(state)) else How.ON


def is_new(outcome: Outcome) -> bool:
    """Whether it says what a zone is, and more than was known."""
    if outcome.lane.kind not in _ZONES:
        return False
    if outcome.effect == Effect.OVERRIDDEN:
        return outcome.lit is not None
    before = (outcome.lane.effect, outcome.lane.confirmed)
    return outcome.proven and (outcome.told or before != (outcome.effect, outcome.state))


class ZoneErrand(Errand):
    """One zone."""

    @property
    def wanted_until(self) -> int | None:
        """A level is useless once another should be; a release never is."""
        return self.next_edge if self.desired.wanted else None

    @property
    def stands(self) -> bool:
        return self.lane.confirmed == self.desired.state

    @cached_property
    def timer(self) -> int | None:
        """How long its device can be told to stay so by itself; None where it has no timer, or nothing is wanted."""
        return self.running.off_timer(self.lane.key) if self.desired.wanted else None

    @property
    def _left_by_hand(self) -> bool:
        """Whether someone set it by hand since our last edge, and no other level is wanted since."""
        lane = self.lane
        before_the_edge = lane.wanted_until is not None and self.now < lane.wanted_until
        return lane.effect == Effect.OVERRIDDEN and before_the_edge and lane.confirmed == self.desired.state

    def idle(self) -> Outcome | None:
        """Nothing to do while it stands as it should, is somebody else's wish, or was never ours."""
        lane, wanted = self.lane, self.desired.wanted
        if self.in_doubt or (lane.look and wanted and self.running.reads_zones()):
            return None
        if lane.confirmed is None and not wanted:
            return self.resting()
        if self._left_by_hand:
            return self.resting()._replace(effect=Effect.OVERRIDDEN, wanted_until=lane.wanted_until)
        return self.resting() if self.stands and not self.timer and lane.effect != Effect.OVERRIDDEN else None

    async def run(self) -> Outcome:
        """Read first where there is doubt or a hint; send what should be; read what came of it.

        Where a device has an off-timer, what stands is sent again before half of its time has passed.
        """
        outcome = await self._run()
        if self.timer and outcome.effect == Effect.STANDING:
            return outcome._replace(due=min(outcome.due, self.now + self.timer // 2))
        return outcome

    async def _run(self) -> Outcome:
        control = self.running.control()
        if control is None:
            told = sentences.CONTROLS_NO_ZONES.say()
            cause = Cause("rejected", told)
            return self.not_so(told, sent="", due=self.next_edge, delivery=Delivery.STUCK, cause=cause)
        reader = self.running.reads_zones()
        if reader and self.desired.wanted and (self.lane.look or self.in_doubt):
            found = await reader.read_zone(self.lane.key)
            outcome = self._as_found(found)
            if outcome and not (self.timer and outcome.effect == Effect.STANDING):
                return outcome
        return await self._send(control)

    async def observe(self) -> Outcome:
        """Read it, and tell how it differs."""
        reader = self.running.reads_zones()
        if reader is None:
            return await super().observe()
        found, level = await reader.read_zone(self.lane.key), level_of(self.desired.state)
        if found.condition is Condition.SENT:
            return await super().observe()
        if outcome := self._as_found(found) if self.desired.wanted else None:
            return outcome
        if not self.desired.wanted and self._is_so(found, level):
            return self.confirmed(proof=Proof.READ, state=self.desired.state, sent=None)
        return self.adrift(sentences.FOUND.say(found=_said(found.value), wanted=_said(level)))

    @property
    def ours(self) -> bool:
        """Whether the hub has anything to do with it now."""
        return self.desired.wanted or not at_rest(self.lane.confirmed)

    def drift(self, found: Sighting[Level]) -> Drift | None:
        """How it differs; of a zone that the hub has nothing to do with, nothing is said."""
        if not self.at_rest or not self.ours or found.condition in {Condition.COMING, Condition.SENT}:
            return None
        level = level_of(self.desired.state)
        if fulfils(found.value, level) if self.desired.wanted else self._is_so(found, level):
            return None
        return Drift(What.DIFFERS, sentences.FOUND.say(found=_said(found.value), wanted=_said(level)))

    def _as_found(self, found: Sighting[Level]) -> Outcome | None:
        state = self.desired.state
        if found.condition is Condition.SENT:
            return (
                self.confirmed(proof=Proof.SENT, state=state, sent=None) if self.stands and not self.in_doubt else None
            )
        if fulfils(found.value, level_of(state)) and found.condition is Condition.STANDING:
            return self.confirmed(proof=Proof.READ, state=state, sent=None)
        by_hand = not self.in_doubt and self.lane.confirmed == state and found.condition is not Condition.COMING
        if found.condition is Condition.OVERRIDDEN or (
            by_hand and (self.lane.effect == Effect.STANDING or self._left_by_hand)
        ):
            return self._overridden(found)
        return None

    def _overridden(self, found: Sighting[Level]) -> Outcome:
        told = sentences.FOUND.say(found=_said(found.value), wanted=_said(level_of(self.desired.state)))
        fresh = self.lane.effect != Effect.OVERRIDDEN
        return Outcome(
            lane=self.lane,
            delivery=Delivery.CONFIRMED,
            effect=Effect.OVERRIDDEN,
            due=self.next_edge,
            state=self.desired.state,
            detail=told + (f": {found.detail}" if found.detail else ""),
            wanted_until=self.next_edge,
            told=fresh,
            lit=_is_on(found.value),
            events=((EventType.EFFECT_OVERRIDDEN, json.dumps({"found": _said(found.value)})),) if fresh else (),
        )

    async def _send(self, control: Control) -> Outcome:
        level = level_of(self.desired.state)
        receipt = await control.put_zone(Zone(key=self.lane.key, level=level, until=self._at_the_latest()))
        return await self._proven(receipt, level)

    def _at_the_latest(self) -> datetime | None:
        """When the device is to end it by itself."""
        if self.timer is None:
            return None
        ends = lit_until(self.asks, now=self.now, rule=self.rule) + _GRACE
        return instant(min(ends, self.now + self.timer))

    async def _proven(self, receipt: Receipt, level: Level) -> Outcome:
        reader, state = self.running.reads_zones(), self.desired.state
        sent = None if self._is_refreshed else state
        if reader is None or receipt.condition is Condition.SENT:
            proof = _PROOFS.get(receipt.condition, Proof.SENT)
            return self.confirmed(proof=proof, state=state, sent=sent, reference=receipt.reference or None)
        found = await settled_sighting(
            lambda: reader.read_zone(self.lane.key),
            coming=lambda seen: seen.condition is Condition.COMING,
            patient=self.patient,
        )
        if self._is_so(found, level):
            return self.confirmed(
                proof=Proof.READ,
                state=state,
                sent=sent,
                detail=found.detail or None,
                reference=receipt.reference or None,
            )
        if found.condition is Condition.OVERRIDDEN:
            return self._overridden(found)
        told = sentences.TOLD.say(wanted=_said(level), found=_said(found.value))
        return self.not_so(told, sent=state, due=self.next_try(self.now), cause=Cause("not-so", self.lane.key))

    @property
    def _is_refreshed(self) -> bool:
        """Whether only the device's timer was set anew: no news."""
        return self.timer is not None and self.stands and self.lane.effect == Effect.STANDING and not self.in_doubt

    def _is_so(self, found: Sighting[Level], level: Level) -> bool:
        """A released zone is so when it is at rest; where nobody knows what that is, when it tells at all."""
        if found.condition is not Condition.STANDING:
            return False
        if isinstance(level, Release):
            control = self.running.control()
            rest = control.rest_level(self.lane.key) if control else None
            return rest is None or found.value in {rest, level}
        return fulfils(found.value, level)


def _said(level: Level) -> str:
    match level:
        case Switch(on=on):
            return "on" if on else "off"
        case Dim(percent=percent):
            return f"{percent} %"
        case Setpoint(celsius=celsius):
            return f"{celsius} °C"
        case Release():
            return "released"
