"""How things stand, as answers tell it: deliveries, problems, connections, readiness, zones and the installation."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from hub.model.answers import ClaimAnswer, EffectAnswer, FallbackAnswer, TargetName
from hub.model.expiry import Thing
from hub.model.frozen import Frozen
from hub.model.states import Delivery, Effect, Proof, Record


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
