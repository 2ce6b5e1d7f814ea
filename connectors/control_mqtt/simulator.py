"""A believable Zigbee2MQTT gateway with its lamps, and a broker of its own unless it is shown to another.

Its topics and payloads are those of zigbee2mqtt.io, guide/usage/mqtt_topics_and_messages, read 2026-11-21: a lamp that
is reached tells its whole state, retained; one that is not is only logged; a question is answered once for each of its
keys; `bridge/state` says online.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

from hub.model import Dim, Level, Switch
from hub.sdk import Clock, HasZones, ListeningSimulator, Misbehaviour
from hub.sdk.mqtt.simulator import GATEWAY, HUB, BrokerAt, Guest, OwnBroker

EXAMPLES = {"stairs.light": {"kind": "switch"}, "hall-a.light": {"kind": "dim"}, "hall-b.light": {"kind": "dim"}}
"""Zones of a simulator that is told of none."""
FULL = 254
"""Brightness of a lamp at full."""
BY_HAND = 102
"""Brightness to which a hand turns a lamp that was off: 40 per cent."""


@dataclass
class Lamp:
    """A lamp as it really is."""

    state_topic: str
    set_topic: str
    get_topic: str
    kind: str = "dim"
    on: bool = False
    brightness: int = FULL
    """What it keeps while it is off, as real ones do."""
    reachable: bool = True

    def obey(self, command: Mapping[str, object]) -> None:
        """Apply absolute values, and TOGGLE as a real one would."""
        if "brightness" in command and self.kind == "dim":
            self.brightness = max(0, min(FULL, int(str(command["brightness"]))))
            self.on = self.brightness > 0
        match command.get("state"):
            case "TOGGLE":
                self.on = not self.on
            case "ON" | "OFF" as state:
                self.on = state == "ON"

    def state(self) -> bytes:
        """What the gateway publishes of it."""
        told: dict[str, object] = {"state": "ON" if self.on else "OFF", "linkquality": 96}
        if self.kind == "dim":
            told["brightness"] = self.brightness
        return json.dumps(told).encode()

    def level(self) -> Level:
        """How it is, in canonical words."""
        if self.kind == "switch":
            return Switch(on=self.on)
        return Dim(percent=round(self.brightness / FULL * 100) if self.on else 0)


def _lamp(zone: str, own: Mapping[str, Any], settings: Mapping[str, Any]) -> Lamp:
    """The lamp of a zone, at its own topics or those of the connection's templates."""

    def topic(name: str, usual: str, state: str = "") -> str:
        template = str(own.get(name) or settings.get(f"{name}_topic") or usual)
        return template.replace("{state}", state).replace("{zone}", zone)

    state = topic("state", "zigbee2mqtt/{zone}")
    kind = str(own.get("kind") or settings.get("kind") or "dim")
    return Lamp(state, topic("set", "{state}/set", state), topic("get", "{state}/get", state), kind)


class MqttSimulator(ListeningSimulator, HasZones):
    """Lamps at a gateway at a broker.

    The zones and topics are, in this order: those of `settings`, the connection's configured settings; a dimmable lamp
    for each of `external_keys`, at the topics that `config()` gives then; two examples. With `settings`, `config()`
    gives only what leads here (address, account, version), to be laid over them.
    """

    can = frozenset({Misbehaviour.SET_BY_HAND, Misbehaviour.REFUSES, Misbehaviour.DOWN})

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
        self._zones: Mapping[str, Mapping[str, Any]] = (
            (settings or {}).get("zones") or {key: {} for key in self.external_keys} or EXAMPLES
        )
        self.lamps = {zone: _lamp(zone, own, settings or {}) for zone, own in self._zones.items()}
        self.bridge_topic = (settings or {}).get("bridge_topic") or "zigbee2mqtt/bridge/state"
        self.slow_seconds = 0.0
        """How long a lamp takes to obey."""
        self._own = None if broker else OwnBroker()
        self._at = broker or GATEWAY
        self._client: Guest | None = None

    @classmethod
    def standing_in(cls, clock: Clock, external_keys: Sequence[str], settings: Mapping[str, object]) -> Self:
        """Have the zones and topics of the connection's settings."""
        return cls(clock, external_keys, settings=settings)

    def config(self) -> Mapping[str, object]:
        """Settings that lead here; the topics too, unless they were configured."""
        return self._address() if self._configured else {**self._address(), "zones": self._zones}

    def zones(self) -> Mapping[str, Level]:
        """How the lamps are."""
        return {zone: lamp.level() for zone, lamp in self.lamps.items()}

    def takes(self, zone: str) -> frozenset[type[Level]]:
        """What a lamp can be told."""
        kinds: set[type[Level]] = {Switch, Dim} if self.lamps[zone].kind == "dim" else {Switch}
        return frozenset(kinds)

    def misbehave(self, how: Misbehaviour, key: str = "") -> None:
        """Switch a lamp by hand; take the power from one, or from all; drop the broker."""
        lamps = [self.lamps[key]] if key else list(self.lamps.values())
        match how:
            case Misbehaviour.SET_BY_HAND:
                for lamp in lamps:
                    lamp.obey({"state": "OFF"} if lamp.on else {"state": "ON", "brightness": BY_HAND})
                    self._tell(lamp)
            case Misbehaviour.REFUSES:
                for lamp in lamps:
                    lamp.reachable = False
            case Misbehaviour.DOWN if self._own:
                self._own.drop_all(down=True)
            case _:
                super().misbehave(how, key)

    def recover(self) -> None:
        """Give power and broker back."""
        for lamp in self.lamps.values():
            lamp.reachable = True
        if self._own:
            self._own.down = False

    async def start(self) -> None:
        """Start the broker, and connect the gateway."""
        if self._own:
            self.port = await self._own.start()
            self._at = BrokerAt(GATEWAY.host, self.port)
        topics = [topic for lamp in self.lamps.values() for topic in (lamp.set_topic, lamp.get_topic)]
        self._client = Guest(self._at, "zigbee2mqtt", topics, self._hear)
        await self._client.start()
        self._client.tell(self.bridge_topic, b'{"state": "online"}', retain=True)

    async def stop(self) -> None:
        """Stop both; harmless when they never started."""
        if self._client:
            await self._client.stop()
            self._client = None
        if self._own:
            await self._own.stop()

    def _address(self) -> Mapping[str, object]:
        return {
            "host": HUB.host,
            "port": self.port or 1,
            "tls": False,
            "protocol": "3.1.1",
            "username": HUB.username,
            "password": HUB.password,
            "client_id": "hub-simulated",
        }

    def _hear(self, topic: str, payload: bytes) -> None:
        for lamp in self.lamps.values():
            if topic == lamp.set_topic:
                asyncio.get_running_loop().call_later(self.slow_seconds, self._obey, lamp, payload)
            elif topic == lamp.get_topic and lamp.reachable:
                for _ in json.loads(payload):
                    self._tell(lamp)

    def _obey(self, lamp: Lamp, payload: bytes) -> None:
        """An unreachable lamp is no news on its topic: the gateway only logs that it failed."""
        if lamp.reachable:
            with suppress(ValueError):
                lamp.obey(json.loads(payload))
                self._tell(lamp)

    def _tell(self, lamp: Lamp) -> None:
        if self._client:
            self._client.tell(lamp.state_topic, lamp.state(), retain=True)
