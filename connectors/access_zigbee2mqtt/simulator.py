"""A believable Zigbee2MQTT with its locks, which is its own broker unless it is shown to another.

Its topics and payloads are those of zigbee2mqtt.io (docs/devices/99100-045.md, guide/usage) and of the converters in
zigbee-herdsman-converters, read 2026-11-27: a slot is told only when it is asked for, a code that the lock does not
take is only logged, and the state is retained, as a device's `retain` has it.
"""

import asyncio
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

from pydantic import SecretStr

from hub.model import Credential, Method, Window
from hub.sdk import Clock, HasDoors, Misbehaviour, TcpSimulator
from hub.sdk.mqtt.simulator import HUB, BrokerAt, Guest
from hub.sdk.mqtt.small_broker import SmallBroker

EXAMPLES = ("sauna", "gym")
"""Locks of a simulator that is told of none."""
SLOTS = "11-13"
NOTES = "knutpunkt/{lock}/slots/{slot}"
MASTER = (1, "90817263")
"""A code that somebody has set at each lock, and that opens."""


@dataclass
class Slot:
    """What is in a slot."""

    pin: str
    enabled: bool = True


def _furnished() -> dict[int, Slot]:
    slot, pin = MASTER
    return {slot: Slot(pin)}


@dataclass
class Lock:
    """A lock as it really is."""

    name: str
    state: str
    slots: dict[int, Slot] = field(default_factory=_furnished)
    refuses: bool = False
    """It takes no code, and Zigbee2MQTT only logs that."""
    silent: bool = False
    """It obeys, and nothing of what it tells comes through."""
    goes_silent: bool = False
    """So it is once it has obeyed."""
    echoes: bool = False
    """`expose_pin` is set."""
    remembers: bool = False
    """Zigbee2MQTT mixes what it has heard before into what the lock tells: so it is without `filtered_cache`."""
    cached: dict[str, object] = field(default_factory=dict)

    def obey(self, wish: Mapping[str, Any]) -> None:
        """Fill or clear a slot."""
        slot, pin = int(wish["user"]), wish.get("pin_code")
        self.silent = self.silent or self.goes_silent
        if pin is None:
            self.slots.pop(slot, None)
        elif not self.refuses:
            self.slots[slot] = Slot(str(int(pin)), enabled=bool(wish.get("user_enabled", True)))

    def told(self, slot: int, **more: object) -> bytes:
        """What Zigbee2MQTT publishes when it has asked for a slot."""
        held = self.slots.get(slot)
        user: dict[str, object] = {"status": "available" if held is None else "enabled" if held.enabled else "disabled"}
        if held and self.echoes:
            user["pin_code"] = held.pin
        users = {**self.cached, str(slot): user} if self.remembers else {str(slot): user}
        self.cached[str(slot)] = user
        return json.dumps({"state": "LOCK", "lock_state": "locked", "battery": 81, "users": users, **more}).encode()


