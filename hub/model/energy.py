"""What a month cost in light and heat (energiuppföljning): how long zones were on, and how long they were booked."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from hub.model.frozen import Frozen

Hours = Annotated[Decimal, Field(description="hours, two decimals")]


class OnAndBooked(Frozen):
    """Hours of one zone, or of several added up."""

    on: Annotated[Hours, Field(description="lit or heated by the hub, as it confirmed; set by hand not included")]
    by_hand: Annotated[Hours, Field(description="on because somebody set it so while the hub wanted it otherwise")]
    booked: Annotated[Hours, Field(description="what it serves was booked, and not closed")]
    difference: Annotated[Hours, Field(description="`on` less `booked`: lead, tail, and what was on for nobody")]
    unbooked: Annotated[Hours, Field(description="on, by hand too, while nothing that it serves was booked")]


class ZoneMonth(OnAndBooked):
    """One zone."""

    zone: Annotated[str, Field(description="its name in the facility")]
    capability: Annotated[Literal["lighting", "climate"], Field(description="lit, or heated")]
    kwh: Annotated[Decimal | None, Field(description="by the meters in it; null: none has told twice")] = None


class FacilityMonth(Frozen):
    """One facility: its zones, and them added up."""

    facility: str
    name: str
    zones: tuple[ZoneMonth, ...]
    lit: Annotated[OnAndBooked, Field(description="all zones of light added up")]
    heated: Annotated[OnAndBooked, Field(description="all zones of climate added up")]
    kwh: Annotated[
        Decimal | None,
        Field(description="by the meters of the whole facility, else by all others; null: none has told twice"),
    ] = None


class MonthOfEnergy(Frozen):
    """A month, local time, facility by facility."""

    month: Annotated[str, Field(description="as 2026-11")]
    from_: Annotated[datetime, Field(alias="from", description="its first midnight, UTC")]
    to: Annotated[datetime, Field(description="the midnight after its last day, or now where that is earlier; UTC")]
    whole: Annotated[bool, Field(description="it is over, and nothing of it has expired")]
    facilities: tuple[FacilityMonth, ...]
