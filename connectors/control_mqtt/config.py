"""The settings of one connection to a broker, and the topics that they make."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from hub.model import Quantity
from hub.sdk import ConnectorConfig, SensorConfig, SensorKey, ZoneKind
from hub.sdk.mqtt import BrokerConfig, unfit_topic


class Profile(StrEnum):
    """A gateway's way of writing."""

    ZIGBEE2MQTT = "zigbee2mqtt"
    TASMOTA = "tasmota"
    HOME_ASSISTANT = "home_assistant"
    JSON = "json"


@dataclass(frozen=True)
class Templates:
    """The topics that a profile has where the settings name none; empty: there is no such topic."""

    state: str
    set: str
    get: str = ""
    online: str = ""
    sensor: str = "{sensor}/state"


TEMPLATES = {
    Profile.ZIGBEE2MQTT: Templates("zigbee2mqtt/{zone}", "{state}/set", "{state}/get", sensor="zigbee2mqtt/{sensor}"),
    Profile.TASMOTA: Templates(
        "stat/{zone}/RESULT", "cmnd/{zone}", "{set}/State", "tele/{zone}/LWT", "tele/{sensor}/SENSOR"
    ),
    Profile.HOME_ASSISTANT: Templates("{zone}/state", "{zone}/set"),
    Profile.JSON: Templates("{zone}/state", "{zone}/set"),
}
KEYS: Mapping[Profile, Mapping[Quantity, str]] = {
    Profile.ZIGBEE2MQTT: {one: one.value for one in Quantity} | {Quantity.LUX: "illuminance"},
    Profile.TASMOTA: {Quantity.ENERGY: "ENERGY.Total"},
    Profile.HOME_ASSISTANT: dict.fromkeys(Quantity, ""),
    Profile.JSON: {one: one.value for one in Quantity},
}
"""Where each quantity stands in a message, where the settings do not say; empty: the message is the value.

Source: zigbee2mqtt.io, Exposes of sensors and plugs; Tasmota, MQTT: `tele/.../SENSOR`, read 2026-11-26."""


@dataclass(frozen=True)
class Topics:
    """The topics of one zone, resolved."""

    set: str
    get: str
    """Empty where it cannot be asked."""
    state: str
    kind: ZoneKind
    online: str = ""
    """Where its device tells whether it is there; empty: it does not."""
    relay: int | None = None


class ZoneTopics(ConnectorConfig):
    """What is particular to one zone; what it leaves out comes from the connection's templates."""

    state: str | None = Field(default=None, description="Topic on which the gateway tells how the lamp is.")
    set: str | None = Field(default=None, description="Topic on which the gateway takes commands for it.")
    get: str | None = Field(default=None, description="Topic on which the gateway is asked how it is.")
    online: str | None = Field(default=None, description="Topic on which its device tells whether it is there.")
    kind: ZoneKind | None = Field(default=None, description="`dim`, `switch` for on and off only, or `setpoint`.")
    relay: int | None = Field(default=None, ge=1, le=32, description="Tasmota: which relay of the device; one if none.")
    values: dict[str, str] = Field(default={}, description="Further names in braces in the templates, and their words.")


class SensorTopic(SensorConfig):
    """Where one sensor is told of; what it leaves out comes from the connection's template and the profile."""

    topic: str | None = Field(default=None, description="Topic on which it is told.")
    key: str | None = Field(
        default=None,
        description="Key of the value, dots leading into objects (`ENERGY.Total`); empty: the message is the value.",
    )
    time_key: str | None = Field(
        default=None,
        min_length=1,
        description="Key of the time at which it was so: ISO 8601 with an offset, or seconds or milliseconds since"
        " 1970. Left out: when it is heard.",
    )
    values: dict[str, str] = Field(default={}, description="Further names in braces in the template, and their words.")


@dataclass(frozen=True)
class SensorPlace:
    """Where a sensor is told of, resolved."""

    topic: str
    key: str
    time_key: str | None


class JsonKeys(ConnectorConfig):
    """How plain JSON says it; a key may lead into objects with dots, as in `light.level`."""

    switch: str | None = Field(default="on", min_length=1, description="Key of on and off; `null`: there is none.")
    on: bool | int | str = Field(default=True, description="What it holds when on.")
    off: bool | int | str = Field(default=False, description="What it holds when off.")
    dim: str = Field(default="level", min_length=1, description="Key of the light.")
    full: int = Field(default=100, ge=1, le=65535, description="What it holds at full.")
    setpoint: str = Field(default="setpoint", min_length=1, description="Key of the wanted degrees Celsius.")


