"""Attendance (närvaro): one gathering and who came, as the system that kept the list tells it."""

from datetime import UTC, date, datetime
from enum import StrEnum, auto
from typing import Annotated, Self

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints, model_validator

from hub.model.frozen import Frozen
from hub.model.identity import OrganisationNumber, PersonNumber

SourceId = Annotated[str, StringConstraints(min_length=1, max_length=64, strip_whitespace=True)]
"""What the source itself calls a thing; unique in that source only."""
Words = Annotated[str, StringConstraints(max_length=200)]


def _in_utc(told: datetime) -> datetime:
    return told.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""Kept in UTC: in the hour that comes twice, wall times cannot be told apart by comparing them."""


class Method(StrEnum):
    """What a list of marks does to what was told of the gathering before."""

    REPLACE = auto()
    """These are all the marks there are (DAK: Add)."""
    MERGE = auto()
    """These marks are changed, and the others stay (DAK: Update)."""
    REMOVE = auto()
    """The gathering never was (DAK: Remove)."""


class Role(StrEnum):
    """As what somebody came."""

    PARTICIPANT = auto()
    LEADER = auto()


class GatheringType(StrEnum):
    """What kind of gathering it was."""

    TRAINING = auto()
    MATCH = auto()
    MEETING = auto()
    OTHER = auto()


class Association(Frozen):
    """Whose gathering it was (förening)."""

    id: SourceId
    name: Words = ""
    organisation_number: OrganisationNumber | None = None


class Attendee(Frozen):
    """One person's mark at a gathering; shown in no `repr`."""

    id: Annotated[SourceId, Field(description="the source's own id of the person")]
    role: Role
    present: Annotated[bool, Field(description="false: on the list, and did not come")]
    disability: Annotated[bool, Field(repr=False, description="lifts limits of age (funktionsnedsättning)")] = False
    identity_number: Annotated[PersonNumber | None, Field(description="when the source has one that holds")] = None
    unverified_number: Annotated[
        str, Field(max_length=20, repr=False, description="a reserve number, or one whose check digit does not hold")
    ] = ""
    birth_date: Annotated[date | None, Field(repr=False, description="where the source has no identity number")] = None
    given_name: Annotated[Words, Field(repr=False)] = ""
    family_name: Annotated[Words, Field(repr=False)] = ""


class Attendance(Frozen):
    """One gathering (sammankomst) and the marks on its list. Known by association, card and code within its source."""

    association: Association
    card: Annotated[SourceId, Field(description="number of the attendance card (närvarokort)")]
    code: Annotated[SourceId, Field(description="of the gathering, unique in its source")]
    method: Method = Method.REPLACE
    starts_at: Moment
    ends_at: Moment
    activity: Words = ""
    venue: Words = ""
    type: GatheringType = GatheringType.TRAINING
    own_sport: bool | None = None
    attendees: tuple[Attendee, ...] = ()

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if not self.starts_at < self.ends_at:
            msg = f"the gathering ends {_minute(self.ends_at)}, before it starts {_minute(self.starts_at)}"
            raise ValueError(msg)
        return self


def _minute(at: datetime) -> str:
    return at.isoformat(timespec="minutes")
