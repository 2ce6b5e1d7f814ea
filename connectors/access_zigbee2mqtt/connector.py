"""Small locks behind Zigbee2MQTT: a credential is one slot in each of its locks, and a note at the broker of whose.

A slot keeps no key, and seldom shows its code. So a note is written before a slot is filled, and taken away after the
slot has been seen empty; only a slot that its lock has just told to be empty is filled. What stands in a slot that is
noted, and enabled, is therefore ours.
"""

import asyncio
from collections.abc import AsyncIterator

from pydantic import SecretStr

from connectors.access_zigbee2mqtt.client import Zigbee2Mqtt
from connectors.access_zigbee2mqtt.config import Lock, ZigbeeConfig
from connectors.access_zigbee2mqtt.reading import AVAILABLE, Note
from connectors.access_zigbee2mqtt.translate import Found, State, mark_of, pin_of, sighting_of, state_of
from hub.model import Credential
from hub.sdk import (
    About,
    AccessControl,
    AccessLimits,
    Condition,
    Connector,
    Lent,
    ListsCredentials,
    Pace,
    PinRules,
    ReadsCredentials,
    Receipt,
    RejectedError,
    Sighting,
    TransientError,
    UnknownOutcomeError,
    Validity,
)
from hub.sdk.mqtt import Handshake