class MqttConfig(BrokerConfig):
    """One broker, one gateway behind it, and its zones."""

    profile: Profile = Field(default=Profile.ZIGBEE2MQTT, description="The gateway's way of writing.")
    state_topic: str | None = Field(
        default=None, description="State topic of zones that name none; the profile's if left out."
    )
    set_topic: str | None = Field(
        default=None, description="Command topic of zones that name none; the profile's if left out."
    )
    get_topic: str | None = Field(
        default=None, description="Question topic of zones that name none; the profile's if left out."
    )
    online_topic: str | None = Field(
        default=None,
        description="Topic on which a zone's device tells whether it is there; the profile's if left out.",
    )
    kind: ZoneKind = Field(
        default=ZoneKind.DIM, description="Kind of zones that name none: `dim`, `switch` or `setpoint`."
    )
    zones: dict[str, ZoneTopics] = Field(
        default={}, description="Each zone with its `state`, `set`, `get` and `kind`, or `{}` for the templates."
    )
    sensors: dict[SensorKey, SensorTopic] = Field(
        default={}, description="What is measured: each sensor with its `quantity`, under the key that facilities name."
    )
    sensor_topic: str | None = Field(
        default=None, description="Topic of sensors that name none; the profile's if left out."
    )
    bridge_topic: str | None = Field(
        default=None, description="Where the gateway tells whether it is online, such as `zigbee2mqtt/bridge/state`."
    )
    rest_percent: int = Field(
        default=0, ge=0, le=100, description="What a released zone goes back to: a lamp has no automation of its own."
    )
    rest_celsius: Decimal | None = Field(
        default=None, description="What a released setpoint goes back to; needed where a zone has one."
    )
    brightness_scale: int = Field(
        default=255, ge=1, le=65535, description="Home Assistant: brightness of a lamp at full."
    )
    setpoint_name: str = Field(
        default="occupied_heating_setpoint", min_length=1, description="Zigbee2MQTT: key of the wanted degrees."
    )
    keys: JsonKeys | None = Field(default=None, description="Plain JSON: the keys and values of a message, if others.")
    off_timer: bool = Field(
        default=True,
        description="Tasmota: set the device's PulseTime, so that it ends by itself when the hub is gone.",
    )
    echo_within: timedelta = Field(
        default=timedelta(seconds=5),
        gt=timedelta(0),
        le=timedelta(seconds=9),
        description="Seconds within which a lamp tells its new state.",
    )

    @property
    def words(self) -> JsonKeys:
        """The keys and values of plain JSON."""
        return self.keys or JsonKeys()

    def topics(self, zone: str) -> Topics:
        """The topics of a zone that is configured."""
        own, usual = self.zones[zone], TEMPLATES[self.profile]
        words = {**own.values, "zone": zone}
        for name in ("state", "set", "get", "online"):
            template = getattr(own, name) or getattr(self, f"{name}_topic") or getattr(usual, name)
            words[name] = _filled(template, words)
        return Topics(words["set"], words["get"], words["state"], own.kind or self.kind, words["online"], own.relay)

    def sensor(self, key: str) -> SensorPlace:
        """Where a sensor that is configured is told of."""
        own, usual = self.sensors[key], TEMPLATES[self.profile]
        topic = _filled(own.topic or self.sensor_topic or usual.sensor, {**own.values, "sensor": key})
        value = KEYS[self.profile].get(own.quantity, "?") if own.key is None else own.key
        return SensorPlace(topic, value, own.time_key)

    @model_validator(mode="after")
    def _topics_can_be_used(self) -> Self:
        faults = [fault for zone in self.zones for fault in _faults(zone, self.topics(zone))]
        faults += [fault for key in self.sensors for fault in _sensor_faults(key, self.sensor(key))]
        told: dict[tuple[str, int | None], str] = {}
        for zone in self.zones:
            topics = self.topics(zone)
            if (first := told.setdefault((topics.state, topics.relay), zone)) != zone:
                faults.append(f"zones {first} and {zone} share state topic {topics.state}")
        faults += self._unfit_kinds()
        if faults:
            msg = "; ".join(faults)
            raise ValueError(msg)
        return self

    def _unfit_kinds(self) -> list[str]:
        kinds = {self.topics(zone).kind for zone in self.zones}
        faults = []
        if ZoneKind.SETPOINT in kinds and self.rest_celsius is None:
            faults.append("a setpoint needs rest_celsius, to go back to when it is released")
        if ZoneKind.SETPOINT in kinds and self.profile is Profile.TASMOTA:
            faults.append("profile tasmota has no setpoints")
        if self.profile is not Profile.TASMOTA and any(zone.relay for zone in self.zones.values()):
            faults.append("only profile tasmota has relays")
        if self.words.on == self.words.off:
            faults.append("keys: on and off are the same")
        return faults


def _filled(template: str, words: dict[str, str]) -> str:
    """Put words in place of names in braces, once; a name that is not known stays."""
    return re.sub(r"\{([^{}]*)\}", lambda found: words.get(found[1], found[0]), template)


def _faults(zone: str, topics: Topics) -> list[str]:
    optional = {name: topic for name in ("get", "online") if (topic := getattr(topics, name))}
    names = {"set": topics.set, "state": topics.state, **optional}
    faults = [f"zone {zone}: {name} topic {topic!r} {why}" for name, topic in names.items() if (why := _unfit(topic))]
    if len(set(names.values())) < len(names):
        faults.append(f"zone {zone}: {', '.join(names)} need a topic each")
    return faults


def _sensor_faults(key: str, place: SensorPlace) -> Iterator[str]:
    if why := _unfit(place.topic):
        yield f"sensor {key}: topic {place.topic!r} {why}"
    if place.key == "?":
        yield f"sensor {key}: the profile knows no key of its quantity; give its `key`"
    if place.time_key and not place.key:
        yield f"sensor {key}: a message that is the value has no time; leave `time_key` out"


def _unfit(topic: str) -> str:
    """Why it cannot be used, or nothing."""
    return unfit_topic(topic) or (
        "has a name in braces that is neither zone, state, set nor sensor, nor among its values" if "{" in topic else ""
    )
