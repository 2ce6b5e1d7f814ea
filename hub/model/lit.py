"""What a zone does besides following its bookings: only when dark, never past a time, a tail, a warning, a purge."""

from typing import Annotated

from pydantic import Field

from hub.clock import MINUTE
from hub.model.frozen import Frozen
from hub.model.notifying import WallTime, Weekday

LONGEST_AFTER_MINUTES = 240
"""A tail, or a purge."""
LONGEST_RESTRIKE_MINUTES = 60
REACH = (LONGEST_AFTER_MINUTES + LONGEST_RESTRIKE_MINUTES) * MINUTE
"""How long after its end a booking may still have a part in what its zone should be, microseconds."""

Level = bool | int | float


class Position(Frozen):
    """Where a facility is, for the sun's sake (WGS 84)."""

    latitude: Annotated[float, Field(ge=-90, le=90, description="degrees north, e.g. 63.82")]
    longitude: Annotated[float, Field(ge=-180, le=180, description="degrees east, e.g. 20.26")]


class OnlyWhenDark(Frozen):
    """Lit between sunset and sunrise only."""

    margin_minutes: Annotated[
        int,
        Field(ge=-120, le=120, description="how long before sunset and after sunrise it is lit; below 0: darker"),
    ]


class LatestOff(Frozen):
    """The time when it is off at the latest, whatever is booked."""

    at: Annotated[WallTime, Field(description="off from then on, Swedish time, e.g. 22:00")]
    until: Annotated[WallTime, Field(description="from when bookings count again, the next morning, e.g. 06:00")]
    evenings: Annotated[
        dict[Weekday, WallTime | None],
        Field(description="evenings that differ, e.g. {friday: 23:00}; null: no latest time that evening"),
    ] = Field(default_factory=dict)


class Tail(Frozen):
    """The level for those who are leaving, after the last booking's end and lag."""

    minutes: Annotated[int, Field(ge=1, le=LONGEST_AFTER_MINUTES, description="how long")]
    level: Annotated[Level, Field(description="as in `levels`, e.g. 20")]


class Purge(Frozen):
    """The ventilation that airs out after the last booking's end and lag (vädring)."""

    minutes: Annotated[int, Field(ge=1, le=LONGEST_AFTER_MINUTES, description="how long")]
    level: Annotated[Level, Field(description="as in `levels`")]


class Warn(Frozen):
    """A lower level for a moment, which says that it will soon be dark."""

    minutes_before: Annotated[int, Field(ge=1, le=60, description="how long before the light of the booking ends")]
    seconds: Annotated[int, Field(ge=2, le=60, description="how long")]
    level: Annotated[int, Field(ge=1, le=99, description="per cent, lower than that of any activity")]
