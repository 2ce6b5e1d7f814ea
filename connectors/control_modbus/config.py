"""The settings of one connection to a device, and where its zones are."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum, auto
from typing import Annotated, Any, Self

from pydantic import Field, StringConstraints, model_validator

from hub.sdk import ConnectorConfig, ZoneKind


class Table(StrEnum):
    """One of the four tables of a device. Source: Modbus Application Protocol V1.1b3, 4.3, read 2026-11-26."""

    COIL = auto()
    DISCRETE = auto()
    HOLDING = auto()
    INPUT = auto()

    @property
    def is_bits(self) -> bool:
        """Whether it has bits, and not words of 16."""
        return self in {Table.COIL, Table.DISCRETE}


class Encoding(StrEnum):
    """How registers spell a number; those of 32 bits take two."""

    UINT16 = auto()
    INT16 = auto()
    UINT32 = auto()
    INT32 = auto()
    FLOAT32 = auto()

    @property
    def words(self) -> int:
        """How many registers it takes."""
        return 1 if self in {Encoding.UINT16, Encoding.INT16} else 2


class WordOrder(StrEnum):
    """Which of two registers comes first; within each the high byte always does."""

    HIGH_FIRST = auto()
    LOW_FIRST = auto()


@dataclass(frozen=True)
class Point:
    """A place in a device."""

    table: Table
    address: int
    """Counted from 0, as on the wire: 40001 of a manual is holding:0."""

    @classmethod
    def of(cls, told: str) -> Self:
        """Read "holding:12"."""
        table, _, address = told.partition(":")
        return cls(Table(table), int(address))

    def __str__(self) -> str:
        return f"{self.table}:{self.address}"


ADDRESSES = range(65_536)
Place = Annotated[str, StringConstraints(pattern=r"^(coil|discrete|holding|input):\d{1,5}$")]
WrittenPlace = Annotated[str, StringConstraints(pattern=r"^(coil|holding):\d{1,5}$")]
Unit = Annotated[int, Field(ge=0, le=255)]


class Mode(ConnectorConfig):
    """A switch between the device's own automation and us."""

    at: WrittenPlace = Field(description="Its coil or holding register.")
    ours: int = Field(ge=0, le=65535, description="What it holds while the hub decides.")
    released: int = Field(ge=0, le=65535, description="What it holds while the device decides.")


class ZonePlaces(ConnectorConfig):
    """Where one zone is, and how its numbers are spelt."""

    at: WrittenPlace = Field(description="Where its level is written: `coil:N` or `holding:N`, N counted from 0.")
    status: Place | None = Field(
        default=None, description="Where it is read, if elsewhere; `discrete:N` and `input:N` too."
    )
    kind: ZoneKind = Field(default=ZoneKind.SWITCH, description="`switch`, `dim` or `setpoint`.")
    unit: Unit | None = Field(default=None, description="Its unit; the connection's if left out.")
    encoding: Encoding = Field(default=Encoding.UINT16, description="How a register spells its number.")
    scale: Decimal | None = Field(
        default=None, gt=0, description="Counts for one degree or per cent; 10 for a setpoint, else 1, if left out."
    )
    on: int = Field(default=1, ge=0, le=65535, description="What a register holds when it is on.")
    off: int = Field(default=0, ge=0, le=65535, description="What a register holds when it is off.")
    release: bool | Decimal | None = Field(
        default=None,
        description="What a released zone goes back to: `true`, per cent or degrees; off if left out.",
    )
    off_after: timedelta | None = Field(
        default=None,
        ge=timedelta(minutes=1),
        description="Seconds after the last write when the output falls by itself, as set in the device; it is then"
        " written again in time, and ends when the hub is gone.",
    )
    mode: Mode | None = Field(default=None, description="Where the device's own automation is set aside, and let back.")

    @property
    def written(self) -> Point:
        """Where the level goes."""
        return Point.of(self.at)

    @property
    def read(self) -> Point:
        """Where the level is told."""
        return Point.of(self.status or self.at)

    @property
    def counts(self) -> Decimal:
        """Counts for one degree or per cent."""
        return self.scale or Decimal(10 if self.kind is ZoneKind.SETPOINT else 1)


class ModbusConfig(ConnectorConfig):
    """One device, or a gateway with several units behind it, and its zones."""

    host: str = Field(min_length=1, description="Address of the device.")
    port: int = Field(default=502, ge=1, le=65535, description="Its TCP port.")
    unit: Unit = Field(default=1, description="Unit of zones that name none.")
    word_order: WordOrder = Field(
        default=WordOrder.HIGH_FIRST, description="Which register of a number of 32 bits comes first."
    )
    write_multiple: bool = Field(
        default=False, description="Write one value too with functions 15 and 16, for devices that lack 5 and 6."
    )
    watchdog: timedelta | None = Field(
        default=None,
        gt=timedelta(0),
        le=timedelta(hours=24),
        description="Seconds without a write after which the device drops its outputs; what should stand is written"
        " three times as often. Left out: it drops nothing.",
    )
    zones: dict[str, ZonePlaces] = Field(min_length=1, description="Each zone and where it is.")

    def unit_of(self, zone: str) -> int:
        """The unit of a zone that is configured."""
        own = self.zones[zone].unit
        return self.unit if own is None else own

    @model_validator(mode="after")
    def _zones_can_be_used(self) -> Self:
        faults = [f"zone {key}: {fault}" for key, zone in self.zones.items() for fault in _faults(zone)]
        first: dict[tuple[int, Any], str] = {}
        for key, zone in self.zones.items():
            if (other := first.setdefault((self.unit_of(key), zone.written), key)) != key:
                faults.append(f"zones {other} and {key} are both at {zone.at}")
        if faults:
            msg = "; ".join(faults)
            raise ValueError(msg)
        return self


def _faults(zone: ZonePlaces) -> list[str]:
    faults = []
    points = [zone.written, zone.read, *([Point.of(zone.mode.at)] if zone.mode else [])]
    faults += [f"{point} is outside 0-65535" for point in points if point.address not in ADDRESSES]
    if zone.kind is not ZoneKind.SWITCH and (zone.written.table.is_bits or zone.read.table.is_bits):
        faults.append(f"a {zone.kind} needs registers, and {zone.at} or its status is one bit")
    if zone.kind is ZoneKind.SWITCH and zone.on == zone.off:
        faults.append("on and off are the same")
    if zone.mode and (zone.status is None or zone.release is not None):
        faults.append("with a mode it needs a status of its own, and no release: the device decides then")
    if zone.kind is ZoneKind.SETPOINT and zone.mode is None and zone.release is None:
        faults.append("a setpoint needs a mode, or a release in degrees to go back to")
    if zone.kind is not ZoneKind.SWITCH and isinstance(zone.release, bool):
        faults.append(f"the release of a {zone.kind} is a number")
    if zone.kind is ZoneKind.SWITCH and not isinstance(zone.release, bool | None):
        faults.append("the release of a switch is true or false")
    return faults
