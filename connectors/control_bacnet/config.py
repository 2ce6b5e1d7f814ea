"""The settings of one connection to a device, and which objects its zones are."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from hub.sdk import ConnectorConfig, SensorConfig, SensorKey, ZoneKind

REAL = frozenset({"analog-output", "analog-value", "lighting-output"})
BINARY = frozenset({"binary-output", "binary-value"})
STATES = frozenset({"multi-state-output", "multi-state-value"})
"""Types of object that can be written at a priority. Source: ASHRAE 135-2020, clause 12, read by way of bacpypes3."""
INPUTS = frozenset({"analog-input", "binary-input", "multi-state-input"})
"""Types of object that only measure."""
MOST = 4_194_302
"""The highest number that an object or a device may have."""


@dataclass(frozen=True)
class Point:
    """An object of a device."""

    type: str
    number: int

    @classmethod
    def of(cls, told: str) -> Self:
        """Read "analog-value,1"."""
        kind, _, number = told.partition(",")
        return cls(kind, int(number))

    def __str__(self) -> str:
        return f"{self.type},{self.number}"


Object = Annotated[
    str, StringConstraints(pattern=rf"^({'|'.join(sorted(REAL | BINARY | STATES))}),(0|[1-9]\d{{0,6}})$")
]


Measured = Annotated[
    str, StringConstraints(pattern=rf"^({'|'.join(sorted(REAL | BINARY | STATES | INPUTS))}),(0|[1-9]\d{{0,6}})$")
]


class SensorObject(SensorConfig):
    """Which object one sensor is; the states of a multi-state object are `words`, by number."""

    object: Measured = Field(description="Type and number of its object: `analog-input,1`, `binary-input,4`.")

    @property
    def point(self) -> Point:
        """The object."""
        return Point.of(self.object)


class ZoneObject(ConnectorConfig):
    """Which object one zone is, and how its numbers are spelt."""

    object: Object = Field(description="Type and number of its object: `binary-output,1`, `analog-value,20`.")
    kind: ZoneKind = Field(default=ZoneKind.SWITCH, description="`switch`, `dim` or `setpoint`.")
    scale: Decimal = Field(
        default=Decimal(1), gt=0, description="What the object counts for one degree or per cent; 0.01 where full is 1."
    )
    on: int | None = Field(default=None, ge=1, description="State of a multi-state object when it is on.")
    off: int | None = Field(default=None, ge=1, description="State of a multi-state object when it is off.")

    @property
    def point(self) -> Point:
        """The object."""
        return Point.of(self.object)


class BacnetConfig(ConnectorConfig):
    """One device, or one behind a router, its zones and its sensors."""

    host: str = Field(min_length=1, description="Address of the device, or of the router that it is behind.")
    port: int = Field(default=47808, ge=1, le=65535, description="Its UDP port.")
    device: int = Field(ge=0, le=MOST, description="Number (instance) of the device; nothing is written to another.")
    network: int | None = Field(default=None, ge=1, le=65534, description="Number of its network behind a router.")
    station: int | None = Field(default=None, ge=0, le=254, description="Its MS/TP address on that network.")
    priority: int = Field(
        default=13, ge=7, le=16, description="At which priority the hub writes; the site's own are stronger below it."
    )
    tries: int = Field(default=3, ge=1, le=10, description="How often a datagram is sent, within the time-out.")
    changes_for: timedelta | None = Field(
        default=None,
        ge=timedelta(seconds=10),
        le=timedelta(hours=8),
        description="Seconds that a subscription to changes (COV) lasts; renewed three times as often. Left out: none.",
    )
    zones: dict[str, ZoneObject] = Field(default={}, description="Each zone and its object.")
    sensors: dict[SensorKey, SensorObject] = Field(
        default={},
        description="What is measured: each sensor and its object, by the key that facilities name.",
    )
    measured_for: timedelta = Field(
        default=timedelta(minutes=5),
        ge=timedelta(seconds=10),
        le=timedelta(hours=8),
        description="Seconds that a subscription (COV) to a sensor lasts; renewed three times as often.",
    )

    @model_validator(mode="after")
    def _zones_can_be_used(self) -> Self:
        faults = [f"zone {key}: {fault}" for key, zone in self.zones.items() for fault in _faults(zone)]
        first: dict[str, str] = {}
        for key, zone in self.zones.items():
            if (other := first.setdefault(zone.object, key)) != key:
                faults.append(f"zones {other} and {key} are both {zone.object}")
        faults += self._sensor_faults()
        if (self.network is None) != (self.station is None):
            faults.append("network and station go together: both behind a router, else neither")
        if faults:
            msg = "; ".join(faults)
            raise ValueError(msg)
        return self

    def _sensor_faults(self) -> list[str]:
        first: dict[str, str] = {}
        faults = []
        for key, sensor in self.sensors.items():
            if (other := first.setdefault(sensor.object, key)) != key:
                faults.append(f"sensors {other} and {key} are both {sensor.object}")
            if sensor.point.number > MOST:
                faults.append(f"sensor {key}: no object has a number above {MOST}")
        return faults


def _faults(zone: ZoneObject) -> list[str]:
    faults = []
    if zone.point.number > MOST:
        faults.append(f"no object has a number above {MOST}")
    if (zone.kind is ZoneKind.SWITCH) == (zone.point.type in REAL):
        faults.append(f"a {zone.kind} cannot be {zone.object}: binary and multi-state objects switch, others do not")
    states = zone.on is not None and zone.off is not None and zone.on != zone.off
    if zone.point.type in STATES and not states:
        faults.append("a multi-state object needs two states: on, off")
    if zone.point.type not in STATES and (zone.on, zone.off) != (None, None):
        faults.append("only a multi-state object has on and off")
    return faults
