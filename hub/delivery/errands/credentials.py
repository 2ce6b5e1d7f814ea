"""Carrying a credential: the whole set of windows, read back; gone is read as gone; what vanished comes back once."""

import json
from collections.abc import Iterable
from functools import lru_cache

from pydantic import SecretStr

from hub.clock import NEVER, STOCKHOLM, instant, micros
from hub.delivery.errands.awaiting import settled_sighting
from hub.delivery.errands.errand import Drift, Errand
from hub.delivery.errands.leasing import Loaded
from hub.delivery.errands.outcomes import UNKNOWN, Outcome, at_rest
from hub.delivery.errands.room import limits_of, lock_of
from hub.delivery.reach.retrying import next_attempt
from hub.delivery.reach.running import Running
from hub.model import Credential, Method, Unsaid, Window
from hub.model.events import EventType
from hub.model.findings import What
from hub.model.states import Delivery, Effect, Proof
from hub.planner.fold import AWAITED, NO_WINDOWS, Desired, Span, Spans, listed_in, remaining, written
from hub.planner.room import Turn
from hub.sdk import AccessControl, Chooser, Condition, Receipt, Sighting
from hub.sdk.narrowing import as_kept, narrowed, takes_all
from hub.service.doors.allocating import learned, place_of
from hub.service.words import sentences
from hub.store.problems import Cause
from hub.store.seals.sealing import Seal

FULL = Cause("full", "")
_METHODS = {str(method): method for method in Method}


