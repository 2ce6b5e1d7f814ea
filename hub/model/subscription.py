"""A subscription (prenumeration): where events are sent as they happen, and what became of each."""

from datetime import datetime
from enum import StrEnum, auto
from typing import Annotated, Literal

from pydantic import Field

from hub.model.events import EventType
from hub.model.frozen import Frozen

Secret = Annotated[str, Field(pattern="^whsec_", examples=["whsec_..."])]
"""What signs that which is sent."""


UNREACHABLE = "unreachable"
GONE = "subscriber-gone"
HELD = "events-held"
GIVEN_UP = "events-given-up"
PROBLEMS = frozenset({UNREACHABLE, GONE, HELD, GIVEN_UP})
"""Codes of the problems that a subscription can have."""


class SubscriptionRequest(Frozen):
    """Who wants to be told, and of what."""

    url: Annotated[
        str,
        Field(
            min_length=1,
            max_length=2000,
            description="https, and a public address, unless the municipality's configuration allows the host",
            examples=["https://booking.example.se/hooks/knutpunkt"],
        ),
    ]
    types: Annotated[tuple[EventType, ...], Field(max_length=100, description="empty: all")] = ()
    paused: Annotated[bool, Field(strict=True, description="events wait until it runs again")] = False


class SubscriptionAnswer(Frozen):
    """A subscription, and how it is."""

    name: str
    url: str
    types: tuple[EventType, ...]
    state: Literal["running", "failing", "paused"]
    paused_by: Annotated[
        str | None, Field(description="`caller`, or `gone`: the endpoint answered 410", examples=["caller"])
    ]
    failing_since: Annotated[datetime | None, Field(description="from when the endpoint has not answered")]
    waiting: Annotated[int, Field(description="events that it has yet to be told")]
    cursor: Annotated[str, Field(description="how far of the event feed has been read for it")]
    created_at: datetime
    secret: Annotated[Secret | None, Field(repr=False, description="only in the answer that made the subscription")] = (
        None
    )


class SubscriptionSecret(Frozen):
    """A new secret; what is sent until `both_until` is signed with the old one too."""

    secret: Annotated[Secret, Field(repr=False, description="told once, here")]
    both_until: datetime


class ReplayRequest(Frozen):
    """From where events are to be sent again."""

    after: Annotated[
        str | None, Field(max_length=200, description="a cursor of the event feed; null: from its beginning")
    ]


class Outcome(StrEnum):
    """What came of sending an event once."""

    DELIVERED = auto()
    """The endpoint answered 2xx."""
    FAILED = auto()
    """It did not; `next_at` says when it is tried again."""
    GONE = auto()
    """It answered 410: the subscription is paused, and the event waits."""
    GIVEN_UP = auto()
    """The age limit has passed; it is not sent again, unless a replay asks for it."""


class AttemptAnswer(Frozen):
    """An event that was sent to a subscription, or given up."""

    id: int
    event: Annotated[str, Field(description="the event's id")]
    attempt: Annotated[int, Field(description="counted from 1")]
    outcome: Outcome
    status: Annotated[int | None, Field(description="what HTTP answered; null for no answer")]
    detail: Annotated[str | None, Field(description="what went wrong")]
    milliseconds: Annotated[int, Field(description="how long the call took")]
    at: datetime
    next_at: Annotated[datetime | None, Field(description="when it is tried again")]


class AttemptPage(Frozen):
    """A page of the log, the latest first."""

    deliveries: tuple[AttemptAnswer, ...]
    next: Annotated[int | None, Field(description="give it as `before`; null at the end")]