class ZigbeeLocks(Connector[ZigbeeConfig], AccessControl, ReadsCredentials, ListsCredentials):
    """The locks of one Zigbee2MQTT; a door's key is the lock's name in the settings."""

    pace = Pace(calls_at_once=4, clients_at_once=1)

    @classmethod
    def configured_keys(cls, config: ZigbeeConfig) -> frozenset[str]:
        """The locks of the settings."""
        return frozenset(config.locks)

    def __init__(self, config: ZigbeeConfig, lent: Lent) -> None:
        """Keep what it is given; nothing is sent before `open`."""
        super().__init__(config, lent)
        self.zigbee = Zigbee2Mqtt(config, lent, self.pace, self._changed_by_hand)
        self._changed: set[tuple[str, int]] = set()
        self._locks = list(self.zigbee.locks.values())
        self._handshake = Handshake(config, lent)
        self._one_at_a_time = {name: asyncio.Lock() for name in self.zigbee.locks}

    @classmethod
    def limits_by(cls, config: ZigbeeConfig) -> AccessLimits:
        """As many codes as the lock with the fewest slots has room for; no times, and no leading zero."""
        room = min(len(config.lock(name).slots) for name in config.locks)
        rules = PinRules(lengths=range(4, 9), leading_zero=False)
        return AccessLimits(pin=rules, validity=Validity.NONE, capacity=room)

    @property
    def access_limits(self) -> AccessLimits:
        """By the settings."""
        return self.limits_by(self.config)

    async def open(self) -> None:
        """Connect, and hear all notes."""
        await self.zigbee.ready()

    async def close(self) -> None:
        """Hang up; the broker keeps the session and the notes."""
        await self.zigbee.session.close()

    async def check(self) -> About:
        """Hear from at least one lock, each being asked for its first and last slot of ours."""
        await self.zigbee.ready()
        if odd := sorted(self.zigbee.unreadable.values()):
            raise RejectedError(f"{', '.join(odd)}: no note of ours; look what is in that slot, and clear the topic")
        looks = await asyncio.gather(*map(self._greet, self._locks), return_exceptions=True)
        silent = [look for look in looks if isinstance(look, BaseException)]
        for error in silent:
            if not isinstance(error, TransientError):
                raise error
        if len(silent) == len(looks):
            raise silent[0]
        for error in silent:
            self.lent.log.warning("check: %s", error)
        await self._handshake.anew()
        return About(external_keys=frozenset(self.zigbee.locks), detail=f"{len(looks) - len(silent)} locks answer")

    async def put_credential(self, credential: Credential) -> Receipt:
        """Fill a slot of each lock, then clear those that are not wanted any more."""
        pin, doors = pin_of(credential), {window.door for window in credential.windows}
        if unknown := doors - set(self.zigbee.locks):
            raise RejectedError(
                f"no lock {', '.join(sorted(unknown))}; the connection's locks name it or it cannot open"
            )
        await self.zigbee.ready()
        wanted = [self.zigbee.locks[door] for door in sorted(doors)]
        proven = [await self._fill(lock, credential.key, pin) for lock in wanted]
        older = {lock.name: self._older(lock, credential.key, pin if lock in wanted else None) for lock in self._locks}
        if all(proven):
            for lock in self._locks:
                await self._clear_all(lock, older[lock.name])
            return Receipt(credential.key)
        if any(older.values()):
            silent = ", ".join(lock.name for lock, done in zip(wanted, proven, strict=True) if not done)
            raise UnknownOutcomeError(f"lock {silent}: it does not tell of the new code, so the old one is left")
        return Receipt(credential.key, Condition.COMING)

    async def remove_credential(self, key: str) -> Receipt:
        """Clear each slot that is noted for it, until its lock says that it is empty."""
        await self.zigbee.ready()
        for lock in self._locks:
            await self._clear_all(lock, self._older(lock, key, None))
        return Receipt(key)

    async def read_credential(self, key: str) -> Sighting[Credential] | None:
        """Ask the locks for each slot that is noted for the key; what a note says is no proof."""
        await self.zigbee.ready()
        found = []
        for lock in self._locks:
            async with self._one_at_a_time[lock.name]:
                found += [await self._look(lock, slot, note) for slot, note in self._noted(lock, key).items()]
        return sighting_of(key, found)

    async def list_credentials(self) -> AsyncIterator[Sighting[Credential]]:
        """All that is noted, as the locks tell it."""
        await self.zigbee.ready()
        keys = {note.key for lock in self._locks for note in self.zigbee.notes(lock).values()}
        for key in sorted(keys):
            if sighting := await self.read_credential(key):
                yield sighting

    async def _fill(self, lock: Lock, key: str, pin: SecretStr) -> bool:
        """Have the code in one slot of a lock, and give whether the lock says so."""
        async with self._one_at_a_time[lock.name]:
            slot, state = await self._kept(lock, key, pin)
            if state is State.OURS:
                return True
            if slot is None:
                slot = await self._free(lock, key)
            elif state is not State.EMPTY:
                await self._empty(lock, slot)
            self._changed.discard((lock.name, slot))
            await self.zigbee.note(lock, slot, Note(key=key, mark=self._mark(lock, slot, pin)))
            done = await self.zigbee.write(lock, slot, pin)
            if done is False:
                await self._clear(lock, slot)
                raise RejectedError(
                    f"lock {lock.name}: slot {slot} does not take the code; is its length one that the lock takes, or"
                    " is it in use there already?"
                )
            return done is True

    async def _kept(self, lock: Lock, key: str, pin: SecretStr) -> tuple[int | None, State]:
        """The slot that is noted for this very code, and how it stands; one that is not to be filled is given up."""
        for slot, note in self._noted(lock, key).items():
            if note.mark == self._mark(lock, slot, pin):
                state = (await self._look(lock, slot, note)).state
                if state is State.OURS or (state is not State.ANOTHERS and slot in lock.slots):
                    return slot, state
                await self._clear(lock, slot)
        return None, State.EMPTY

    async def _free(self, lock: Lock, key: str) -> int:
        """A slot that its lock says is empty; without one, that of an older code of the same key, cleared."""
        taken = {*self.zigbee.notes(lock), *(slot for name, slot in self.zigbee.unreadable if name == lock.name)}
        for slot in [slot for slot in lock.slots if slot not in taken]:
            if (await self.zigbee.ask(lock, slot)).status == AVAILABLE:
                return slot
            self.lent.log.warning("lock %s: slot %s is filled, and not by us: it is left alone", lock.name, slot)
        for slot in [slot for slot in self._noted(lock, key) if slot in lock.slots]:
            await self._clear(lock, slot)
            return slot
        raise RejectedError(f"lock {lock.name}: all its {len(lock.slots)} slots are taken; clear one, or give it more")

    def _older(self, lock: Lock, key: str, pin: SecretStr | None) -> list[int]:
        """The slots that are noted for a key, without that of one code."""
        noted = self._noted(lock, key).items()
        return [slot for slot, note in noted if pin is None or note.mark != self._mark(lock, slot, pin)]

    async def _clear_all(self, lock: Lock, slots: list[int]) -> None:
        async with self._one_at_a_time[lock.name]:
            for slot in slots:
                await self._clear(lock, slot)

    async def _clear(self, lock: Lock, slot: int) -> None:
        """Have a slot of ours empty, and then its note gone; what shows another's code is left to them."""
        note = self.zigbee.notes(lock).get(slot)
        if note is None:
            return
        if (await self._look(lock, slot, note)).state is not State.ANOTHERS:
            await self._empty(lock, slot)
        await self.zigbee.note(lock, slot, None)

    async def _empty(self, lock: Lock, slot: int) -> None:
        match await self.zigbee.write(lock, slot, None):
            case None:
                raise UnknownOutcomeError(f"lock {lock.name}: it does not tell whether slot {slot} is empty now")
            case False:
                raise TransientError(f"lock {lock.name}: slot {slot} was cleared, and is not empty")

    async def _look(self, lock: Lock, slot: int, note: Note) -> Found:
        seen = await self.zigbee.ask(lock, slot)
        shown = self._mark(lock, slot, seen.pin) if seen.pin else None
        changed = (lock.name, slot) in self._changed
        return Found(lock.name, state_of(seen, note, shown, changed=changed), seen.pin)

    async def _greet(self, lock: Lock) -> None:
        async with self._one_at_a_time[lock.name]:
            for slot in sorted({lock.slots[0], lock.slots[-1]}):
                await self.zigbee.ask(lock, slot)

    def _noted(self, lock: Lock, key: str) -> dict[int, Note]:
        return {slot: note for slot, note in self.zigbee.notes(lock).items() if note.key == key}

    def _mark(self, lock: Lock, slot: int, pin: SecretStr) -> str:
        return mark_of(self.config.notes_secret, lock.name, slot, pin)

    def _changed_by_hand(self, name: str, slot: int) -> None:
        """A lock told that somebody changed a slot at its keypad: remember it, and have the hub look."""
        if note := self.zigbee.notes(self.zigbee.locks[name]).get(slot):
            self._changed.add((name, slot))
            self.lent.touched(note.key)
