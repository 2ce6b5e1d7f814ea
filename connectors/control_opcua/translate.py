"""Pure: a level to the number that a node takes, and what a node tells to a level."""

import math
import struct
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from connectors.control_opcua.config import ZoneNodes
from connectors.control_opcua.values import SPANS, Number, Told, Type
from hub.model import Dim, Level, Release, Setpoint, Switch
from hub.sdk import RejectedError, ZoneKind, counted, fitted, resting

HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True)
class Write:
    """What is written at one node, before the node's type is known."""

    node: str
    number: Decimal | bool


def wanted(level: Level, zone: ZoneNodes) -> Level | None:
    """The level that a zone is to have; None when its own automation is to decide.

    Raises:
        RejectedError: it cannot have such a level.
    """
    return rest(zone) if isinstance(level, Release) else fitted(level, zone.kind)


def rest(zone: ZoneNodes) -> Level | None:
    """What a released zone goes back to; None: its own automation decides."""
    return None if zone.mode else resting(zone.kind, zone.release)


def writes(level: Level | None, zone: ZoneNodes, seconds: int | None = None) -> list[Write]:
    """What makes it so, in the order in which nothing jumps: the level lies there before it comes into force.

    The device's timer is set first, to so many seconds, so that no level ever stands without its end.
    """
    mode = zone.mode
    if level is None:
        return [Write(mode.node, Decimal(mode.released))] if mode else []
    told = [Write(zone.node, _number(level, zone))]
    if zone.timer and seconds is not None:
        told.insert(0, Write(zone.timer, Decimal(seconds)))
    return [*told, Write(mode.node, Decimal(mode.ours))] if mode else told


def spelt(write: Write, kind: Type, zone: ZoneNodes) -> Number:
    """The number as the node's own type has it.

    Raises:
        RejectedError: that type cannot hold it.
    """
    number = _switching(write.number, kind, zone)
    if kind is Type.BOOLEAN:
        if number not in {0, 1}:
            raise RejectedError(f"{write.node} is a Boolean, and {number} is neither; correct the zone's node or kind")
        return bool(number)
    if kind in {Type.FLOAT, Type.DOUBLE}:
        return _real(write, number, kind)
    whole = int(number.to_integral_value(ROUND_HALF_UP))
    least, most = SPANS[kind]
    if not least <= whole <= most:
        raise RejectedError(f"{write.node} is {kind.name.lower()} and cannot hold {number:g}; correct its scale")
    if write.node == zone.node and level_of(Told(whole, type=kind), zone) != level_of(
        Told(float(number), type=Type.DOUBLE), zone
    ):
        raise RejectedError(f"{write.node} counts whole numbers and cannot hold {number:g}; correct its scale")
    return whole


def type_named(data_type: object) -> Type | None:
    """Give the type that a node's data type names, `i=11`; None when it is of the server's own making, or general."""
    number = str(data_type).removeprefix("i=")
    return Type(int(number)) if number.isdecimal() and int(number) in {*Type} else None


def level_of(told: Told, zone: ZoneNodes) -> Level:
    """The level that a node tells.

    Raises:
        RejectedError: it tells none that such a zone can have.
    """
    value = told.value
    if told.type is None or not isinstance(value, bool | int | float) or not math.isfinite(value):
        raise RejectedError(f"{zone.told_at} holds no single number; choose another node")
    if zone.kind is ZoneKind.SWITCH:
        return _switch_of(value, zone)
    if told.type is Type.BOOLEAN:
        raise RejectedError(f"{zone.told_at} is a Boolean, and a {zone.kind} has numbers; correct its kind or node")
    number = Decimal(value) / zone.scale
    return counted(zone.kind, number, HUNDREDTH, at=zone.told_at, look_at="the node, and its scale")


def _number(level: Level, zone: ZoneNodes) -> Decimal | bool:
    match level:
        case Switch(on=on):
            return on
        case Dim(percent=percent):
            return percent * zone.scale
        case Setpoint(celsius=celsius):
            return celsius * zone.scale
    raise RejectedError("a release has no number")


def _switching(number: Decimal | bool, kind: Type, zone: ZoneNodes) -> Decimal:  # noqa: FBT001  (a level's own)
    if not isinstance(number, bool) or kind is Type.BOOLEAN:
        return Decimal(number)
    return Decimal(zone.on if number else zone.off)


def _switch_of(value: Number, zone: ZoneNodes) -> Switch:
    if isinstance(value, bool):
        return Switch(on=value)
    if value not in {zone.on, zone.off}:
        raise RejectedError(
            f"{zone.told_at} holds {value}, which is neither on ({zone.on}) nor off ({zone.off}); correct those"
        )
    return Switch(on=value == zone.on)


def _real(write: Write, number: Decimal, kind: Type) -> float:
    if kind is Type.DOUBLE:
        return float(number)
    try:
        (kept,) = struct.unpack("<f", struct.pack("<f", float(number)))
    except OverflowError:
        raise RejectedError(f"{write.node} is float and cannot hold {number:g}; correct its scale") from None
    return float(kept)
