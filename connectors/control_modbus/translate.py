"""Pure: a level to what is written where, and what is read back to a level.

Source: Modbus Application Protocol V1.1b3 (modbus.org, 2012-04-26), 4.2 and 7, read 2026-11-26. How a number of 32 bits
lies in two registers is each maker's own; IEEE 754 for floats is common, and no part of that document.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from connectors.control_modbus.config import Encoding, Point, WordOrder, ZonePlaces
from hub.model import Dim, Level, Release, Setpoint, Switch
from hub.sdk import RejectedError, ZoneKind, counted, fitted, resting

TENTH = Decimal("0.1")
FORMATS = {
    Encoding.UINT16: ">H",
    Encoding.INT16: ">h",
    Encoding.UINT32: ">I",
    Encoding.INT32: ">i",
    Encoding.FLOAT32: ">f",
}


@dataclass(frozen=True)
class Write:
    """What is written at one place."""

    point: Point
    values: tuple[int, ...]
    """Bits, or words of 16."""


def wanted(level: Level, zone: ZonePlaces) -> Level | None:
    """The level that a zone is to have; None when its own automation is to decide.

    Raises:
        RejectedError: it cannot have such a level.
    """
    return rest(zone) if isinstance(level, Release) else fitted(level, zone.kind)


def rest(zone: ZonePlaces) -> Level | None:
    """What a released zone goes back to; None: its own automation decides."""
    if zone.mode:
        return None
    return resting(zone.kind, zone.release)


def writes(level: Level | None, zone: ZonePlaces, order: WordOrder) -> list[Write]:
    """What makes it so, in the order in which nothing jumps: the level lies there before it comes into force.

    Raises:
        RejectedError: the register cannot hold that level.
    """
    if level is None:
        return [_mode(zone, ours=False)]
    told = [Write(zone.written, _spelt(level, zone, order))]
    return [*told, _mode(zone, ours=True)] if zone.mode else told


def level_of(values: Sequence[int], zone: ZonePlaces, order: WordOrder) -> Level:
    """The level that a place tells.

    Raises:
        RejectedError: it holds what is no level of such a zone.
    """
    if zone.kind is ZoneKind.SWITCH:
        return _switch_of(values[0], zone)
    number = _number(values, zone.encoding, order)
    if number is None:
        raise RejectedError(f"{zone.read} holds no number; is it {zone.encoding}, and the word order right?")
    return counted(zone.kind, number / zone.counts, TENTH, at=zone.read, look_at="address, encoding and scale")


def how_many(zone: ZonePlaces) -> int:
    """How many bits or registers tell its level."""
    return 1 if zone.kind is ZoneKind.SWITCH else zone.encoding.words


def _mode(zone: ZonePlaces, *, ours: bool) -> Write:
    assert zone.mode  # noqa: S101  (without one a released zone has a level)
    return Write(Point.of(zone.mode.at), (zone.mode.ours if ours else zone.mode.released,))


def _switch_of(value: int, zone: ZonePlaces) -> Switch:
    on, off = (1, 0) if zone.read.table.is_bits else (zone.on, zone.off)
    if value not in {on, off}:
        raise RejectedError(f"{zone.read} holds {value}, which is neither on ({on}) nor off ({off}); correct those")
    return Switch(on=value == on)


def _spelt(level: Level, zone: ZonePlaces, order: WordOrder) -> tuple[int, ...]:
    match level:
        case Switch(on=on) if zone.written.table.is_bits:
            return (int(on),)
        case Switch(on=on):
            return (zone.on if on else zone.off,)
        case Dim(percent=percent):
            number = Decimal(percent)
        case Setpoint(celsius=celsius):
            number = celsius
        case _:
            raise RejectedError("a release has no number")
    words = _words(number * zone.counts, zone, order)
    if words is None or level_of(words, zone, order) != level:
        raise RejectedError(
            f"{zone.at} as {zone.encoding} at {zone.counts:g} a unit cannot hold {number}; correct those"
        )
    return words


def _words(number: Decimal, zone: ZonePlaces, order: WordOrder) -> tuple[int, ...] | None:
    """The registers that spell a number; None when they cannot."""
    whole = zone.encoding is not Encoding.FLOAT32
    try:
        packed = struct.pack(
            FORMATS[zone.encoding], int(number.to_integral_value(ROUND_HALF_UP)) if whole else float(number)
        )
    except (struct.error, OverflowError):
        return None
    words = tuple(int.from_bytes(packed[at : at + 2], "big") for at in range(0, len(packed), 2))
    return words if order is WordOrder.HIGH_FIRST else words[::-1]


def _number(words: Sequence[int], encoding: Encoding, order: WordOrder) -> Decimal | None:
    """The number that registers spell; None for infinity and what is no number."""
    ordered = words if order is WordOrder.HIGH_FIRST else tuple(reversed(words))
    number = Decimal(struct.unpack(FORMATS[encoding], b"".join(word.to_bytes(2, "big") for word in ordered))[0])
    return number if number.is_finite() else None
