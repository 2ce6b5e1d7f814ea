"""What light and climate should be like (ljuszon, klimatzon): the words that a control connector sees."""

from decimal import Decimal
from typing import Annotated

from pydantic import AwareDatetime, Field

from hub.model.frozen import Frozen


class Switch(Frozen):
    """On or off."""

    on: bool


class Dim(Frozen):
    """Light in whole per cent of full; 0 is dark."""

    percent: Annotated[int, Field(ge=0, le=100)]


class Setpoint(Frozen):
    """A wanted temperature in degrees Celsius."""

    celsius: Decimal


class Release(Frozen):
    """Nobody's wish: the zone goes back to its own automation."""


Level = Switch | Dim | Setpoint | Release


class Zone(Frozen):
    """What a zone, or a door held open, should be like now."""

    key: str
    level: Level
    until: AwareDatetime | None = None
    """When it ends at the latest, should the hub be gone; only where the zone's own device has an off-timer."""


def fulfils(seen: Level, wanted: Level) -> bool:
    """Whether a zone that is as seen is as wanted: a dimmed lamp is on, and one at 0 per cent is off."""
    match seen, wanted:
        case Dim(percent=percent), Switch(on=on):
            return on is (percent > 0)
        case Switch(on=False), Dim(percent=0):
            return True
    return seen == wanted
