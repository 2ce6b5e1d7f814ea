"""The settings of one connection to a KNX bus, and the group addresses of its zones."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum, auto
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator
from xknx.exceptions import CouldNotParseAddress
from xknx.telegram import GroupAddress, IndividualAddress

from hub.model import Quantity
from hub.sdk import ConnectorConfig, SensorConfig, SensorKey, ZoneKind


class Datapoint(StrEnum):
    """How a value is spelt on the bus. Source: KNX Standard 03_07_02 Datapoint Types v02.02.01, read 2026-11-26."""

    SWITCH = "1.001"
    PERCENT = "5.001"
    TEMPERATURE = "9.001"
    SCENE = "17.001"
    HVAC_MODE = "20.102"


class Measure(StrEnum):
    """How what a sensor measures is spelt on the bus. Source: as `Datapoint`."""

    SWITCH = "1.001"
    OCCUPANCY = "1.018"
    PERCENT = "5.001"
    TEMPERATURE = "9.001"
    LUX = "9.004"
    HUMIDITY = "9.007"
    WATT_HOURS = "13.010"
    KILOWATT_HOURS = "13.013"


MEASURES: Mapping[Quantity, tuple[Measure, ...]] = {
    Quantity.OCCUPANCY: (Measure.OCCUPANCY, Measure.SWITCH),
    Quantity.TEMPERATURE: (Measure.TEMPERATURE,),
    Quantity.LUX: (Measure.LUX,),
    Quantity.HUMIDITY: (Measure.HUMIDITY, Measure.PERCENT),
    Quantity.ENERGY: (Measure.KILOWATT_HOURS, Measure.WATT_HOURS),
}
"""How each quantity can be spelt, the usual way first."""


class HvacMode(StrEnum):
    """Operation modes of a room controller, by the names of DPT 20.102."""

    AUTO = auto()
    COMFORT = auto()
    STANDBY = auto()
    ECONOMY = auto()
    BUILDING_PROTECTION = auto()


class Tunnel(StrEnum):
    """How the gateway is spoken to."""

    UDP = auto()
    TCP = auto()
    SECURE = auto()
    """KNX IP Secure, over TCP."""


def _group(told: str) -> str:
    """A group address as ETS writes it; YAML reads `2563` as a number, so all of them are quoted."""
    try:
        address = GroupAddress(told)
    except CouldNotParseAddress as error:
        msg = f"{told}: no group address; write it as 1/2/3"
        raise ValueError(msg) from error
    if address.raw == 0:
        msg = f"{told} is the address of all devices; write one of a group"
        raise ValueError(msg)
    return str(address)


def _individual(told: str) -> str:
    try:
        return str(IndividualAddress(told))
    except CouldNotParseAddress as error:
        msg = f"{told}: no individual address; write it as 1.0.10"
        raise ValueError(msg) from error


Group = Annotated[str, AfterValidator(_group)]
DEFAULTS = {
    ZoneKind.SWITCH: Datapoint.SWITCH,
    ZoneKind.DIM: Datapoint.PERCENT,
    ZoneKind.SETPOINT: Datapoint.TEMPERATURE,
}
SCENES = range(1, 65)
"""Numbers as ETS counts them; on the wire one less."""


class Mode(ConnectorConfig):
    """The operation mode of a room controller, which decides whether our level is in force."""

    address: Group = Field(description="Where its mode is written (DPT 20.102).")
    ours: HvacMode = Field(default=HvacMode.COMFORT, description="The mode in which our level is in force.")
    released: HvacMode = Field(default=HvacMode.AUTO, description="The mode in which the controller decides.")


class ZoneAddresses(ConnectorConfig):
    """The group addresses of one zone."""

    address: Group = Field(description="Where its level is written.")
    status: Group | None = Field(
        default=None, description="Where the device tells its level: the only proof. Without it nothing more than sent."
    )
    kind: ZoneKind = Field(default=ZoneKind.SWITCH, description="`switch`, `dim` or `setpoint`.")
    dpt: Datapoint | None = Field(
        default=None,
        description="Datapoint type; `1.001`, `5.001` or `9.001` by its kind. A switch may be scenes (`17.001`)"
        " or modes (`20.102`).",
    )
    on: int | HvacMode | None = Field(default=None, description="Scene (1-64) or mode that is on.")
    off: int | HvacMode | None = Field(default=None, description="Scene (1-64) or mode that is off.")
    release: bool | Decimal | None = Field(
        default=None, description="What a released zone goes back to: `true`, per cent or degrees; off if left out."
    )
    off_after: timedelta | None = Field(
        default=None,
        ge=timedelta(minutes=1),
        description="Seconds after the last telegram when the actuator goes off by itself, as set in ETS (staircase"
        " time); it is then sent again in time, and ends when the hub is gone.",
    )
    mode: Mode | None = Field(default=None, description="The mode that puts our level in force, and takes it out.")

    @property
    def datapoint(self) -> Datapoint:
        """How its level is spelt."""
        return self.dpt or DEFAULTS[self.kind]

    @property
    def told(self) -> Datapoint:
        """How its status is spelt: of a scene, whether the light is on."""
        return Datapoint.SWITCH if self.datapoint is Datapoint.SCENE else self.datapoint


class SensorAddress(SensorConfig):
    """The group address of one sensor; energy in Wh (13.010) counts as kWh by itself."""

    address: Group = Field(description="Where it tells.")
    dpt: Measure | None = Field(
        default=None,
        description="Datapoint type; `1.018`, `9.001`, `9.004`, `9.007` or `13.013` by its quantity. Also `1.001` of"
        " occupancy, `5.001` of humidity, `13.010` of energy.",
    )

    @property
    def datapoint(self) -> Measure:
        """How its value is spelt."""
        return self.dpt or MEASURES[self.quantity][0]


class KnxConfig(ConnectorConfig):
    """One gateway to one bus, its zones and its sensors."""

    host: str = Field(min_length=1, description="Address of the KNX/IP interface or router.")
    port: int = Field(default=3671, ge=1, le=65535, description="Its port.")
    tunnel: Tunnel = Field(default=Tunnel.UDP, description="`udp`, `tcp`, or `secure` for KNX IP Secure.")
    route_back: bool = Field(
        default=False,
        description="With `udp`: the gateway answers to where it is asked from, as behind NAT or in Docker.",
    )
    local_ip: IPv4Address | None = Field(default=None, description="With `udp`: our address towards the gateway.")
    individual_address: Annotated[str, AfterValidator(_individual)] | None = Field(
        default=None, description="With `tcp` and a keyring: the tunnel's own address, as 1.0.10."
    )
    user_id: int | None = Field(default=None, ge=1, le=127, description="With `secure`: the tunnel's user.")
    user_password: SecretStr | None = Field(default=None, description="With `secure`: its password.")
    device_password: SecretStr | None = Field(
        default=None, description="With `secure`: the gateway's authentication code, by which it proves who it is."
    )
    keyring_file: Path | None = Field(
        default=None, description="With `secure`: the .knxkeys file that ETS exports, in place of user and passwords."
    )
    keyring_password: SecretStr | None = Field(default=None, description="The password that it was exported with.")
    telegrams_per_second: int = Field(
        default=20,
        ge=1,
        le=1000,
        description="The most that is sent to the bus; a twisted pair bears some fifty in all.",
    )
    answers_within: timedelta = Field(
        default=timedelta(seconds=2),
        gt=timedelta(0),
        le=timedelta(seconds=8),
        description="Seconds within which a device tells its status.",
    )
    zones: dict[str, ZoneAddresses] = Field(default={}, description="Each zone and its group addresses.")
    sensors: dict[SensorKey, SensorAddress] = Field(
        default={},
        description="What is measured: each sensor and its group address, under the key that facilities name.",
    )

    @model_validator(mode="after")
    def _can_be_used(self) -> Self:
        faults = [*self._secure_faults(), *self._shared()]
        faults += [f"zone {key}: {fault}" for key, zone in self.zones.items() for fault in _faults(zone)]
        faults += self._sensor_faults()
        if faults:
            msg = "; ".join(faults)
            raise ValueError(msg)
        return self

    def _secure_faults(self) -> list[str]:
        user = (self.user_id is not None, self.user_password is not None)
        keyring = (self.keyring_file is not None, self.keyring_password is not None)
        if self.tunnel is not Tunnel.SECURE:
            own = any((*user, *keyring, self.device_password is not None))
            return [f"user, passwords and keyring are for tunnel: secure, and this is {self.tunnel}"] if own else []
        if (all(user) and not any(keyring)) or (
            all(keyring) and self.individual_address and not any((*user, self.device_password))
        ):
            return []
        return ["tunnel: secure needs user_id and user_password, or a keyring, its password and the tunnel's address"]

    def _sensor_faults(self) -> list[str]:
        first: dict[str, str] = {}
        faults = []
        for key, sensor in self.sensors.items():
            if sensor.datapoint not in MEASURES[sensor.quantity]:
                faults.append(f"sensor {key}: {sensor.quantity} is not spelt as {sensor.datapoint}")
            if (other := first.setdefault(sensor.address, key)) != key:
                faults.append(f"sensors {other} and {key} share {sensor.address}")
        return faults

    def _shared(self) -> list[str]:
        first: dict[str, str] = {}
        faults = []
        for key, zone in self.zones.items():
            for group in filter(None, (zone.address, zone.status)):
                if group in first:
                    other = first[group]
                    both = f"zones {other} and {key} share {group}"
                    faults.append(both if other != key else f"zone {key}: {group} is written and told")
                first.setdefault(group, key)
        return faults


def _faults(zone: ZoneAddresses) -> list[str]:
    faults = []
    allowed = {DEFAULTS[zone.kind]} | (
        {Datapoint.SCENE, Datapoint.HVAC_MODE} if zone.kind is ZoneKind.SWITCH else set()
    )
    if zone.datapoint not in allowed:
        faults.append(f"a {zone.kind} is not spelt as {zone.datapoint}")
    own = {Datapoint.SCENE: int, Datapoint.HVAC_MODE: HvacMode}.get(zone.datapoint)
    if own is None and (zone.on is not None or zone.off is not None):
        faults.append("on and off are for scenes (17.001) and modes (20.102)")
    if own and not (isinstance(zone.on, own) and isinstance(zone.off, own) and zone.on != zone.off):
        faults.append(f"{zone.datapoint} needs on and off, each a {'scene' if own is int else 'mode'} of its own")
    faults += [
        f"scene {scene} is outside 1-64"
        for scene in (zone.on, zone.off)
        if isinstance(scene, int) and scene not in SCENES
    ]
    if zone.mode and zone.release is not None:
        faults.append("with a mode it needs no release: the controller decides then")
    if zone.kind is ZoneKind.SETPOINT and zone.mode is None and zone.release is None:
        faults.append("a setpoint needs a mode, or a release in degrees to go back to")
    if zone.release is not None and isinstance(zone.release, bool) != (zone.kind is ZoneKind.SWITCH):
        faults.append("the release of a switch is true or false, of others a number")
    return faults
