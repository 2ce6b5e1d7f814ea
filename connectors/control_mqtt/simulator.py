"""A believable gateway with its lamps, and a broker of its own unless it is shown to another.

Without a profile it is Zigbee2MQTT: topics and payloads are those of zigbee2mqtt.io,
guide/usage/mqtt_topics_and_messages, read 2026-11-21: a lamp that is reached tells its whole state, retained; one that
is not is only logged; a question is answered once for each of its keys; `bridge/state` says online. The other profiles'
devices are written from their makers' pages (see the README), apart from the code that talks to them.
"""

import asyncio
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Self

from hub.model import Dim, Level, Message, Observation, Setpoint, Switch
from hub.sdk import Clock, EmitsHeard, HasZones, ListeningSimulator, Misbehaviour
from hub.sdk.mqtt.simulator import HUBS_ACCOUNT, BrokerAt, Gateway

EXAMPLES = {"stairs.light": {"kind": "switch"}, "hall-a.light": {"kind": "dim"}, "hall-b.light": {"kind": "dim"}}
"""Zones of a simulator that is told of none."""
BOX = {"kind": "switch", "state": "stat/box/RESULT", "set": "cmnd/box", "online": "tele/box/LWT"}
"""A device with relays, where a zone has one."""
SENSORS: Mapping[str, Mapping[str, Any]] = {
    "entry": {"topic": "sensors/entry", "quantity": "occupancy", "key": "seen.people", "time_key": "last_seen"},
    "hall.air": {"topic": "sensors/hall", "quantity": "temperature", "key": "air", "time_key": "last_seen"},
    "hall.meter": {
        "topic": "sensors/hall",
        "quantity": "energy",
        "key": "wh",
        "factor": 0.001,
        "time_key": "last_seen",
    },
}
"""Sensors of a simulator that is told of no settings; two of them tell in one message."""
TAKES: dict[str, tuple[type[Level], ...]] = {"switch": (Switch,), "dim": (Switch, Dim), "setpoint": (Setpoint,)}


BY_HAND = 40
"""Per cent to which a hand turns a lamp that was off."""
NIGHT = 16
"""Degrees of a thermostat at first, and when a hand turns it down."""


