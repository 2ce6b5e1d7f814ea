"""A believable edge device with actuators and sensors, at a broker of its own, at another, or over HTTPS.

Written from RealEstateCore Edge 3.3 (README, schema and examples, read 2026-11-26), apart from the code that talks to
it: it answers each command, lets its sensor observe what became of it, and has a clock that ticks by itself. At its
broker the last that its sensors saw is retained, from when it connects; the standard leaves that to who sets it up.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Self

import httpx

from hub.model import Dim, Level, Message, Observation, ObservationUnit, Quantity, Setpoint, Switch
from hub.sdk import (
    Callback,
    Clock,
    EmitsCallbacks,
    EmitsHeard,
    HasZones,
    HttpSimulator,
    ListeningSimulator,
    Misbehaviour,
)
from hub.sdk.mqtt.simulator import HUBS_ACCOUNT, BrokerAt, Gateway

DEVICE = "https://recref.test/device/64b65a99"
SECRET = "edge-secret-31"
TOKEN = "edge-token-7"
CORE = "https://w3id.org/rec/core/"
EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "stairs.light": {"form": "text"},
    "hall.light": {"kind": "dim"},
    "hall.heat": {"kind": "setpoint", "release": 16},
}
"""Zones of a simulator that is told of none."""
KINDS = {f"{CORE}Temperature": {"quantity": "temperature", "unit": "celsius"},
         f"{CORE}Presence": {"quantity": "occupancy", "unit": "presence"}}  # fmt: skip
"""What its own sensors measure."""
NIGHT = 16.0
BY_HAND = 40
TAKES: dict[str, tuple[type[Level], ...]] = {"switch": (Switch,), "dim": (Switch, Dim), "setpoint": (Setpoint,)}
SENSORS = 4
IN_ONE = 3
"""Observations in one message."""


class Actuator:
    """One zone's actuator, as it really is, with the sensor that observes it."""

    def __init__(self, key: str, own: Mapping[str, Any]) -> None:
        """Be off, and at the night's temperature."""
        self.id = str(own.get("actuator") or f"https://recref.test/actuator/{key}")
        self.sensor = own.get("sensor", f"https://recref.test/sensor/{key}")
        self.kind, self.form = str(own.get("kind", "switch")), str(own.get("form", "boolean"))
        self.texts = {True: str(own.get("on", "On")), False: str(own.get("off", "Off"))}
        self.full = float(own.get("full", 100))
        self.on, self.percent, self.celsius = False, 0, NIGHT
        self.refuses = False
        self.seen: Mapping[str, object] = {}
        """What its sensor told last; empty: nothing yet."""

    def settings(self, own: Mapping[str, Any]) -> Mapping[str, Any]:
        """Settings of a zone that lead here."""
        return {**own, "actuator": self.id, "sensor": self.sensor}

    def obey(self, command: Mapping[str, Any]) -> None:
        """Do as a command says; what it cannot do is a `ValueError`."""
        match self.kind:
            case "dim":
                self.percent = round(float(command["value"]) / self.full * 100)
            case "setpoint":
                self.celsius = float(command["value"])
            case _:
                self.on = self._is_on(command)

    def _is_on(self, command: Mapping[str, Any]) -> bool:
        if self.form == "text":
            return {text: on for on, text in self.texts.items()}[command["valueString"]]
        return bool(command["valueBoolean"]) if self.form == "boolean" else command["value"] == 1

    def value(self) -> Mapping[str, object]:
        """What its sensor observes."""
        match self.kind, self.form:
            case "dim", _:
                return {"value": self.percent * self.full / 100}
            case "setpoint", _:
                return {"value": self.celsius}
            case _, "text":
                return {"valueString": self.texts[self.on]}
            case _, "number":
                return {"value": int(self.on)}
        return {"valueBoolean": self.on}

    def level(self) -> Level:
        """How it is, in canonical words."""
        match self.kind:
            case "dim":
                return Dim(percent=self.percent)
            case "setpoint":
                return Setpoint(celsius=Decimal(str(self.celsius)))
        return Switch(on=self.on)

    def turn_by_hand(self) -> None:
        """Turn it the other way; a thermostat down."""
        self.on, self.celsius = not self.on, NIGHT
        self.percent = 0 if self.percent else BY_HAND


