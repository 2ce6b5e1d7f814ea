"""What a rehearsal found: what of a season will not fit, when, why, and what to do."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from hub.model.frozen import Frozen

Kind = Literal[
    "refused",
    "method",
    "capacity",
    "rate",
    "codes",
    "unserved",
    "pieces",
    "windows",
    "dates",
    "no-times",
    "unknown-limits",
]


class RehearsalFinding(Frozen):
    """One thing that does not fit, or that fits in another way than one may think."""

    kind: Kind
    fits: Annotated[bool, Field(description="true: worth knowing, and it works all the same")]
    connection: Annotated[str | None, Field(description="null: it is about a line, or about what nobody serves")] = None
    doors: Annotated[tuple[str, ...], Field(description="doors, or zones, of most of it; empty: about none")] = ()
    at: Annotated[datetime | None, Field(description="when it is at its worst")] = None
    since: Annotated[datetime | None, Field(description="when it begins")] = None
    until: Annotated[datetime | None, Field(description="when it is over for the last time")] = None
    count: Annotated[int, Field(description="how many: credentials, calls, codes, windows, bookings or lines")] = 0
    limit: Annotated[int | None, Field(description="what there is room for, of the same or a minute")] = None
    minutes: Annotated[int | None, Field(description="how late, or how long")] = None
    days: Annotated[int | None, Field(description="the push horizon with which it would fit")] = None
    what: Annotated[str, Field(description="the code of a fault, or what is not served")] = ""
    example: Annotated[str, Field(description="the first: line and place, or booking")] = ""


class Rehearsal(Frozen):
    """A season, run through a municipality's configuration without sending anything."""

    municipality: str
    lines: int
    bookings: Annotated[int, Field(description="different ones that were read")]
    claims: Annotated[int, Field(description="that their latest revisions make on targets")]
    starts_at: Annotated[datetime | None, Field(description="the first thing asked for; null: nothing is")]
    ends_at: datetime | None
    findings: Annotated[tuple[RehearsalFinding, ...], Field(description="what does not fit first")]

    @property
    def fits(self) -> bool:
        """Whether all of it does."""
        return all(one.fits for one in self.findings)
