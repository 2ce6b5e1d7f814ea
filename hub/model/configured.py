"""What another configuration would come to, and which versions there are: as the command line tells it."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from hub.model.frozen import Frozen


class Asks(Frozen):
    """What a booking asks of a target at one occasion: from when to when, and a level where it is no door."""

    starts_at: datetime
    ends_at: datetime
    level: int | None = None
    suspended: bool = False


class ChangeExample(Frozen):
    """One claim that would be another. `before` is null when it would be new, `after` when it would go."""

    number: str
    occasion: str
    target: Annotated[str, Field(description="connection/external key")]
    door: str | None = None
    before: Asks | None = None
    after: Asks | None = None


class ChangedTargets(Frozen):
    """How many claims of one kind would change on one connection; past ones stay as they were."""

    connection: str
    kind: str
    added: int
    removed: int
    changed: Annotated[int, Field(description="other times, or another level")]
    examples: tuple[ChangeExample, ...]


class Served(Frozen):
    """What bookings would lack, or lack no longer."""

    capability: str
    what: str
    unserved: Annotated[int, Field(description="bookings that would come to lack it")]
    served: Annotated[int, Field(description="bookings that would lack it no longer")]
    examples: tuple[str, ...]


class Lit(Frozen):
    """A level that a zone has for a while."""

    starts_at: datetime
    ends_at: datetime
    level: int


class ChangedLine(Frozen):
    """One zone whose line would be another, with the claims that stand now."""

    zone: Annotated[str, Field(description="facility/zone")]
    stretches: Annotated[int, Field(description="from now on: how many would go, come, or be longer, shorter or other")]
    at: Annotated[datetime, Field(description="when it is another for the first time")]
    before: Annotated[Lit | None, Field(description="what it would have had then; null: released")]
    after: Lit | None
    hours_before: Annotated[float, Field(description="hours that it has a level from now on, as it is now")]
    hours_after: float


class ChangedLines(Frozen):
    """Zones whose own rules would be others: only when dark, latest off, tail, purge, restrike, warning."""

    rules: Annotated[int, Field(description="how many zones have other rules")]
    zones: Annotated[int, Field(description="of those: whose line would be another")]
    examples: tuple[ChangedLine, ...]


class StillStanding(Frozen):
    """A connection that may not go, or become another connector's, while something of ours is in its system."""

    connection: str
    targets: int
    records: Annotated[int, Field(description="that have not gone out")]
    example: str


class ConfigurationPlan(Frozen):
    """What would change in what stands, were a folder applied now."""

    municipality: str
    current: Annotated[int | None, Field(description="the version in force; null: the municipality is new here")]
    differences: tuple[str, ...]
    bookings: Annotated[int, Field(description="that are not over")]
    changed: Annotated[int, Field(description="of those: bookings whose effects would be others")]
    targets: tuple[ChangedTargets, ...]
    served: tuple[Served, ...]
    lines: ChangedLines = ChangedLines(rules=0, zones=0, examples=())
    unplannable: Annotated[int, Field(description="bookings that cannot be planned so: what stands for them stays")]
    unplannable_examples: tuple[str, ...]
    refused: Annotated[tuple[StillStanding, ...], Field(description="why it would not be applied; empty: it would")]


class Application(Frozen):
    """A version that was put in force, and how far what stands follows it."""

    municipality: str
    version: int
    before: Annotated[int | None, Field(description="the version that was in force")]
    applied: Annotated[bool, Field(description="whether all that stands follows it")]
    changed: Annotated[int, Field(description="bookings whose effects changed, so far")]


class VersionLine(Frozen):
    """One version of a municipality's configuration."""

    version: int
    current: bool
    made_at: datetime
    put_in_force_at: Annotated[datetime | None, Field(description="the last time; null: before there was an audit")]
    who: str | None = None
    person: Annotated[str | None, Field(repr=False)] = None
    differences: Annotated[tuple[str, ...], Field(description="from the version before it, the first of them")]
    more: Annotated[int, Field(description="how many differences there are besides")]