class Edge:
    """The device itself: what it is told, and what it tells."""

    def __init__(self, clock: Clock, zones: Mapping[str, Mapping[str, Any]], device: str = DEVICE) -> None:
        """Have these zones."""
        self._clock, self.device = clock, device
        self.in_one = True
        """Whether an answer and what was observed come in one message."""
        self.zones = {key: Actuator(key, own) for key, own in zones.items()}
        self._ticks = 0
        self.happened: list[Mapping[str, Any]] = []

    def now(self) -> datetime:
        """Its own time, later each time it looks."""
        self._ticks += 1
        return self._clock.now() + timedelta(milliseconds=self._ticks)

    def hear(self, body: bytes) -> list[bytes]:
        """Obey, and give the messages that it tells afterwards."""
        message = json.loads(body)
        if message.get("deviceId") != self.device:
            return []
        return [told for command in message.get("actuationCommands", []) for told in self._commanded(command)]

    def _commanded(self, command: Mapping[str, Any]) -> list[bytes]:
        actuator = next((one for one in self.zones.values() if one.id == command["actuatorId"]), None)
        if actuator is None or actuator.refuses:
            return [self.message(self._answer(command, "rejected", exception="Underlying system is offline"))]
        try:
            actuator.obey(command)
        except (KeyError, ValueError):
            return [self.message(self._answer(command, "rejected", exception="No such value"))]
        answer = self._answer(command, "success")
        seen = self.observation(actuator) if actuator.sensor else {}
        return [self.message(answer | seen)] if self.in_one else [self.message(answer), self.message(seen)]

    def _answer(self, command: Mapping[str, Any], code: str, *, exception: str = "") -> dict[str, object]:
        told: dict[str, object] = {}
        if exception:
            told["exceptions"] = [
                {"exceptionTime": self.stamp(), "origin": "actuator", "id": command["actuatorId"],
                 "exception": exception, "retry": 1}
            ]  # fmt: skip
        names = {name: command[name] for name in ("actuatorId", "actuationCommandId")}
        told["actuationResponses"] = [{**names, "responseCode": code, "actuationResponseTime": self.stamp()}]
        return told

    def observation(self, actuator: Actuator) -> dict[str, object]:
        """What the sensor of an actuator tells now."""
        seen = {"observationTime": self.stamp(), "sensorId": actuator.sensor, "quantityKind": f"{CORE}Level"}
        actuator.seen = {**seen, **actuator.value()}
        return {"observations": [actuator.seen]}

    def last_seen(self) -> bytes:
        """A message of what every zone's sensor saw last; one that has seen nothing looks."""
        with_sensors = [one for one in self.zones.values() if one.sensor]
        for one in with_sensors:
            if not one.seen:
                self.observation(one)
        return self.message({"observations": [one.seen for one in with_sensors]})

    def message(self, parts: Mapping[str, object]) -> bytes:
        """A message of these parts."""
        return json.dumps({"format": "rec3.3", "deviceId": self.device, **parts}).encode()

    def stamp(self) -> str:
        """Its time, as it writes it."""
        return self.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def happen(self, count: int) -> None:
        """Have its own sensors observe so much: temperature, and now and then whether somebody is there."""
        for _ in range(count):
            number = len(self.happened)
            sensor = f"https://recref.test/sensor/{number % SENSORS}"
            told: dict[str, Any] = {"observationTime": self.stamp(), "sensorId": sensor}
            if number % SENSORS == 0:
                told |= {"quantityKind": f"{CORE}Presence", "valueBoolean": number % (2 * SENSORS) == 0}
            else:
                told |= {"quantityKind": f"{CORE}Temperature", "value": 16 + number / 10}
            self.happened.append(told)

    def emitted(self) -> Sequence[Message]:
        """What its sensors have observed, in canonical words."""
        return [_meant(one) for one in self.happened]

    def callbacks(self) -> Sequence[Callback]:
        """The calls that tell of it."""
        return [signed(body) for body in self.bodies()]

    def bodies(self) -> Sequence[bytes]:
        """The messages that tell of it."""
        return [
            self.message({"observations": self.happened[first : first + IN_ONE]})
            for first in range(0, len(self.happened), IN_ONE)
        ]


def signed(body: bytes) -> Callback:
    """A call of the device, with its signature."""
    told = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return Callback({"content-type": "application/json", "x-hub-signature-256": f"sha256={told}"}, body)


def _meant(told: Mapping[str, Any]) -> Observation:
    is_presence = "valueBoolean" in told
    kind, at = told["quantityKind"].rpartition("/")[2], datetime.fromisoformat(told["observationTime"])
    return Observation(
        sensor=told["sensorId"],
        quantity=Quantity.OCCUPANCY if is_presence else Quantity.TEMPERATURE,
        value=Decimal(int(told["valueBoolean"])) if is_presence else Decimal(str(told["value"])),
        unit=ObservationUnit.PRESENCE if is_presence else ObservationUnit.CELSIUS,
        at=at,
        source_id=f"{told['sensorId']}@{at.isoformat()}/{kind}",
    )


