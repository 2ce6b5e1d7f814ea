"""The settings of one connection to a broker, and the topics that they make."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from hub.sdk import ConnectorConfig
from hub.sdk.mqtt import BrokerConfig


class Kind(StrEnum):
    """What a zone can do."""

    DIM = "dim"
    """Light in per cent."""
    SWITCH = "switch"
    """On and off only."""


class Profile(StrEnum):
    """A gateway's way of writing JSON."""

    ZIGBEE2MQTT = "zigbee2mqtt"


TOPIC_MAX_BYTES = 65_535
"""Source: MQTT 5.0 (OASIS, 2019-03-07) 4.7.3, and MQTT 3.1.1 (2014-10-29) 4.7.3, read 2026-11-21."""


@dataclass(frozen=True)
class Topics:
    """The topics of one zone, resolved."""

    set: str
    get: str
    state: str
    kind: Kind


class ZoneTopics(ConnectorConfig):
    """What is particular to one zone; what it leaves out comes from the connection's templates."""

    state: str | None = Field(default=None, description="Topic on which the gateway tells how the lamp is.")
    set: str | None = Field(default=None, description="Topic on which the gateway takes commands for it.")
    get: str | None = Field(default=None, description="Topic on which the gateway is asked how it is.")
    kind: Kind | None = Field(default=None, description="`dim`, or `switch` for on and off only.")


class MqttConfig(BrokerConfig):
    """One broker, one gateway behind it, and its zones."""

    profile: Profile = Field(default=Profile.ZIGBEE2MQTT, description="The gateway's way of writing JSON.")
    state_topic: str = Field(default="zigbee2mqtt/{zone}", description="State topic of zones that name none.")
    set_topic: str = Field(default="{state}/set", description="Command topic of zones that name none.")
    get_topic: str = Field(default="{state}/get", description="Question topic of zones that name none.")
    kind: Kind = Field(default=Kind.DIM, description="Kind of zones that name none: `dim` or `switch`.")
    zones: dict[str, ZoneTopics] = Field(
        min_length=1, description="Each zone with its `state`, `set`, `get` and `kind`, or `{}` for the templates."
    )
    bridge_topic: str | None = Field(
        default=None, description="Where the gateway tells whether it is online, such as `zigbee2mqtt/bridge/state`."
    )
    rest_percent: int = Field(
        default=0, ge=0, le=100, description="What a released zone goes back to: a lamp has no automation of its own."
    )
    echo_within: timedelta = Field(
        default=timedelta(seconds=5),
        gt=timedelta(0),
        le=timedelta(seconds=9),
        description="Seconds within which a lamp tells its new state.",
    )

    def topics(self, zone: str) -> Topics:
        """The topics of a zone that is configured."""
        own = self.zones[zone]
        state = (own.state or self.state_topic).replace("{zone}", zone)
        set_topic, get_topic = (
            template.replace("{state}", state).replace("{zone}", zone)
            for template in (own.set or self.set_topic, own.get or self.get_topic)
        )
        return Topics(set_topic, get_topic, state, own.kind or self.kind)

    @model_validator(mode="after")
    def _topics_can_be_used(self) -> Self:
        faults = [fault for zone in self.zones for fault in _faults(zone, self.topics(zone))]
        told = {self.topics(zone).state: zone for zone in reversed(self.zones)}
        faults += [
            f"zones {first} and {zone} share state topic {state}"
            for zone in self.zones
            if (first := told[state := self.topics(zone).state]) != zone
        ]
        if faults:
            msg = "; ".join(faults)
            raise ValueError(msg)
        return self


def _faults(zone: str, topics: Topics) -> list[str]:
    names = {"set": topics.set, "get": topics.get, "state": topics.state}
    faults = [f"zone {zone}: {name} topic {topic!r} {why}" for name, topic in names.items() if (why := _unfit(topic))]
    if len(set(names.values())) < len(names):
        faults.append(f"zone {zone}: set, get and state need a topic each")
    return faults


def _unfit(topic: str) -> str:
    """Why no message can be published there, or nothing."""
    if not topic or len(topic.encode()) > TOPIC_MAX_BYTES:
        return "is empty or too long"
    if set(topic) & {"+", "#", "\0"}:
        return "has a wildcard"
    if topic.startswith("$"):
        return "belongs to the broker ($)"
    return "has a name in braces that is not {zone} or {state}" if "{" in topic else ""