class CredentialErrand(Errand):
    """One credential. What is sent is what its lock can keep; the state kept says which version of its secret."""

    def __init__(self, loaded: Loaded, running: Running, now: int, seal: Seal) -> None:
        self._seal = seal
        super().__init__(loaded, running, now)
        self._narrow()

    def _narrow(self) -> None:
        access = self.running.access()
        self._spans: Spans = ()
        if access is None:
            return
        listed = self.desired.state
        if not takes_all(access.access_limits):
            sent, edge = narrowed(_windows_in(listed), access.access_limits, instant(self.now))
            self.next_edge = min(self.next_edge, micros(edge) if edge else NEVER)
            listed = written(sorted((w.door, micros(w.starts_at), micros(w.ends_at)) for w in sent))
        self._spans = listed_in(listed)
        self._state = f"{self.loaded.code.version if self.loaded.code else 0}{listed}"
        state = self._state if self._spans else NO_WINDOWS
        self.desired = Desired(state, self.desired.next_edge, self.desired.needed_by)
        its = self.loaded.turn
        if its is not None and not its.has_place:
            self.next_edge = min(self.next_edge, its.again)
            self.desired = self.desired._replace(state=NO_WINDOWS)

    @property
    def wanted_until(self) -> int | None:
        """A grant is useless when its last window has ended; a revoke never is."""
        return max((ends for _, _, ends in self._spans), default=None)

    @property
    def stands(self) -> bool:
        """By what is left of it."""
        if not self.desired.wanted:
            return at_rest(self.lane.confirmed)
        if self.lane.confirmed is None:
            return False
        version, confirmed = _read(self.lane.confirmed)
        wanted_version, wanted = _read(self.desired.state)
        return version == wanted_version and remaining(confirmed, self.now) == remaining(wanted, self.now)

    def idle(self) -> Outcome | None:
        """Nothing to do while it stands as it should, or was never there and is not to be."""
        if self.in_doubt or (self.lane.look and self.desired.wanted and self.running.reads_credentials()):
            return None
        if self.desired.wanted and self.lane.confirmed == self._awaited:
            return self._awaiting(None)  # and nobody can say whether it was accepted
        if not self.stands:
            return None
        if not self.over_in_vain and (its := self.loaded.turn) and not its.has_place:
            return self._waiting(its)
        return self.resting()

    def _waiting(self, its: Turn) -> Outcome:
        """The lock is full: it waits for its turn, and somebody is told when that will be too late."""
        access = self.running.access()
        room = access.access_limits.capacity if access else None
        told = (sentences.NO_ROOM if its.short else sentences.WAITS_FOR_ROOM).say(taken=its.taken, room=room)
        return Outcome(
            lane=self.lane,
            delivery=Delivery.RETRYING if its.short else Delivery.WAITING,
            effect=self.effect,
            due=self.next_edge,
            state=self.lane.confirmed,
            detail=told,
            repairs=self.lane.repairs,
            cause=FULL if its.short else None,
            wanted_until=self.wanted_until,
            told=its.short and self.lane.problem is None,
        )

    async def run(self) -> Outcome:
        """Look first where there is doubt or a hint; put or remove the whole; look at what came of it."""
        access = self.running.access()
        if access is None:
            told = sentences.OPENS_NO_DOORS.say()
            cause = Cause("rejected", told)
            return self.not_so(told, sent="", due=NEVER, delivery=Delivery.STUCK, cause=cause)
        if not self.desired.wanted:
            return await self._remove(access)
        reader = self.running.reads_credentials()
        if reader and (self.lane.look or self.in_doubt):
            found = await reader.read_credential(self.lane.key)
            if outcome := self._as_found(found, access):
                return outcome
            if self._vanished(found) or (found is None and self._given_up):
                return await self._repair(access)
        return await self._put(access)

    async def observe(self) -> Outcome:
        """Read it, and tell how it differs; what stood and is gone is lost, and stays so."""
        access, reader = self.running.access(), self.running.reads_credentials()
        if access is None or reader is None:
            return await super().observe()
        found = await reader.read_credential(self.lane.key)
        if not self.desired.wanted:
            if found is None:
                return self.confirmed(proof=Proof.READ, state=NO_WINDOWS, sent=None)
            return self.adrift(sentences.SHOULD_BE_GONE.say())
        if outcome := self._as_found(found, access):
            return outcome
        told = sentences.NOT_THERE.say() if found is None else sentences.ANOTHER_THERE.say()
        if not self._vanished(found):
            return self.adrift(told)
        lost = ((EventType.EFFECT_LOST, json.dumps({"repaired": False})),) if self.lane.effect != Effect.LOST else ()
        return self.adrift(told, effect=Effect.LOST, events=lost)

    def drift(self, found: Sighting[Credential] | None) -> Drift | None:
        """How it differs."""
        access = self.running.access()
        if access is None or not self.at_rest:
            return None
        if not self.desired.wanted:
            wanted = self.loaded.claims.asks or not at_rest(self.lane.confirmed)
            return orphaned(found.value) if found and not wanted else None
        if not self.stands and not self.running.observes:
            return None
        outcome = self._as_found(found, access)
        if found is None:
            return Drift(What.MISSING, sentences.NOT_THERE.say())
        if outcome is None:
            return Drift(What.DIFFERS, sentences.ANOTHER_THERE.say())
        return Drift(What.DIFFERS, outcome.detail or "") if found.condition is Condition.DISABLED else None

    def _as_found(self, found: Sighting[Credential] | None, access: AccessControl) -> Outcome | None:
        if found is None:
            return None
        match found.condition:
            case Condition.STANDING if state := self._shown(found.value, access):
                return self._standing(found.value, state)
            case Condition.DISABLED:
                return self._disabled(found.detail)
            case Condition.AWAITING_USER if self._shown(found.value, access):
                return self._awaiting(None)
            case Condition.COMING if self._shown(found.value, access):
                return self._coming()
        return None

    def _standing(self, seen: Credential, state: str) -> Outcome:
        """It stands; what a lock made up is learned, and another is another version."""
        if not self._own_pins or not isinstance(seen.value, SecretStr):
            return self.confirmed(proof=Proof.READ, state=state, sent=None)
        value, known, asks = seen.value.get_secret_value(), self.loaded.code, self.loaded.claims.asks
        made_up = learned(self.lane, value, known, self._seal, asks=asks, now=self.now)
        state = state if made_up is None else f"{made_up.version}{_read(state)[1]}"
        return self.confirmed(proof=Proof.READ, state=state, sent=None)._replace(made_up=made_up)

    def _vanished(self, found: Sighting[Credential] | None) -> bool:
        """Whether it stood, by what we read, and somebody took it away or changed it."""
        stood = self.lane.effect in {Effect.STANDING, Effect.LOST} and not self.in_doubt
        coming = found is not None and found.condition is Condition.COMING
        return stood and self.stands and not coming

    @property
    def _given_up(self) -> bool:
        """Whether it vanished again: only an operator's retry forgets the repairs, whatever the booking becomes."""
        return self.lane.effect == Effect.LOST and self.lane.repairs > 0

    async def _repair(self, access: AccessControl) -> Outcome:
        """Once; what vanishes again is for an operator."""
        told = ((EventType.EFFECT_LOST, json.dumps({"repaired": self.lane.repairs == 0})),)
        if self.lane.repairs:
            outcome = self.not_so(
                sentences.TAKEN_AGAIN.say(),
                sent="",
                due=self.over,
                cause=Cause("vanished", self.lane.key),
                delivery=Delivery.STUCK,
            )
            return outcome._replace(effect=Effect.LOST, events=told, attempts=0, state=UNKNOWN, wanted_until=None)
        outcome = await self._put(access)
        return outcome._replace(repairs=1, events=(*outcome.events, *told))

    def _disabled(self, detail: str) -> Outcome:
        told = sentences.SHUT_OFF.say() + (f": {detail}" if detail else "")
        cause = Cause("disabled", self.lane.key)
        outcome = self.not_so(told, sent="", due=self.over, cause=cause, delivery=Delivery.STUCK)
        lost = ((EventType.EFFECT_LOST, json.dumps({"repaired": False})),)
        return outcome._replace(effect=Effect.LOST, events=lost, attempts=0, wanted_until=None)

    async def _put(self, access: AccessControl) -> Outcome:
        receipt = await access.put_credential(self._credential())
        reader = self.running.reads_credentials()
        if reader is None:
            return self._by_receipt(receipt)
        found = await settled_sighting(
            lambda: reader.read_credential(self.lane.key),
            coming=lambda seen: seen is not None and seen.condition is Condition.COMING,
            patient=self.patient,
        )
        if found is not None and (outcome := self._as_found(found, access)):
            return outcome._replace(sent=self._state, reference=receipt.reference or None)
        due = self.next_try(self.now)
        cause = Cause("not-as-granted", self.lane.key)
        return self.not_so(self._what_is_not_so(found), sent=self._state, due=due, cause=cause)

    def _what_is_not_so(self, found: Sighting[Credential] | None) -> str:
        """Which doors it lacks, where it is that, by their names in the system; or that it stands otherwise."""
        there = {window.door for window in found.value.windows} if found else set[str]()
        missing = {window.door for window in self._credential().windows} - there
        if found and missing:
            return sentences.GRANTED_AND_LACKS.say(doors=", ".join(sorted(missing)))
        if found and found.condition is Condition.STANDING:
            return sentences.GRANTED_OTHERWISE.say()
        return sentences.GRANTED_AND_READS.say(found=found.condition if found else "nothing")

    def _by_receipt(self, receipt: Receipt) -> Outcome:
        if receipt.condition is Condition.AWAITING_USER:
            return self._awaiting(receipt.reference)
        proof = Proof.RECEIPT if receipt.condition is Condition.STANDING else Proof.SENT
        return self.confirmed(proof=proof, state=self._state, sent=self._state, reference=receipt.reference or None)

    def _awaiting(self, reference: str | None) -> Outcome:
        """It stands as soon as its holder accepts; looked at now and then."""
        due = min(next_attempt(3, now=self.now, needed_by=self.desired.needed_by), self.next_edge)
        return Outcome(
            lane=self.lane,
            delivery=Delivery.AWAITING_USER,
            effect=Effect.PLANNED,
            due=due,
            state=self._awaited,
            reference=reference,
            look=True,
            repairs=self.lane.repairs,
            sent=self._state,
            wanted_until=self.wanted_until,
            told=self.lane.confirmed != self._awaited,
        )

    @property
    def _awaited(self) -> str:
        """What is known while the holder has not accepted: it is there, and opens nothing."""
        return f"{AWAITED}{self._state}"

    def _coming(self) -> Outcome:
        """Accepted, and on its way to the doors: looked at again, not put again; a problem once it is needed."""
        needed_by = self.desired.needed_by
        due = min(next_attempt(self.lane.attempts, now=self.now, needed_by=needed_by), self.next_edge)
        cause = Cause("not-as-granted", self.lane.key) if needed_by <= self.now else None
        return self.not_so(sentences.NOT_YET_THERE.say(), sent=self._state, due=due, cause=cause)

    async def _remove(self, access: AccessControl) -> Outcome:
        receipt = await access.remove_credential(self.lane.key)
        reader = self.running.reads_credentials()
        if reader is None:
            proof = Proof.RECEIPT if receipt.condition is Condition.STANDING else Proof.SENT
            return self._gone(proof)
        found = await settled_sighting(
            lambda: reader.read_credential(self.lane.key), coming=lambda seen: seen is not None, patient=self.patient
        )
        if found is None:
            return self._gone(Proof.READ)
        due = self.next_try(self.now)
        told = sentences.STILL_READS.say(found=found.condition)
        return self.not_so(told, sent=NO_WINDOWS, due=due, cause=Cause("still-there", self.lane.key))

    def _gone(self, proof: Proof) -> Outcome:
        """Taken away; where there is room for so many, its place is for the next."""
        limits, outcome = limits_of(self.running), self.confirmed(proof=proof, state=NO_WINDOWS, sent=NO_WINDOWS)
        counted = limits is not None and limits.capacity is not None
        return outcome._replace(frees=lock_of(self.running, self.now) if counted else None)

    def _shown(self, seen: Credential, access: AccessControl) -> str | None:
        """The state that a look shows, when it is what should be.

        A lock of wall time keeps a window a little longer than it was sent (`widened`): until then what was sent last
        is still shown whole, and nobody has touched it.
        """
        if seen.value is not Unsaid.NOT_TOLD and self._secret() not in {seen.value, Unsaid.CHOSEN_BY_SYSTEM}:
            return None
        sent_last = [self.lane.confirmed] if self.lane.confirmed and self.stands else []
        shown = _left(seen.windows, self.now)
        for state in (self._state, *sent_last):
            kept = as_kept(_windows_in(_read(state)[1]), access.access_limits)
            if shown == _left(kept, self.now):
                return state
        return None

    @property
    def _own_pins(self) -> bool:
        """Whether the lock makes it up itself, and takes none of ours."""
        access, code = self.running.access(), self.loaded.code
        takes_ours = access is None or Chooser.HUB in access.access_limits.pin.chosen_by
        return not takes_ours and (code is None or code.method == Method.PIN)

    def _credential(self) -> Credential:
        method = _METHODS[self.loaded.code.method] if self.loaded.code else Method.PIN
        return Credential(key=self.lane.key, method=method, value=self._secret(), windows=_windows_of(self._spans))

    def _secret(self) -> SecretStr | Unsaid:
        code = self.loaded.code
        if code is None or self._own_pins:
            return Unsaid.CHOSEN_BY_SYSTEM
        return SecretStr(self._seal.open(code.sealed, place_of(code.municipality, code.lane)).decode())


