"""The levels that bookings ask of zones: right for the kind, and one for any activity."""

from collections.abc import Iterator
from decimal import Decimal

from hub.configuration.finding import Finding
from hub.configuration.folder import Folder
from hub.model.facility import Capability, LevelKind, ZoneRule

DEFAULT = "default"
"""The level of an activity that has none of its own."""

WANTED = {
    LevelKind.SWITCH: "true",
    LevelKind.DIM: "per cent, a whole number from 1 to 100",
    LevelKind.SETPOINT: "degrees Celsius from -30 to 60, at most one decimal",
}


def levels(folder: Folder) -> Iterator[Finding]:
    """Levels that no zone of their kind can have, and zones that have none to fall back on."""
    for _, sheet, facility in folder.valid_facilities():
        for name, zone in facility.zones.items():
            path = ("zones", name, "levels")
            if DEFAULT not in zone.levels:
                message = f"`{DEFAULT}` is missing, the level of any activity without its own; write it"
                yield sheet.error(path, "no-default-level", message)
            for activity, level in zone.levels.items():
                if not _is_right(zone, level):
                    message = f"`{activity}` of a {zone.kind} should be {_wanted(zone)}"
                    yield sheet.error((*path, activity), "wrong-level", message)


def _wanted(zone: ZoneRule) -> str:
    held = zone.capability is Capability.HOLD_OPEN
    return "true, or false where the door stays shut" if held else WANTED[zone.kind]


def _is_right(zone: ZoneRule, level: float) -> bool:
    """Whether a booking may ask it of the zone; that a door stays shut, too."""
    return is_right(zone.kind, level) or (level is False and zone.capability is Capability.HOLD_OPEN)


def is_right(kind: LevelKind, level: float) -> bool:
    """Whether a zone of that kind can have such a level, lit or warm."""
    match kind:
        case LevelKind.SWITCH:
            return level is True
        case LevelKind.DIM:
            return type(level) is int and 0 < level <= 100  # noqa: PLR2004 - per cent
        case LevelKind.SETPOINT:
            return type(level) in (int, float) and -30 <= level <= 60 and _tenths(level)  # noqa: PLR2004 - see WANTED


def _tenths(level: float) -> bool:
    """Whether the number, as it was written, has at most one decimal."""
    exponent = Decimal(repr(level)).normalize().as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -1
