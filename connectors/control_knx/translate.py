"""Pure: a level to telegrams, and a telegram to a level.

Source: KNX Standard 03_07_02 Datapoint Types v02.02.01 (1.001, 5.001, 9.001, 17.001, 20.102), by the transcoders of
xknx 4.0.0, read 2026-11-26.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import assert_never

from xknx.dpt import DPTArray, DPTBinary, DPTHVACMode, DPTScaling, DPTSceneNumber, DPTSwitch, DPTTemperature
from xknx.dpt.dpt_20 import HVACOperationMode
from xknx.exceptions import ConversionError, CouldNotParseTelegram

from connectors.control_knx.config import Datapoint, HvacMode, ZoneAddresses
from hub.model import Dim, Level, Release, Setpoint, Switch
from hub.sdk import RejectedError, fitted, resting

Payload = DPTArray | DPTBinary
TENTH = Decimal("0.1")


@dataclass(frozen=True)
class Write:
    """What is written to one group address."""

    group: str
    payload: Payload


def wanted(level: Level, zone: ZoneAddresses) -> Level | None:
    """The level that a zone is to have; None when its own automation is to decide.

    Raises:
        RejectedError: it cannot have such a level.
    """
    return rest(zone) if isinstance(level, Release) else fitted(level, zone.kind)


def rest(zone: ZoneAddresses) -> Level | None:
    """What a released zone goes back to; None: its own automation decides."""
    if zone.mode:
        return None
    return resting(zone.kind, zone.release)


def writes(level: Level | None, zone: ZoneAddresses) -> list[Write]:
    """What makes it so: the level lies there before the mode puts it in force.

    Raises:
        RejectedError: the bus has no such value.
    """
    told = [] if level is None else [Write(zone.address, _spelt(level, zone))]
    if zone.mode:
        told.append(Write(zone.mode.address, _mode(zone.mode.released if level is None else zone.mode.ours)))
    return told


def level_of(payload: Payload, zone: ZoneAddresses) -> Level:
    """The level that a status tells.

    Raises:
        RejectedError: it is no level of such a zone.
    """
    try:
        return _read(payload, zone)
    except (ConversionError, CouldNotParseTelegram) as error:
        raise RejectedError(f"{zone.status} tells no {zone.told}; check the zone's dpt and address in ETS") from error


def _read(payload: Payload, zone: ZoneAddresses) -> Level:
    match zone.told:
        case Datapoint.SWITCH:
            return Switch(on=DPTSwitch.from_knx(payload).value == 1)
        case Datapoint.PERCENT:
            return Dim(percent=DPTScaling.from_knx(payload))
        case Datapoint.TEMPERATURE:
            return Setpoint(celsius=Decimal(DPTTemperature.from_knx(payload)).quantize(TENTH, ROUND_HALF_UP))
        case Datapoint.HVAC_MODE:
            return _of_mode(HvacMode(DPTHVACMode.from_knx(payload).name.lower()), zone)
        case Datapoint.SCENE:
            raise RejectedError("a scene is not told")
    assert_never(zone.told)


def _of_mode(mode: HvacMode, zone: ZoneAddresses) -> Switch:
    if mode not in {zone.on, zone.off}:
        raise RejectedError(f"{zone.status} tells {mode}, which is neither on ({zone.on}) nor off ({zone.off})")
    return Switch(on=mode == zone.on)


def _spelt(level: Level, zone: ZoneAddresses) -> Payload:
    match level:
        case Switch(on=on):
            return _switched(zone, on=on)
        case Dim(percent=percent):
            return DPTScaling.to_knx(percent)
        case Setpoint(celsius=celsius):
            return _degrees(celsius, zone)
        case Release():
            raise RejectedError("a release has no value")
    assert_never(level)


def _switched(zone: ZoneAddresses, *, on: bool) -> Payload:
    chosen = zone.on if on else zone.off
    if isinstance(chosen, HvacMode):
        return _mode(chosen)
    return DPTSwitch.to_knx(on) if chosen is None else DPTSceneNumber.to_knx(chosen)


def _degrees(celsius: Decimal, zone: ZoneAddresses) -> Payload:
    try:
        payload = DPTTemperature.to_knx(float(celsius))
    except ConversionError as error:
        raise RejectedError(f"{zone.address}: {celsius} degrees are outside DPT 9.001; correct the level") from error
    if level_of(payload, zone) != Setpoint(celsius=celsius):
        raise RejectedError(f"{zone.address}: DPT 9.001 cannot hold {celsius} degrees; correct the level")
    return payload


def _mode(mode: HvacMode) -> Payload:
    return DPTHVACMode.to_knx(HVACOperationMode[mode.upper()])