class Device(ABC):
    """A lamp, a switch or a thermostat as it really is."""

    full: ClassVar[int]
    """What its brightness counts to."""
    patterns: ClassVar[Mapping[str, str]]
    """Its topics where the settings name none."""
    retains: ClassVar[bool] = True
    answers: ClassVar[bool] = True
    """Whether it can be asked."""

    def __init__(self, topics: Mapping[str, str], own: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
        """Be off, and at the night's temperature."""
        self.state_topic, self.set_topic = topics["state"], topics["set"]
        self.get_topic, self.online = topics.get("get", ""), topics.get("online", "")
        self.kind = str(own.get("kind") or settings.get("kind") or "dim")
        self.on, self.brightness, self.celsius, self.reachable = False, self.full, float(NIGHT), True

    @classmethod
    def of(cls, zone: str, own: Mapping[str, Any], settings: Mapping[str, Any]) -> Self:
        """Be the device of a zone, at its own topics or those of the connection's templates."""
        words = {**own.get("values", {}), "zone": zone}
        for name, usual in cls.patterns.items():
            template = str(own.get(name) or settings.get(f"{name}_topic") or usual)
            words[name] = re.sub(r"\{(\w+)\}", lambda found: words[found[1]], template)
        return cls(words, own, settings)

    @property
    def hears(self) -> list[str]:
        """The topics on which it is spoken to."""
        return [topic for topic in (self.set_topic, self.get_topic) if topic]

    def asked(self, topic: str, payload: bytes) -> int:
        """How often it tells its state to this question; 0: it is none."""
        return len(json.loads(payload)) if topic == self.get_topic else 0

    @abstractmethod
    def obey(self, topic: str, payload: bytes) -> bytes:
        """Do as it is told, and give what it tells of itself afterwards."""

    @abstractmethod
    def state(self) -> bytes:
        """What it tells of itself."""

    def level(self) -> Level:
        """How it is, in canonical words."""
        if self.kind == "setpoint":
            return Setpoint.model_validate({"celsius": str(self.celsius)})
        if self.kind == "switch":
            return Switch(on=self.on)
        return Dim(percent=round(self.brightness / self.full * 100) if self.on else 0)

    def turn_by_hand(self) -> None:
        """Turn it off when it is on, and on when it is off; a thermostat down."""
        self.on, self.celsius = not self.on, float(NIGHT)
        if self.on:
            self.brightness = round(self.full * BY_HAND / 100)

    def shine(self, brightness: object) -> None:
        """Have this brightness, where it can be dimmed: 0 is off."""
        if self.kind == "dim":
            self.brightness = max(0, min(self.full, int(str(brightness))))
            self.on = self.brightness > 0

    def switch(self, state: object) -> None:
        """Go on or off, or the other way."""
        match state:
            case "TOGGLE":
                self.on = not self.on
            case "ON" | "OFF":
                self.on = state == "ON"


class ZigbeeLamp(Device):
    """Behind Zigbee2MQTT: keeps its brightness while it is off, as real ones do."""

    full = 254
    patterns: ClassVar = {"state": "zigbee2mqtt/{zone}", "set": "{state}/set", "get": "{state}/get"}

    def obey(self, topic: str, payload: bytes) -> bytes:
        """Apply absolute values, and TOGGLE as a real one would."""
        del topic
        command = json.loads(payload)
        if "brightness" in command:
            self.shine(command["brightness"])
        self.switch(command.get("state"))
        self.celsius = float(command.get("occupied_heating_setpoint", self.celsius))
        return self.state()

    def state(self) -> bytes:
        if self.kind == "setpoint":
            return json.dumps({"occupied_heating_setpoint": self.celsius, "local_temperature": 18.2}).encode()
        told: dict[str, object] = {"state": "ON" if self.on else "OFF", "linkquality": 96}
        if self.kind == "dim":
            told["brightness"] = self.brightness
        return json.dumps(told).encode()


class TasmotaDevice(Device):
    """Tells what each command did, in parts; its timer turns it off, and a new PulseTime starts that anew."""

    full = 100
    patterns: ClassVar = {
        "state": "stat/{zone}/RESULT",
        "set": "cmnd/{zone}",
        "get": "{set}/State",
        "online": "tele/{zone}/LWT",
    }
    retains = False

    def __init__(self, topics: Mapping[str, str], own: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
        super().__init__(topics, own, settings)
        self.relay = own.get("relay") or ""
        self.pulse = 0
        """What PulseTime holds: above 100 so many seconds and hundred."""

    @property
    def hears(self) -> list[str]:
        names = [f"POWER{self.relay}", f"PulseTime{self.relay or 1}", *(["Dimmer"] if self.kind == "dim" else [])]
        return [self.get_topic, *(f"{self.set_topic}/{name}" for name in names)]

    def asked(self, topic: str, payload: bytes) -> int:
        return int(topic == self.get_topic and not payload)

    def obey(self, topic: str, payload: bytes) -> bytes:
        name, told = topic.removeprefix(f"{self.set_topic}/"), payload.decode()
        if name == "Dimmer":
            self.shine(told)
            return self.state()
        if name.startswith("PulseTime"):
            self.pulse = int(told)
            return json.dumps({name: {"Set": self.pulse, "Remaining": self.pulse}}).encode()
        self.switch(told)
        return json.dumps({name: "ON" if self.on else "OFF"}).encode()

    def end_by_itself(self) -> None:
        """Let the timer run out."""
        if self.pulse:
            self.on = False

    def state(self) -> bytes:
        told: dict[str, object] = {f"POWER{self.relay}": "ON" if self.on else "OFF"}
        if self.kind == "dim":
            told["Dimmer"] = self.brightness
        return json.dumps(told).encode()


class AssistantDevice(Device):
    """What Home Assistant controls: it cannot be asked, and its state is retained."""

    full = 255
    patterns: ClassVar = {"state": "{zone}/state", "set": "{zone}/set"}
    answers = False

    def obey(self, topic: str, payload: bytes) -> bytes:
        del topic
        if self.kind == "setpoint":
            self.celsius = float(payload)
            return self.state()
        command = json.loads(payload)
        if "brightness" in command:
            self.shine(command["brightness"])
        self.switch(command.get("state"))
        return self.state()

    def state(self) -> bytes:
        if self.kind == "setpoint":
            return str(self.celsius).encode()
        told: dict[str, object] = {"state": "ON" if self.on else "OFF"}
        if self.kind == "dim":
            told |= {"brightness": self.brightness, "color_mode": "brightness"}
        return json.dumps(told).encode()


class JsonDevice(Device):
    """A controller with JSON of its own, by the keys of the settings; it cannot be asked."""

    full = 100
    patterns: ClassVar = {"state": "{zone}/state", "set": "{zone}/set"}
    answers = False

    def __init__(self, topics: Mapping[str, str], own: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
        super().__init__(topics, own, settings)
        usual = {"switch": "on", "on": True, "off": False, "dim": "level", "full": 100, "setpoint": "setpoint"}
        self.keys: Mapping[str, Any] = usual | dict(settings.get("keys") or {})

    def obey(self, topic: str, payload: bytes) -> bytes:
        del topic
        command = _flat(json.loads(payload))
        if self.keys["dim"] in command:
            self.shine(round(command[self.keys["dim"]] * self.full / self.keys["full"]))
        if self.keys["switch"] in command:
            self.on = command[self.keys["switch"]] == self.keys["on"]
        self.celsius = float(command.get(self.keys["setpoint"], self.celsius))
        return self.state()

    def state(self) -> bytes:
        if self.kind == "setpoint":
            told: dict[str, object] = {self.keys["setpoint"]: self.celsius}
        else:
            told = {self.keys["switch"]: self.keys["on" if self.on else "off"]} if self.keys["switch"] else {}
            if self.kind == "dim":
                lit = self.brightness if self.on or self.keys["switch"] else 0
                told[self.keys["dim"]] = round(lit * self.keys["full"] / self.full)
        return json.dumps(_deep(told)).encode()


DEVICES: dict[str, type[Device]] = {
    "zigbee2mqtt": ZigbeeLamp,
    "tasmota": TasmotaDevice,
    "home_assistant": AssistantDevice,
    "json": JsonDevice,
}


def _flat(said: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in said.items():
        flat |= _flat(value, f"{before}{key}.") if isinstance(value, dict) else {f"{before}{key}": value}
    return flat


def _deep(flat: Mapping[str, object]) -> dict[str, Any]:
    deep: dict[str, Any] = {}
    for key, value in flat.items():
        *way, last = key.split(".")
        place = deep
        for part in way:
            place = place.setdefault(part, {})
        place[last] = value
    return deep


class SensorBox:
    """Something that measures, and writes it with its own time."""

    def __init__(self, clock: Clock, sensors: Mapping[str, Mapping[str, Any]]) -> None:
        """Have these sensors, each with its topic, key and time_key."""
        self._clock, self._sensors = clock, sensors
        self.told: list[tuple[str, bytes]] = []
        """Topic and message, of all that was measured."""
        self.meant: list[Observation] = []

    def happen(self, count: int) -> None:
        """Measure so often, each time one sensor more."""
        for _ in range(count):
            number = len(self.told)
            key, own = list(self._sensors.items())[number % len(self._sensors)]
            at = self._clock.now() + timedelta(milliseconds=number + 1)
            value: object = number % 2 == 0 if own["quantity"] == "occupancy" else 1500 + number
            told = {str(own["key"]): value, str(own["time_key"]): int(at.timestamp() * 1000)}
            self.told.append((str(own["topic"]), json.dumps(_deep({"battery": 97, **told})).encode()))
            self.meant.append(_meant(key, own, value, at))


UNIT = {"occupancy": "presence", "temperature": "celsius", "energy": "kilowatt_hours"}


def _meant(key: str, own: Mapping[str, Any], value: object, at: datetime) -> Observation:
    counted = Decimal(int(str(value))) if not isinstance(value, bool) else Decimal(value)
    if not isinstance(value, bool):
        counted *= Decimal(str(own.get("factor", 1)))
    told = {"sensor": key, "quantity": own["quantity"], "unit": UNIT[own["quantity"]], "at": at}
    return Observation.model_validate(told | {"value": counted, "source_id": f"{key}@{at.isoformat()}"})


class MqttSimulator(ListeningSimulator, HasZones, EmitsHeard):
    """Lamps and sensors at a gateway at a broker.

    The zones and topics are, in this order: those of `settings`, the connection's configured settings; a dimmable lamp
    for each of `external_keys`, at the topics that `config()` gives then; some examples. With `settings`, `config()`
    gives only what leads here (address, account, version), to be laid over them.
    """

    can = frozenset({Misbehaviour.SET_BY_HAND, Misbehaviour.REFUSES, Misbehaviour.DOWN})
    examples: Mapping[str, Mapping[str, Any]] = EXAMPLES
    usual: Mapping[str, Any] = {}
    """Settings of a simulator that is told of none."""

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
        self._configured = settings is not None
        settings = self.usual if settings is None else settings
        self._zones: Mapping[str, Mapping[str, Any]] = (
            settings.get("zones")
            or {key: {} for key in self.external_keys}
            or ({} if settings.get("sensors") else self.examples)
        )
        self._sensors = settings.get("sensors") or ({} if self._configured else SENSORS)
        self.box = SensorBox(clock, self._sensors)
        device = DEVICES[str(settings.get("profile") or "zigbee2mqtt")]
        self.lamps = {zone: device.of(zone, own, settings) for zone, own in self._zones.items()}
        self.bridge_topic = settings.get("bridge_topic") or "zigbee2mqtt/bridge/state"
        self.slow_seconds = 0.0
        """How long a lamp takes to obey."""
        self._at = broker
        heard = sorted({topic for lamp in self.lamps.values() for topic in lamp.hears})
        self._gateway = Gateway("zigbee2mqtt", heard, self._hear)

    @classmethod
    def standing_in(cls, clock: Clock, external_keys: Sequence[str], settings: Mapping[str, object]) -> Self:
        """Have the zones and topics of the connection's settings."""
        return cls(clock, external_keys, settings=settings)

    def config(self) -> Mapping[str, object]:
        """Settings that lead here; the topics too, unless they were configured."""
        if self._configured:
            return self._address()
        return {**self._address(), **self.usual, "zones": self._zones, "sensors": self._sensors}

    def zones(self) -> Mapping[str, Level]:
        """How the lamps are."""
        return {zone: lamp.level() for zone, lamp in self.lamps.items()}

    def takes(self, zone: str) -> frozenset[type[Level]]:
        """What a lamp can be told."""
        return frozenset(TAKES[self.lamps[zone].kind])

    def misbehave(self, how: Misbehaviour, key: str = "") -> None:
        """Switch a lamp by hand; take the power from one, or from all; drop the broker."""
        lamps = [self.lamps[key]] if key else list(self.lamps.values())
        match how:
            case Misbehaviour.SET_BY_HAND:
                for lamp in lamps:
                    lamp.turn_by_hand()
                    self._tell(lamp)
            case Misbehaviour.REFUSES:
                for lamp in lamps:
                    lamp.reachable = False
            case Misbehaviour.DOWN:
                self._gateway.drop_all()
            case _:
                super().misbehave(how, key)

    def recover(self) -> None:
        """Give power and broker back."""
        for lamp in self.lamps.values():
            lamp.reachable = True
        self._gateway.recover()

    async def start(self) -> None:
        """Start the broker, and connect the gateway."""
        self.port = await self._gateway.start(self._at)
        self._gateway.tell(self.bridge_topic, b'{"state": "online"}', retain=True)
        for topic in {lamp.online for lamp in self.lamps.values() if lamp.online}:
            self._gateway.tell(topic, b"Online", retain=True)
        for lamp in self.lamps.values():
            if not lamp.answers:
                self._tell(lamp)

    async def stop(self) -> None:
        """Stop both; harmless when they never started."""
        await self._gateway.stop()

    def happen(self, count: int) -> None:
        """Have its sensors measure so much."""
        self.box.happen(count)

    def emitted(self) -> Sequence[Message]:
        """What they have measured, in canonical words."""
        return list(self.box.meant)

    def tell_all(self) -> None:
        """Tell all that was measured."""
        for topic, message in self.box.told:
            self._gateway.tell(topic, message)

    def tell_unreadable(self) -> str:
        """Break off in a message."""
        topic = str(next(iter(self._sensors.values()))["topic"])
        self._gateway.tell(topic, b'{"seen":')
        return topic

    def _address(self) -> Mapping[str, object]:
        return {"host": "127.0.0.1", "port": self.port or 1, "tls": False, "protocol": "3.1.1", **HUBS_ACCOUNT}

    def lose(self, zone: str) -> None:
        """Take the power from a device of which the broker tells that it is gone (last will)."""
        self.lamps[zone].reachable = False
        self._gateway.tell(self.lamps[zone].online, b"Offline", retain=True)

    def _hear(self, topic: str, payload: bytes) -> None:
        for lamp in self.lamps.values():
            if lamp.reachable and (times := lamp.asked(topic, payload)):
                for _ in range(times):
                    self._tell(lamp)
            elif topic in lamp.hears:
                asyncio.get_running_loop().call_later(self.slow_seconds, self._obey, lamp, topic, payload)

    def _obey(self, lamp: Device, topic: str, payload: bytes) -> None:
        """An unreachable lamp is no news on its topic: the gateway only logs that it failed."""
        if lamp.reachable:
            with suppress(ValueError):
                if told := lamp.obey(topic, payload):
                    self._gateway.tell(lamp.state_topic, told, retain=lamp.retains)

    def _tell(self, lamp: Device) -> None:
        self._gateway.tell(lamp.state_topic, lamp.state(), retain=lamp.retains)


class TasmotaSimulator(MqttSimulator):
    """Devices with Tasmota: one with two relays, and a lamp that can be dimmed."""

    usual: Mapping[str, Any] = {"profile": "tasmota"}
    examples: Mapping[str, Mapping[str, Any]] = {
        "stairs": BOX | {"relay": 1},
        "yard": BOX | {"relay": 2},
        "hall": {},
    }


class AssistantSimulator(MqttSimulator):
    """A lamp, a switch and a thermostat as Home Assistant controls them."""

    usual: Mapping[str, Any] = {"profile": "home_assistant", "rest_celsius": 16}
    examples: Mapping[str, Mapping[str, Any]] = {
        "hall": {},
        "stairs": {"kind": "switch"},
        "heat": {"kind": "setpoint", "set": "climate/{room}/set", "state": "climate/{room}", "values": {"room": "7"}},
    }
