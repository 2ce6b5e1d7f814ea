"""What the hub answers about doors: what opens one, who came, and who came to what was booked."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from hub.model.answers import TargetName
from hub.model.frozen import Frozen
from hub.model.passage import Outcome, Why
from hub.model.standing import ProblemAnswer
from hub.model.states import Delivery, Effect, Proof


class OpeningAnswer(Frozen):
    """What one booking asks of the door, and how it stands in the lock system."""

    number: str
    occasion: str
    resource: str
    target: Annotated[TargetName, Field(description="the credential")]
    opens_at: datetime
    shuts_at: datetime
    now: Annotated[bool, Field(description="it should open at the time that is asked about")]
    state: Annotated[Effect, Field(description="standing: it does; suspended: a closure holds it back")]
    delivery: Delivery
    proof: Annotated[Proof | None, Field(description="only `read` has been seen in the system")] = None
    detail: Annotated[str | None, Field(description="what is wrong, in the reader's language")] = None


class AttemptAnswer(Frozen):
    """Somebody who came to the door; the same in the same minute is one."""

    at: Annotated[datetime, Field(description="the last time in that minute")]
    outcome: Outcome
    reason: Why | None = None
    minutes: Annotated[int | None, Field(description="how much too early, or too late")] = None
    credential: Annotated[str | None, Field(description="ours; null: another's, or unknown")] = None
    number: Annotated[str | None, Field(description="of the booking that it was for")] = None
    times: Annotated[int, Field(description="how often in that minute")]
    text: Annotated[str, Field(description="the same in words, in the reader's language")]


class DoorAnswer(Frozen):
    """Why a door opens or does not: what should open it, what stands, who came, and what is wrong."""

    door: Annotated[str, Field(description="facility and our name of it")]
    connection: str
    key: Annotated[str, Field(description="what its lock system calls it")]
    at: Annotated[datetime, Field(description="the time that is asked about")]
    why: Annotated[tuple[str, ...], Field(description="the answer, a sentence each, in the reader's language")]
    opens: Annotated[tuple[OpeningAnswer, ...], Field(description="now and within a day, the first to open first")]
    without: Annotated[
        tuple[str, ...], Field(description="numbers of bookings that are on, and give nobody anything to open it with")
    ]
    attempts: Annotated[tuple[AttemptAnswer, ...], Field(description="the last twenty before that time, latest first")]
    problems: Annotated[tuple[ProblemAnswer, ...], Field(description="open problems of its connection")]
