"""The settings of one connection to an edge device, and what stands behind it."""

from datetime import timedelta
from decimal import Decimal
from enum import StrEnum, auto
from typing import Annotated, Self

from pydantic import Field, HttpUrl, SecretStr, StringConstraints, model_validator

from connectors.control_rec.messages import same
from hub.model import ObservationUnit, Quantity
from hub.sdk import ConnectorConfig, ZoneKind
from hub.sdk.mqtt import BrokerConfig, unfit_topic

Id = Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True)]
TEMPERATURE = "https://w3id.org/rec/core/Temperature"
"""Source: RealEstateCore Edge 3.3, its example, read 2026-11-26; the standard's other kinds are for the settings."""


class Form(StrEnum):
    """How on and off are said."""

    BOOLEAN = auto()
    NUMBER = auto()
    """1 and 0."""
    TEXT = auto()


class ZoneIds(ConnectorConfig):
    """One zone: what is told its level, and what tells it."""

    actuator: Id = Field(description="Id of the actuator that is told the level.")
    sensor: Id | None = Field(
        default=None,
        description="Id of the sensor whose observations tell the level, and so prove it; none: nothing proves it.",
    )
    kind: ZoneKind = Field(default=ZoneKind.SWITCH, description="`switch`, `dim` or `setpoint`.")
    form: Form = Field(default=Form.BOOLEAN, description="How a switch is said: `boolean`, `number` (1, 0) or `text`.")
    on: str = Field(default="On", min_length=1, description="The text for on.")
    off: str = Field(default="Off", min_length=1, description="The text for off.")
    full: Decimal = Field(default=Decimal(100), gt=0, description="The number for full light.")
    release: bool | Decimal | None = Field(
        default=None, description="What a released zone goes back to: `true`, per cent or degrees; off if left out."
    )
    automatic: str | None = Field(
        default=None, min_length=1, description="The text that lets its own automation decide, in place of `release`."
    )


class Measured(ConnectorConfig):
    """What a kind of quantity means."""

    quantity: Quantity = Field(description="`occupancy`, `temperature`, `lux`, `energy` or `humidity`.")
    unit: ObservationUnit = Field(
        description="In what it counts: `presence`, `people`, `celsius`, `lux`, `kilowatt_hours` or `percent`."
    )
    factor: Decimal = Field(
        default=Decimal(1), gt=0, description="What a value is multiplied by for that unit; 0.001 where it is in Wh."
    )


USUAL = Measured(quantity=Quantity.TEMPERATURE, unit=ObservationUnit.CELSIUS)


class MqttWay(BrokerConfig):
    """A broker between the hub and the edge device."""

    command_topic: str = Field(default="rec/{device}/c2d", description="Where it takes commands.")
    message_topic: str = Field(default="rec/{device}/d2c", description="Where it tells.")


class HttpsWay(ConnectorConfig):
    """An address that takes messages for the edge device; it tells by calling the hub."""

    url: HttpUrl = Field(description="Where messages for it are posted.")
    token: SecretStr | None = Field(default=None, description="Bearer token that lets us in.")


class RecConfig(ConnectorConfig):
    """One edge device: its way, its zones and what its sensors measure."""

    device_id: Id = Field(description="Its id: an IRI, or any other id that its messages carry.")
    mqtt: MqttWay | None = Field(default=None, description="The broker, where it is reached over MQTT.")
    https: HttpsWay | None = Field(default=None, description="The address, where it is reached over HTTPS.")
    webhook_secret: SecretStr | None = Field(
        default=None, description="Secret by which it signs what it posts to the connection's inbox."
    )
    zones: dict[str, ZoneIds] = Field(default={}, description="Each zone with its `actuator`, `sensor` and `kind`.")
    quantities: dict[str, Measured] = Field(
        default={},
        description="What each `quantityKind` means, besides the standard's Temperature in Celsius; observations of"
        " other kinds are left alone.",
    )
    answers: bool = Field(
        default=True, description="Whether it answers each command; one without an answer is then in doubt."
    )
    echo_within: timedelta = Field(
        default=timedelta(seconds=5),
        gt=timedelta(0),
        le=timedelta(seconds=9),
        description="Seconds within which it answers over MQTT and tells the new level.",
    )

    def meaning(self, kind: str) -> Measured | None:
        """What a kind of quantity means; None: nothing to us."""
        return self.quantities.get(kind) or (USUAL if kind == TEMPERATURE else None)

    def topics(self) -> tuple[str, str]:
        """Where it takes commands, and where it tells, over MQTT."""
        assert self.mqtt  # noqa: S101  (asked only where there is a broker)
        command, message = (
            topic.replace("{device}", self.device_id) for topic in (self.mqtt.command_topic, self.mqtt.message_topic)
        )
        return command, message

    @model_validator(mode="after")
    def _can_be_used(self) -> Self:
        faults = [f"zone {key}: {fault}" for key, zone in self.zones.items() for fault in _faults(zone)]
        for what in ("actuator", "sensor"):
            first: dict[str, str] = {}
            for key, zone in self.zones.items():
                name = getattr(zone, what)
                if name is not None and (other := first.setdefault(same(name), key)) != key:
                    faults.append(f"zones {other} and {key} have the same {what}")
        if (self.mqtt is None) is (self.https is None):
            faults.append("it is reached by mqtt or by https: give one of them")
        if self.https and self.webhook_secret is None:
            faults.append("over https it tells by calling the hub: give a webhook_secret")
        if self.mqtt:
            faults += [f"topic {topic!r} {why}" for topic in self.topics() if (why := unfit_topic(topic))]
            if len(set(self.topics())) == 1:
                faults.append("command_topic and message_topic are the same")
        if faults:
            msg = "; ".join(faults)
            raise ValueError(msg)
        return self


def _faults(zone: ZoneIds) -> list[str]:
    faults = []
    if zone.on.casefold() == zone.off.casefold():
        faults.append("on and off are the same")
    if zone.automatic is not None and zone.release is not None:
        faults.append("with automatic it needs no release: the building decides then")
    if zone.kind is ZoneKind.SETPOINT and zone.automatic is None and zone.release is None:
        faults.append("a setpoint needs automatic, or a release in degrees to go back to")
    if zone.kind is ZoneKind.SWITCH and not isinstance(zone.release, bool | None):
        faults.append("the release of a switch is true or false")
    if zone.kind is not ZoneKind.SWITCH and isinstance(zone.release, bool):
        faults.append(f"the release of a {zone.kind} is a number")
    if zone.kind is ZoneKind.DIM and zone.release is not None and not 0 <= zone.release <= 100:  # noqa: PLR2004  (per cent)
        faults.append("the release of a dim is per cent")
    return faults