def orphaned(seen: Credential) -> Drift:
    """What is there, though no booking asks for it: which doors it opens, and until when."""
    ends = max((micros(window.ends_at) for window in seen.windows), default=0)
    doors = ", ".join(sorted({window.door for window in seen.windows})) or "-"
    until = f"{instant(ends).astimezone(STOCKHOLM):%Y-%m-%d %H:%M}"
    return Drift(What.ORPHAN, sentences.OPENS.say(doors=doors, until=until), ends)


def _read(state: str | None) -> tuple[str, str]:
    """(version of the secret, windows) of a confirmed state."""
    if state is None or "[" not in state:
        return "", NO_WINDOWS
    version, bracket, windows = state.partition("[")
    return version, bracket + windows


def _windows_in(text: str) -> frozenset[Window]:
    """The windows of a folded state."""
    return _windows_of(listed_in(text))


@lru_cache(1024)
def _windows_of(listed: Spans) -> frozenset[Window]:
    """Those of a booking's holders are the same, and are made once."""
    return frozenset(
        Window(door=door, starts_at=instant(starts), ends_at=instant(ends)) for door, starts, ends in listed
    )


def _left(windows: Iterable[Window], now: int) -> list[Span]:
    """What is left of windows, comparable whatever was joined or has begun."""
    return sorted(
        (w.door, max(micros(w.starts_at), now), micros(w.ends_at)) for w in windows if micros(w.ends_at) > now
    )
