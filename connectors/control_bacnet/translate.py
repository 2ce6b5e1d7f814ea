"""Pure: a level to a present value, and what an object tells to a level and how it stands.

Source: ASHRAE 135-2020, 12 (present value, status flags) and 19.2 (priorities: sixteen, 1 the strongest, 6
for the object's own minimum on and off times, 8 for a person), by way of bacpypes3 0.0.110, read 2026-11-26.
"""

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from connectors.control_bacnet.config import BINARY, REAL, ZoneObject
from connectors.control_bacnet.frames import Refusal, Value, Values
from hub.model import Dim, Level, Release, Setpoint, Switch
from hub.sdk import Condition, RejectedError, Sighting, ZoneKind, counted, fitted

PROPERTIES = ("present-value", "priority-array", "status-flags")
PLACES = 16
MINIMUM_TIMES = 6
"""Where an object itself keeps what it was, until its shortest time has passed."""
OVERRIDDEN, OUT_OF_SERVICE = 2, 3
"""Which of the status flags."""
HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True)
class Seen:
    """An object as it was at one moment."""

    present: Value
    places: tuple[Value, ...]
    """Sixteen, the strongest first; None where nobody wants anything."""
    set_aside: str = ""
    """Why the output does not follow the present value."""

    def ours(self, priority: int) -> Value:
        """What stands at our priority."""
        return self.places[priority - 1]

    def stronger(self, priority: int) -> int | None:
        """The strongest priority in use above ours."""
        return next((place for place in range(1, priority) if self.places[place - 1] is not None), None)


def wanted(level: Level, zone: ZoneObject) -> Value:
    """The present value that says that level; None: our priority is given up.

    Raises:
        RejectedError: the zone cannot have such a level.
    """
    if isinstance(level, Release):
        return None
    match fitted(level, zone.kind):
        case Switch(on=on):
            return _switched(zone, on=on)
        case Dim(percent=percent):
            return _real(Decimal(percent), zone)
        case Setpoint(celsius=celsius):
            return _real(celsius, zone)


def level_of(value: Value, zone: ZoneObject) -> Level:
    """The level that a present value says.

    Raises:
        RejectedError: it says none that such a zone can have.
    """
    if value is None or not math.isfinite(value):
        raise RejectedError(f"{zone.object} has no present value that is a number; look at the object in the device")
    if zone.kind is ZoneKind.SWITCH:
        return _switch_of(value, zone)
    number = Decimal(value) / zone.scale
    return counted(zone.kind, number, HUNDREDTH, at=zone.object, look_at="the object, and its scale")


def seen(found: Mapping[str, Values | Refusal], zone: ZoneObject) -> Seen:
    """What was read.

    Raises:
        RejectedError: no present value, or no priorities, so that nothing that is written could be given back.
    """
    places = _values(found, "priority-array", zone)
    if len(places) != PLACES:
        raise RejectedError(f"{zone.object} tells {len(places)} priorities, not sixteen; choose another object")
    present = next(iter(_values(found, "present-value", zone)), None)
    if isinstance(present, tuple | str | bytes):
        raise RejectedError(f"{zone.object} has a present value that is no number; choose another object")
    return Seen(present, places, _set_aside(found.get("status-flags")))


def sighting(now: Seen, zone: ZoneObject, priority: int) -> Sighting[Level]:
    """How the zone is, and whether what we wrote there has to yield."""
    condition, detail = _standing(now, priority) if now.ours(priority) is not None else (Condition.STANDING, "")
    return Sighting(level_of(now.present, zone), condition, detail)


def proof(now: Seen, value: Value, priority: int) -> Condition:
    """What reading back shows of a command: ours is there, and in force."""
    if now.ours(priority) != value:
        return Condition.COMING
    return Condition.STANDING if value is None else _standing(now, priority)[0]


def _standing(now: Seen, priority: int) -> tuple[Condition, str]:
    """How ours stands that is there."""
    stronger = now.stronger(priority)
    if now.set_aside:
        return Condition.OVERRIDDEN, now.set_aside
    if stronger == MINIMUM_TIMES:
        return Condition.COMING, "the object keeps its minimum on or off time (priority 6)"
    if stronger is not None:
        return Condition.OVERRIDDEN, f"priority {stronger} is in force, and ours is {priority}"
    if now.present != now.ours(priority):
        return Condition.COMING, "ours stands in the priorities, and not yet as present value"
    return Condition.STANDING, ""


def _set_aside(told: Values | Refusal | None) -> str:
    flags = next(iter(told), ()) if isinstance(told, tuple) else ()
    if not isinstance(flags, tuple):
        return ""
    if flags[OVERRIDDEN : OVERRIDDEN + 1] == (True,):
        return "overridden at the device itself"
    return "out of service in the device" if flags[OUT_OF_SERVICE : OUT_OF_SERVICE + 1] == (True,) else ""


def _values(found: Mapping[str, Values | Refusal], name: str, zone: ZoneObject) -> Values:
    told = found.get(name)
    if isinstance(told, tuple):
        return told
    why = f" ({told})" if told else ""
    raise RejectedError(
        f"{zone.object} does not tell its {name}{why}; choose an object of the device that can be commanded"
    )


def _switched(zone: ZoneObject, *, on: bool) -> Value:
    if zone.point.type in BINARY:
        return int(on)
    return zone.on if on else zone.off


def _switch_of(value: float, zone: ZoneObject) -> Switch:
    on, off = _switched(zone, on=True), _switched(zone, on=False)
    if value not in {on, off}:
        raise RejectedError(f"{zone.object} tells {value}, which is neither on ({on}) nor off ({off}); correct those")
    return Switch(on=value == on)


def _real(number: Decimal, zone: ZoneObject) -> float:
    """As the object keeps it: in 32 bits, of which the level has to come back."""
    assert zone.point.type in REAL  # noqa: S101  (the settings see to it)
    try:
        (kept,) = struct.unpack(">f", struct.pack(">f", float(number * zone.scale)))
    except OverflowError:
        kept = math.inf
    if not math.isfinite(kept) or abs(Decimal(kept) / zone.scale - number) > HUNDREDTH / 4:
        raise RejectedError(f"{zone.object} at {zone.scale:g} a unit cannot hold {number}; correct its scale")
    return float(kept)
