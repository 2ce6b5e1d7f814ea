"""What the hub answers about data that came in: import reports, the quarantine, attendance."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from hub.model.attendance import GatheringType, Role
from hub.model.frozen import Frozen


class Placed(Frozen):
    """Something about one place in a file."""

    place: Annotated[str, Field(examples=["line 812, /Aktivitetskort/Kommun/Foerening[2]"])]
    text: Annotated[str, Field(description="what is wrong, or odd, and what to do; no personal data")]


class Receipt(Frozen):
    """What the source should compare with its own figures (kvittens)."""

    gatherings: Annotated[int, Field(description="sammankomster")]
    participants: Annotated[int, Field(description="deltagartillfällen: participants who came")]
    leaders: Annotated[int, Field(description="ledartillfällen: leaders who came")]


class GatheringName(Frozen):
    """What a gathering is known by."""

    connection: str
    association: str
    card: str
    code: str


class OverlapAnswer(Frozen):
    """One person was marked present in two gatherings at the same time: counted in the one that began first."""

    gathering: GatheringName
    other: GatheringName
    starts_at: Annotated[datetime, Field(description="from when both went on, UTC")]
    ends_at: Annotated[datetime, Field(description="until when both went on, UTC")]
    persons: Annotated[int, Field(description="how many were in both")]


class GatheringCounts(Frozen):
    """When a gathering is, and how many came."""

    starts_at: datetime
    ends_at: datetime
    participants: Annotated[int, Field(description="each person once")]
    leaders: int


class GatheringChange(Frozen):
    """A gathering that would be new, another than it is, or gone."""

    gathering: GatheringName
    before: Annotated[GatheringCounts | None, Field(description="null: it would be new")] = None
    after: Annotated[GatheringCounts | None, Field(description="null: it would be gone")] = None


class ImportReport(Frozen):
    """What a file came to."""

    id: Annotated[int | None, Field(description="of the import; null for a dry run")] = None
    connection: str
    name: Annotated[str, Field(description="of the file")]
    state: Annotated[
        Literal["done", "failed"], Field(description="failed: it could not be read to its end; what came before counts")
    ]
    dry_run: bool
    detail: Annotated[str | None, Field(description="why it could not be read to its end")] = None
    items: Annotated[int, Field(description="things in the file")]
    new: Annotated[int, Field(description="never seen before")]
    changed: Annotated[int, Field(description="known, and different now")]
    doubles: Annotated[int, Field(description="known, and the same: nothing happened")]
    quarantined: Annotated[int, Field(description="could not be understood; see GET /quarantine")]
    receipt: Receipt
    faults: Annotated[tuple[Placed, ...], Field(description="what could not be understood; the first thousand")]
    remarks: Annotated[tuple[Placed, ...], Field(description="what counts, and is odd; the first thousand")]
    remarked: Annotated[int, Field(description="how many remarks there are")]
    overlaps: Annotated[
        tuple[OverlapAnswer, ...], Field(description="who was in two places at once; the first hundred")
    ]
    changes: Annotated[
        tuple[GatheringChange, ...],
        Field(description="of a dry run: what it would change; the first hundred gatherings"),
    ] = ()


class ImportAnswer(Frozen):
    """An import in the list of them."""

    id: int
    connection: str
    via: Annotated[Literal["upload", "folder", "sftp"], Field(description="how the file came")]
    name: str
    sent_by: str
    state: Literal["running", "done", "failed"]
    detail: str | None = None
    begun_at: datetime
    ended_at: datetime | None = None
    counts: Annotated[dict[str, int], Field(description="as in the import report")]


class QuarantinedRow(Frozen):
    """An item that could not be understood; it is kept as it came."""

    id: int
    connection: str
    import_id: Annotated[int | None, Field(description="the file that it came in; null: it came by itself")] = None
    place: str
    reason: Annotated[str, Field(description="what is wrong and what to do; no personal data")]
    at: datetime


class Rerun(Frozen):
    """What a new try came to."""

    tried: int
    understood: Annotated[int, Field(description="they left the quarantine")]
    left: Annotated[int, Field(description="still in quarantine, of those that were meant")]


class Fetched(Frozen):
    """What a look at the source brought, now."""

    items: int
    new: int
    changed: int
    doubles: int
    quarantined: int
    files: Annotated[int, Field(description="that were read")]
    failed: Annotated[str | None, Field(description="why nothing, or no more, could be fetched")] = None


class AttendeeIdentity(Frozen):
    """Who somebody is; only with scope persons:lookup."""

    identity_number: Annotated[str | None, Field(repr=False)] = None
    unverified_number: Annotated[str | None, Field(repr=False)] = None
    given_name: Annotated[str, Field(repr=False)] = ""
    family_name: Annotated[str, Field(repr=False)] = ""


class AttendeeAnswer(Frozen):
    """One person's mark."""

    person: Annotated[str, Field(description="the same for the same identity number; says nothing else")]
    role: Role
    present: bool
    counted: Annotated[
        bool,
        Field(description="false: absent, or was at the same time in a gathering that began earlier, or leads here"),
    ]
    birth_year: int | None = None
    sex: Annotated[Literal["female", "male"] | None, Field(description="as the identity number has it")] = None
    disability: Annotated[bool, Field(repr=False)] = False
    identity: AttendeeIdentity | None = None


class AssociationAnswer(Frozen):
    """Whose gathering it was."""

    id: str
    name: str
    organisation_number: Annotated[str | None, Field(description="null when there is none, or it is a person's")] = None


class AttendanceAnswer(Frozen):
    """One gathering and who came."""

    connection: str
    association: AssociationAnswer
    card: str
    code: str
    starts_at: datetime
    ends_at: datetime
    activity: str
    venue: str
    type: GatheringType
    own_sport: bool | None = None
    participants: Annotated[int, Field(description="who came, each person once, and leaders not again")]
    leaders: Annotated[int, Field(description="who led, each person once")]
    attendees: tuple[AttendeeAnswer, ...]


class AttendancePage(Frozen):
    """Gatherings by their start."""

    gatherings: tuple[AttendanceAnswer, ...]
    next: Annotated[str | None, Field(description="`after` of the next page; null: this is the last")] = None


class DoorAttendance(Frozen):
    """Whether anybody came to an occasion, as the doors saw it: beside the lists of attendance, never added to them."""

    number: str
    occasion: str
    resource: str
    starts_at: datetime
    ends_at: datetime
    came: Annotated[
        bool | None, Field(description="null: nobody yet and it is not over, or its doors tell of no passages")
    ]
    first_at: Annotated[datetime | None, Field(description="of the first passage")] = None
    last_at: datetime | None = None
    passages: Annotated[int, Field(description="through its doors, by its credentials")] = 0
    credentials: Annotated[int, Field(description="how many of its credentials passed: at least so many came")] = 0
