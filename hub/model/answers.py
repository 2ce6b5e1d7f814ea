"""What the hub answers the booking core: bookings, imports and events. How things stand: `hub.model.standing`."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from hub.model.booking import Booking
from hub.model.credential import Method
from hub.model.events import Envelope
from hub.model.frozen import Frozen
from hub.model.imported import DoorAttendance
from hub.model.ladder import Ended, SpareState
from hub.model.ledger import Money
from hub.model.states import Delivery, Effect, Proof, Record

TargetName = Annotated[str, Field(description="connection/external key", examples=["mqtt-tennishallen/bana-3"])]


class EffectAnswer(Frozen):
    """How one thing that a booking asks for stands in its system."""

    target: TargetName
    state: Effect | Record
    delivery: Delivery
    proof: Annotated[Proof | None, Field(description="only `read` has been seen in the system")] = None
    expected_at: Annotated[
        datetime | None, Field(description="when it is to be sent; null when nothing is to come")
    ] = None
    detail: Annotated[str | None, Field(description="what went wrong last, if anything did")] = None


class Hours(Frozen):
    """A half-open interval, in UTC."""

    starts_at: datetime
    ends_at: datetime


class DoorHours(Frozen):
    """When one door opens."""

    door: str
    starts_at: datetime
    ends_at: datetime


class CredentialAnswer(Frozen):
    """What one holder opens doors with, for one occasion."""

    holder: Annotated[str, Field(repr=False)]
    occasion: str
    kind: Method
    value: Annotated[str | None, Field(repr=False, description="only with scope credentials:read")] = None
    doors: tuple[DoorHours, ...]
    window: Annotated[Hours, Field(description="from the first door to the last")]


class ConflictAnswer(Frozen):
    """Another booking that has the same resource, or a whole or part of it, at the same time. Both stand."""

    occasion: str
    resource: str
    number: str
    other_occasion: str
    starts_at: datetime
    ends_at: datetime


class BookingAnswer(Frozen):
    """The answer to a booking."""

    number: str
    revision: int
    outcome: Literal["accepted", "unchanged"]
    effects: tuple[EffectAnswer, ...]
    credentials: tuple[CredentialAnswer, ...]
    unserved: Annotated[
        tuple[str, ...], Field(description="effects for which the municipality has no connection yet")
    ] = ()
    conflicts: tuple[ConflictAnswer, ...]


class TimelineEntry(Frozen):
    """Something that has happened, or will."""

    at: datetime
    what: Annotated[str, Field(examples=["booking.accepted", "confirmed", "will open", "will dim to 60 %"])]
    target: TargetName | None = None
    detail: str | None = None
    past: bool


class ClaimAnswer(Frozen):
    """Who claims a target, and what."""

    number: str
    occasion: str
    door: str | None = None
    level: int | None = None
    starts_at: datetime
    ends_at: datetime
    suspended: bool = False


class FallbackAnswer(Frozen):
    """A rung that was taken: what is done instead of a door whose credential was not confirmed in time."""

    occasion: str
    resource: str
    rung: Annotated[Literal["tell", "spare_code"], Field(description="somebody is told, or given a spare code")]
    role: Annotated[str, Field(description="who is told")]
    given_at: datetime
    ended_at: Annotated[datetime | None, Field(description="null while it holds")] = None
    why: Annotated[Ended | None, Field(description="why it holds no more")] = None
    value: Annotated[
        str | None,
        Field(repr=False, description="the spare code; of a booking only, and only with scope credentials:read"),
    ] = None


class SpareCodeAnswer(Frozen):
    """A code of a facility's pool, without its value."""

    id: int
    facility: str
    state: SpareState
    since: datetime
    number: Annotated[str | None, Field(description="of the booking that it was given to; null while it is free")] = (
        None
    )
    listed: Annotated[bool, Field(description="whether its line stands in the file")]


class BookingView(Frozen):
    """A booking, and all that follows from it."""

    booking: Booking
    configuration: Annotated[int, Field(description="version that it was planned with")]
    accepted_at: datetime
    sent_by: str
    effects: tuple[EffectAnswer, ...]
    credentials: tuple[CredentialAnswer, ...]
    unserved: tuple[str, ...]
    conflicts: tuple[ConflictAnswer, ...]
    others: Annotated[dict[str, tuple[ClaimAnswer, ...]], Field(description="who else claims the same targets")]
    timeline: tuple[TimelineEntry, ...]
    attendance: Annotated[
        tuple[DoorAttendance, ...], Field(description="of each occasion that opens doors: whether anybody came")
    ] = ()
    fallback: Annotated[
        tuple[FallbackAnswer, ...], Field(description="what was done instead of doors, oldest first")
    ] = ()
    money: Annotated[Money | None, Field(description="what it costs, and its invoices; null when it costs nothing")] = (
        None
    )


class BookingLine(Frozen):
    """A booking in the list by which a core resynchronises."""

    number: str
    revision: int
    status: str
    content: Annotated[str, Field(description="hash of the content; equal content has equal hash")]


class BookingPage(Frozen):
    """A page of bookings, in order of number."""

    bookings: tuple[BookingLine, ...]
    next: Annotated[str | None, Field(description="give it as `after`; null at the end")]


class FieldProblem(Frozen):
    """One fault of a request."""

    pointer: Annotated[str, Field(description="JSON Pointer")]
    code: str
    detail: str


class ProblemDetails(Frozen):
    """An error. Source: RFC 9457, read 2026-11-21."""

    type: str
    title: str
    status: int
    code: Annotated[str, Field(description="stable; made for programs")]
    detail: str | None = None
    errors: tuple[FieldProblem, ...] = ()
    current_revision: int | None = None


class PlannedClaim(Frozen):
    """One thing that a booking would ask for, or ask for no more."""

    change: Literal["added", "kept", "removed"]
    target: TargetName
    occasion: str
    door: str | None = None
    level: int | None = None
    starts_at: datetime
    ends_at: datetime
    suspended: bool = False


class DryRunAnswer(Frozen):
    """What a booking would come to; nothing was stored."""

    number: str
    revision: Annotated[int, Field(description="the one that would stand")]
    outcome: Literal["accepted", "unchanged", "superseded", "revision-conflict"]
    effects: tuple[EffectAnswer, ...]
    credentials: tuple[CredentialAnswer, ...]
    unserved: tuple[str, ...]
    conflicts: tuple[ConflictAnswer, ...]
    difference: tuple[PlannedClaim, ...]
    state_token: Annotated[str, Field(description="give it as If-Match: that plan, or 412")]


class ImportLine(Frozen):
    """The answer to one line of an import."""

    line: Annotated[int, Field(description="counted from 1, blank lines too")]
    number: str | None = None
    outcome: Literal["accepted", "unchanged", "superseded", "rejected"]
    problem: ProblemDetails | None = None
    conflicts: tuple[ConflictAnswer, ...] = ()
    difference: Annotated[tuple[PlannedClaim, ...] | None, Field(description="of a dry run")] = None


class ImportSummary(Frozen):
    """What an import came to."""

    lines: int
    accepted: int = 0
    unchanged: int = 0
    superseded: int = 0
    rejected: int = 0
    conflicts: int = 0
    dry_run: bool = False
    state_token: Annotated[str | None, Field(description="of a dry run; give it as If-Match")] = None


class EventPage(Frozen):
    """A page of the event feed, in the order of commit."""

    events: tuple[Envelope, ...]
    next: Annotated[str, Field(description="give it as `after` for the next page; opaque")]
    more: Annotated[bool, Field(description="whether the next page has events already")]
