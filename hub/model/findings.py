"""What a reconcile (avstämning) finds: what stands otherwise than the hub thinks, and what is done about it."""

from datetime import datetime
from enum import StrEnum, auto
from typing import Annotated, Literal

from pydantic import Field

from hub.model.answers import TargetName
from hub.model.frozen import Frozen


class What(StrEnum):
    """How a target differs."""

    ORPHAN = auto()
    """It stands with our mark, and no booking asks for it: after a restore, or a crash."""
    MISSING = auto()
    """It should stand, and is not there."""
    DIFFERS = auto()
    """It stands, and not as it should."""


class Decision(StrEnum):
    """What a person said of a finding."""

    OPEN = auto()
    """Nothing yet."""
    ADOPTED = auto()
    """It may stay: a grant until its last window has ended, anything else until something else is wanted there."""
    REVOKED = auto()
    """It is made as it should be: what nobody asks for goes, what somebody asks for comes back."""
    IGNORED = auto()
    """It is silent until a time."""


class Finding(Frozen):
    """One target that does not stand as the hub thinks."""

    id: int
    target: TargetName
    what: What
    detail: str
    since: Annotated[datetime, Field(description="when it was found first")]
    seen_at: Annotated[datetime, Field(description="when it was found last")]
    opens_until: Annotated[datetime | None, Field(description="of an orphaned grant: when its last window ends")] = None
    decision: Decision
    decided_by: str | None = None
    reason: str | None = None
    until: Annotated[datetime | None, Field(description="when the decision ends")] = None


class Reconciled(Frozen):
    """What is true of one connection, and how that differs from what the hub thinks."""

    connection: str
    outcome: Annotated[
        Literal["compared", "unanswered"],
        Field(description="unanswered: the system did not tell all; what was found before stands"),
    ]
    at: datetime
    compared: Annotated[int, Field(description="things of ours that were held against what the hub thinks")]
    strangers: Annotated[
        int, Field(description="things that others have made there, as far as the system tells; never touched")
    ] = 0
    detail: Annotated[str | None, Field(description="why the system did not tell all")] = None
    findings: tuple[Finding, ...] = ()
