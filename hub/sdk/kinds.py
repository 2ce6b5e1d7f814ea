"""Kinds of zones, as the settings of connections name them, and the levels that each can have on any bus."""

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum, auto

from hub.model import Dim, Level, Release, Setpoint, Switch
from hub.sdk.errors import RejectedError


class ZoneKind(StrEnum):
    """What a zone can do."""

    SWITCH = auto()
    """On and off only."""
    DIM = auto()
    """Light in per cent."""
    SETPOINT = auto()
    """Degrees Celsius."""


FULL = 100
"""Per cent."""
_LEVELS: Mapping[ZoneKind, tuple[type[Level], ...]] = {
    ZoneKind.SWITCH: (Switch,),
    ZoneKind.DIM: (Dim, Switch),
    ZoneKind.SETPOINT: (Setpoint,),
}


def levels_of(kinds: Iterable[ZoneKind]) -> frozenset[type[Level]]:
    """What zones of these kinds can be told, to be released besides."""
    released: frozenset[type[Level]] = frozenset({Release})
    return released.union(*(_LEVELS[kind] for kind in kinds))


def fitted(level: Level, kind: ZoneKind) -> Switch | Dim | Setpoint:
    """A level as a zone of that kind has it: a lamp that can be dimmed is on at full.

    Raises:
        RejectedError: it cannot have such a level.
    """
    match level, kind:
        case Switch() as switch, ZoneKind.SWITCH:
            return switch
        case Dim() as dim, ZoneKind.DIM:
            return dim
        case Setpoint() as setpoint, ZoneKind.SETPOINT:
            return setpoint
        case Switch(on=on), ZoneKind.DIM:
            return Dim(percent=100 if on else 0)
    raise RejectedError(f"a zone of kind {kind} cannot have {level!r}; change its kind or what is asked of it")


def counted(kind: ZoneKind, number: Decimal, finest: Decimal, *, at: object, look_at: str) -> Dim | Setpoint:
    """The level that a number of degrees or per cent says; degrees are kept as fine as `finest`.

    Raises:
        RejectedError: no lamp has so many per cent. `at` says what tells them, and `look_at` what may be wrong.
    """
    if kind is ZoneKind.SETPOINT:
        return Setpoint(celsius=number.quantize(finest, ROUND_HALF_UP))
    percent = int(number.to_integral_value(ROUND_HALF_UP))
    if not 0 <= percent <= FULL:
        raise RejectedError(f"{at} tells {number:g} per cent; check {look_at}")
    return Dim(percent=percent)


def resting(kind: ZoneKind, release: bool | Decimal | None) -> Level:  # noqa: FBT001 - as a setting has it
    """What a released zone goes back to where it has no automation of its own; off when the settings do not say."""
    match kind:
        case ZoneKind.SWITCH:
            return Switch(on=bool(release))
        case ZoneKind.DIM:
            return Dim(percent=int(release or 0))
        case ZoneKind.SETPOINT:
            return Setpoint(celsius=Decimal(release or 0))