class RecSimulator(ListeningSimulator, HasZones, EmitsCallbacks, EmitsHeard):
    """An edge device behind a broker. Its zones are those of `settings`, of `external_keys`, or some examples."""

    can = frozenset({Misbehaviour.SET_BY_HAND, Misbehaviour.REFUSES, Misbehaviour.DOWN})

    def __init__(
        self,
        clock: Clock,
        external_keys: Sequence[str] = (),
        *,
        settings: Mapping[str, Any] | None = None,
        broker: BrokerAt | None = None,
    ) -> None:
        """Be a device at `broker`, or at one of its own."""
        super().__init__(clock, external_keys)
        self._settings = settings or {}
        self._zones: Mapping[str, Mapping[str, Any]] = (
            self._settings.get("zones") or {key: {} for key in external_keys} or EXAMPLES
        )
        self.edge = Edge(clock, self._zones, str(self._settings.get("device_id") or DEVICE))
        mqtt = self._settings.get("mqtt") or {}
        self._topics = {
            name: str(mqtt.get(name) or usual).replace("{device}", self.edge.device)
            for name, usual in (("command_topic", "rec/{device}/c2d"), ("message_topic", "rec/{device}/d2c"))
        }
        self._at = broker
        self.retains = True
        """Whether its broker keeps what it saw last, for who comes later."""
        self._gateway = Gateway("edge", [self._topics["command_topic"]], self._hear)

    @classmethod
    def standing_in(cls, clock: Clock, external_keys: Sequence[str], settings: Mapping[str, object]) -> Self:
        """Have the zones and topics of the connection's settings."""
        return cls(clock, external_keys, settings=settings)

    def config(self) -> Mapping[str, object]:
        """Settings that lead here."""
        address = {"host": "127.0.0.1", "port": self.port or 1, "tls": False, "protocol": "3.1.1", **HUBS_ACCOUNT}
        zones = {key: one.settings(self._zones[key]) for key, one in self.edge.zones.items()}
        return {
            "device_id": self.edge.device,
            "mqtt": {**address, **self._topics},
            "https": None,
            "webhook_secret": SECRET,
            "zones": zones,
            "quantities": self._settings.get("quantities") or KINDS,
        }

    def zones(self) -> Mapping[str, Level]:
        return {key: one.level() for key, one in self.edge.zones.items()}

    def takes(self, zone: str) -> frozenset[type[Level]]:
        return frozenset(TAKES[self.edge.zones[zone].kind])

    def misbehave(self, how: Misbehaviour, key: str = "") -> None:
        """Turn something by hand, refuse commands, or drop the broker."""
        some = [self.edge.zones[key]] if key else list(self.edge.zones.values())
        match how:
            case Misbehaviour.SET_BY_HAND:
                for one in some:
                    one.turn_by_hand()
                    self.tell(self.edge.message(self.edge.observation(one)))
                self._retain()
            case Misbehaviour.REFUSES:
                for one in some:
                    one.refuses = True
            case Misbehaviour.DOWN:
                self._gateway.drop_all()
            case _:
                super().misbehave(how, key)

    def recover(self) -> None:
        """Obey again, and let the broker's clients in."""
        for one in self.edge.zones.values():
            one.refuses = False
        self._gateway.recover()

    async def start(self) -> None:
        self.port = await self._gateway.start(self._at)
        self._retain()

    async def stop(self) -> None:
        await self._gateway.stop()

    def happen(self, count: int) -> None:
        self.edge.happen(count)

    def emitted(self) -> Sequence[Message]:
        return self.edge.emitted()

    def callbacks(self) -> Sequence[Callback]:
        return self.edge.callbacks()

    def tell_all(self) -> None:
        """Tell, over the broker, all that its own sensors have observed."""
        for body in self.edge.bodies():
            self.tell(body)

    def tell_unreadable(self) -> str:
        """Tell of a sensor without a value, among others."""
        told = {"sensorId": "https://recref.test/sensor/9", "quantityKind": f"{CORE}Temperature"}
        self.tell(self.edge.message({"observations": [told]}))
        return "observations[0]"

    def tell(self, message: bytes) -> None:
        """Tell the hub, over the broker."""
        self._gateway.tell(self._topics["message_topic"], message)

    def _hear(self, topic: str, payload: bytes) -> None:
        del topic
        told = self.edge.hear(payload)
        for message in told:
            self.tell(message)
        if told:
            self._retain()

    def _retain(self) -> None:
        """Have the broker keep what was seen last."""
        if self.retains:
            self._gateway.tell(self._topics["message_topic"], self.edge.last_seen(), retain=True)


class RecOverHttps(HttpSimulator, HasZones):
    """An edge device that takes commands at an address; what it tells waits in `calls` for who carries it."""

    def __init__(self, clock: Clock, external_keys: Sequence[str] = ()) -> None:
        """Have these zones, or the examples."""
        super().__init__(clock, external_keys)
        self._zones: Mapping[str, Mapping[str, Any]] = {key: {} for key in external_keys} or EXAMPLES
        self.edge = Edge(clock, self._zones)
        self.edge.in_one = False
        self.calls: list[Callback] = []

    def config(self) -> Mapping[str, object]:
        return {
            "device_id": DEVICE,
            "https": {"url": "https://edge.test/rec/in?site=7", "token": TOKEN},
            "webhook_secret": SECRET,
            "zones": {key: one.settings(self._zones[key]) for key, one in self.edge.zones.items()},
            "quantities": KINDS,
        }

    def zones(self) -> Mapping[str, Level]:
        return {key: one.level() for key, one in self.edge.zones.items()}

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Take a message at its address, from who has the token."""
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return httpx.Response(401)
        if request.method != "POST" or request.url.raw_path != b"/rec/in?site=7":
            return httpx.Response(404)
        self.calls += [signed(body) for body in self.edge.hear(request.content)]
        return httpx.Response(202)