class ZigbeeSimulator(TcpSimulator, HasDoors):
    """Locks at a Zigbee2MQTT at a broker.

    Its locks are those of `settings`, the connection's configured settings, or one for each of `external_keys`, or two
    examples. With `settings`, `config()` gives only what leads here, to be laid over them.
    """

    can = frozenset({Misbehaviour.DELETED_BY_HAND, Misbehaviour.DISABLED_BY_HAND, Misbehaviour.REFUSES})

    def __init__(
        self,
        clock: Clock,
        external_keys: Sequence[str] = (),
        *,
        settings: Mapping[str, Any] | None = None,
        broker: BrokerAt | None = None,
    ) -> None:
        """Be a gateway at `broker`, or at one of its own."""
        super().__init__(clock, external_keys)
        self._configured, own = settings is not None, settings or {}
        locks: Mapping[str, Mapping[str, Any]] = own.get("locks") or {key: {} for key in self.external_keys or EXAMPLES}
        usual = str(own.get("state_topic") or "zigbee2mqtt/{lock}")
        self.locks = {n: Lock(n, str(of.get("state") or usual.replace("{lock}", n))) for n, of in locks.items()}
        self.doors = tuple(self.locks)
        self._notes_topic = str(own.get("notes_topic") or NOTES)
        self.bridge_topic = str(own.get("bridge_topic") or "zigbee2mqtt/bridge/state")
        self.notes: dict[tuple[str, int], str] = {}
        """Whose a slot is, as the notes at the broker say."""
        self._broker: SmallBroker | Guest = SmallBroker(HUB, self._hear)
        if broker:
            self._broker = Guest(broker, "zigbee2mqtt", list(self._topics()), self._hear)

    @classmethod
    def standing_in(cls, clock: Clock, external_keys: Sequence[str], settings: Mapping[str, object]) -> Self:
        """Have the locks and topics of the connection's settings."""
        return cls(clock, external_keys, settings=settings)

    def config(self) -> Mapping[str, object]:
        """Settings that lead here; the locks too, unless they were configured."""
        address = {
            "host": HUB.host,
            "port": self.port or 1,
            "tls": False,
            "protocol": "3.1.1",
            "username": HUB.username,
            "password": HUB.password,
            "client_id": "hub-simulated",
            "notes_secret": "simulated-notes-secret",
            "report_within": 0.15,
        }
        return address if self._configured else {**address, "slots": SLOTS, "locks": {door: {} for door in self.doors}}

    def credentials(self) -> Iterable[Credential]:
        """Whatever opens, slot by slot; a slot without a note is somebody else's."""
        for lock in self.locks.values():
            for number, slot in lock.slots.items():
                if slot.enabled:
                    yield Credential(
                        key=self.notes.get((lock.name, number), f"slot {number} of {lock.name}"),
                        method=Method.PIN,
                        value=SecretStr(slot.pin),
                        windows=frozenset({Window.always(lock.name)}),
                    )

    def misbehave(self, how: Misbehaviour, key: str = "") -> None:
        """Clear or disable the slots of a key at the lock, without a word; or have every lock take no code."""
        for lock in self.locks.values():
            ours = [slot for (name, slot), noted in self.notes.items() if name == lock.name and noted == key]
            match how:
                case Misbehaviour.DELETED_BY_HAND:
                    for slot in ours:
                        lock.slots.pop(slot, None)
                case Misbehaviour.DISABLED_BY_HAND:
                    for slot in ours:
                        lock.slots[slot].enabled = False
                case Misbehaviour.REFUSES:
                    lock.refuses = True
                case _:
                    super().misbehave(how, key)

    def recover(self) -> None:
        """Have the locks take codes again."""
        for lock in self.locks.values():
            lock.refuses = False

    def at_the_keypad(self, door: str, slot: int, pin: str | None) -> None:
        """Have somebody fill or clear a slot at the lock, which tells that it happened."""
        lock = self.locks[door]
        lock.obey({"user": slot, "pin_code": pin})
        action = "pin_code_deleted" if pin is None else "pin_code_changed"
        happened = {"action": action, "action_source_name": "keypad", "action_user": slot}
        self.tell(lock.state, json.dumps({"state": "LOCK", **happened}).encode())

    def say(self, door: str, *, online: bool) -> None:
        """Tell of a lock that it can be reached, or not."""
        state = json.dumps({"state": "online" if online else "offline"}).encode()
        self.tell(f"{self.locks[door].state}/availability", state)

    def tell(self, topic: str, payload: bytes) -> None:
        """Publish something, retained."""
        self._broker.tell(topic, payload, retain=True)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Be the broker for one client."""
        if isinstance(self._broker, SmallBroker):
            await self._broker.serve(reader, writer)

    async def start(self) -> None:
        """Listen, or connect to the broker that is there."""
        await (self._broker.start() if isinstance(self._broker, Guest) else super().start())
        self.tell(self.bridge_topic, b'{"state": "online"}')
        for door in self.locks:
            self.say(door, online=True)

    async def stop(self) -> None:
        """Hang up; harmless when it never started."""
        await (self._broker.stop() if isinstance(self._broker, Guest) else super().stop())

    def _topics(self) -> Iterable[str]:
        """What Zigbee2MQTT listens to, and, beyond it, our notes: so it knows whose a slot is."""
        for name, lock in self.locks.items():
            yield from (f"{lock.state}/set", f"{lock.state}/get")
            yield self._notes_topic.replace("{lock}", name).replace("{slot}", "+")

    def _hear(self, topic: str, payload: bytes) -> None:
        for lock in self.locks.values():
            if topic in {f"{lock.state}/set", f"{lock.state}/get"}:
                with suppress(ValueError, KeyError, TypeError):
                    self._do(lock, json.loads(payload)["pin_code"], asked=topic.endswith("/get"))
            elif found := re.fullmatch(self._pattern(lock), topic):
                self._note(lock, int(found[1]), payload)

    def _do(self, lock: Lock, wish: Mapping[str, Any], *, asked: bool) -> None:
        if not asked:
            lock.obey(wish)
        elif not lock.silent:
            self.tell(lock.state, lock.told(int(wish["user"])))

    def _pattern(self, lock: Lock) -> str:
        return re.escape(self._notes_topic.replace("{lock}", lock.name)).replace(re.escape("{slot}"), "([0-9]+)")

    def _note(self, lock: Lock, slot: int, payload: bytes) -> None:
        self.notes.pop((lock.name, slot), None)
        with suppress(ValueError, KeyError, TypeError):
            self.notes[lock.name, slot] = str(json.loads(payload)["key"])
