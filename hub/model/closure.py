"""A closure (avstängning): a resource closed for a period, with a revision; snow, a fair, a broken floor."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from hub.model.booking import Instant, Text
from hub.model.frozen import Frozen
from hub.model.naming import ResourceId

LONGEST_CLOSURE = timedelta(days=366)


class ClosureRequest(Frozen):
    """What is closed, and from when until when; its parts, and every whole that holds it, are closed with it."""

    revision: Annotated[int, Field(ge=1, le=2**53, strict=True)]
    resource: ResourceId
    starts_at: Instant
    ends_at: Instant
    reason: Annotated[Text | None, Field(description="for the bookers; no persons")] = None

    @field_validator("ends_at")
    @classmethod
    def _after_the_start(cls, ends_at: datetime, info: ValidationInfo) -> datetime:
        starts_at = info.data.get("starts_at")
        if starts_at is not None and not starts_at < ends_at <= starts_at + LONGEST_CLOSURE:
            msg = "must be after starts_at, and at most 366 days later"
            raise ValueError(msg)
        return ends_at


class ClosureAnswer(Frozen):
    """A closure as it stands."""

    id: str
    revision: int
    state: Literal["in_force", "lifted"]
    resource: str
    starts_at: datetime
    ends_at: datetime
    reason: str | None
    bookings: Annotated[int, Field(description="bookings whose effects it changed, this time")] = 0
