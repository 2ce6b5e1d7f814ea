"""What the hub answers: to the booking core, and to whoever asks how things are."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from hub.model.booking import Booking
from hub.model.credential import Method
from hub.model.events import Envelope
from hub.model.expiry import Thing
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


class DeliveryAnswer(Frozen):
    """A lane: what is where."""

    id: int
    target: TargetName
    kind: str
    state: Effect | Record
    delivery: Delivery
    proof: Proof | None
    generation: int
    attempts: int
    due_at: datetime | None
    confirmed_at: datetime | None
    failing_since: datetime | None
    detail: str | None
    problem: int | None


class DeliveryPage(Frozen):
    """A page of deliveries, in order of id."""

    deliveries: tuple[DeliveryAnswer, ...]
    next: int | None


class ProblemAnswer(Frozen):
    """One cause that stops deliveries, however many wait behind it."""

    id: int
    connection: str
    code: str
    title: str
    detail: str
    remedy: str
    since: datetime
    until: datetime | None
    waiting: Annotated[int, Field(description="deliveries that wait behind it")]
    nearest: Annotated[datetime | None, Field(description="when the first of them is needed")] = None
    minutes: Annotated[
        int | None, Field(description="whole minutes until then; below nought when it is needed already")
    ] = None


class ExpiryAnswer(Frozen):
    """Something of a connection that ends."""

    connection: str
    thing: Annotated[Thing, Field(description="a certificate, or the account")]
    name: Annotated[str, Field(description="the host or the file; empty for the account")]
    ends_at: datetime
    last_day: Annotated[date, Field(description="in Sweden")]
    days: Annotated[int, Field(ge=0, description="whole days until it ends")]


class ConnectionAnswer(Frozen):
    """A connection, and how it is."""

    name: str
    connector: str
    mode: str
    state: Literal["running", "failing", "paused"]
    since: datetime | None = None
    paused_by: str | None = None
    waiting: int
    maintenance_until: Annotated[
        datetime | None, Field(description="when the maintenance window ends that it is in; null outside one")
    ] = None
    checked_at: datetime | None = None
    about: dict[str, Any] | None = None
    check_failed: str | None = None
    expires: Annotated[tuple[ExpiryAnswer, ...], Field(description="the next to end first")] = ()


class ReadinessAnswer(Frozen):
    """How ready one resource is, in one system."""

    resource: str
    name: str
    system: str
    target: TargetName | None
    needed_at: datetime
    until: datetime
    number: str
    readiness: Annotated[
        Literal["green", "waiting", "yellow", "red", "unserved"], Field(description="only proof `read` is green")
    ]
    capability: Annotated[str | None, Field(description="what it is for: access, lighting, climate ...")] = None
    state: str
    proof: Proof | None = None
    read_at: Annotated[datetime | None, Field(description="when it was last read back in its system")] = None
    next_try_at: Annotated[datetime | None, Field(description="of what failed")] = None
    detail: str | None = None
    problem: Annotated[int | None, Field(description="the open problem that it waits behind")] = None
    fallback: Annotated[
        tuple[FallbackAnswer, ...], Field(description="of a door: what is done instead, as long as it holds")
    ] = ()


class Held(Frozen):
    """A connection over which nothing is sent, or will be for a time, because somebody said so."""

    connection: str
    why: Literal["paused", "observe", "maintenance"]
    by: str | None = None
    since: Annotated[datetime | None, Field(description="or from when: a maintenance window may lie ahead")] = None
    until: Annotated[datetime | None, Field(description="of a maintenance window: its end")] = None


class Readiness(Frozen):
    """Is tonight ready?"""

    from_: Annotated[datetime, Field(alias="from")]
    to: datetime
    ready: bool
    lines: tuple[ReadinessAnswer, ...]
    held: Annotated[tuple[Held, ...], Field(description="connections that the lines need and that send nothing")] = ()


class ResourceAnswer(Frozen):
    """A resource, its identities, and what its targets should be like now."""

    id: str
    name: str
    kind: str
    facility: str
    parts: tuple[str, ...]
    identities: dict[str, tuple[str, ...]]
    unserved: tuple[str, ...]
    targets: tuple[EffectAnswer, ...] = ()
    claims: Annotated[dict[str, tuple[ClaimAnswer, ...]], Field(default_factory=dict)]


class ZoneEdge(Frozen):
    """A moment when a zone should become another, or would if its rules let it."""

    at: datetime
    level: Annotated[str | None, Field(description="as `60 %`, `21.5 °C`, `on`, `off`; null: released")]
    why: Annotated[
        Literal["booked", "daylight", "latest-off", "tail", "purge", "restrike", "warning", "warned"],
        Field(description="which of its rules; booked: those who claim it are others"),
    ]
    bookings: Annotated[tuple[str, ...], Field(description="numbers of those behind it")]


class ZoneLine(Frozen):
    """What a zone should be from hour to hour, and why (tidslinje)."""

    zone: Annotated[str, Field(description="facility/zone")]
    target: Annotated[str | None, Field(description="connection/key; null: it has no connection yet")]
    kind: str
    from_: Annotated[datetime, Field(alias="from")]
    to: datetime
    edges: Annotated[tuple[ZoneEdge, ...], Field(description="the first is how it is at `from`")]
    lead_minutes: int
    proposed_lead_minutes: Annotated[
        int | None, Field(description="what readings say of how long it takes to get there; never used by itself")
    ] = None


class SealingAnswer(Frozen):
    """The key that personal fields are sealed with, and how far they are sealed anew with it."""

    key: Annotated[str, Field(description="its id, which says nothing of the key")]
    state: Literal["done", "resealing"]
    percent: Annotated[int, Field(ge=0, le=100, description="of a first walk over all values; then all are checked")]


class StatusAnswer(Frozen):
    """Everything counted."""

    municipality: str
    now: datetime
    bookings: dict[str, int]
    effects: dict[str, int]
    deliveries: dict[str, int]
    unserved: dict[str, int]
    problems: int
    revokes: Annotated[int, Field(description="grants that are to go, and that no look has shown to be gone")] = 0
    oldest_revoke: Annotated[datetime | None, Field(description="since when the oldest of them fails")] = None
    connections: dict[str, str]
    expires: Annotated[tuple[ExpiryAnswer, ...], Field(description="what ends within 60 days, or has ended")] = ()
    sealing: Annotated[SealingAnswer | None, Field(description="null before the first look at the keys")] = None


class Installation(Frozen):
    """What the caller's key reaches here."""

    municipalities: Annotated[tuple[str, ...], Field(description="those that are served here and that the key is for")]


class Retried(Frozen):
    """What the retry of a problem came to."""

    deliveries: int


class Handled(Frozen):
    """What an operator's wish about several deliveries came to, or would."""

    deliveries: Annotated[int, Field(description="how many")]
    dry_run: bool
    first: Annotated[tuple[DeliveryAnswer, ...], Field(description="ten of them at most, as they were before")]


class Tested(Frozen):
    """What a test of a connection showed."""

    ok: bool
    failed: str | None
    about: ConnectionAnswer
