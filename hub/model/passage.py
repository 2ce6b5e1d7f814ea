"""A passage (passage): somebody went through a door, or was refused, as the lock system tells it."""

from enum import StrEnum, auto
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from hub.model.attendance import Moment
from hub.model.credential import Method
from hub.model.frozen import Frozen

DoorKey = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
"""What the lock system calls a door."""
CredentialKey = Annotated[str, StringConstraints(min_length=1, max_length=100)]
"""What the hub calls a credential in a lock system; names nobody."""


class Outcome(StrEnum):
    """What became of it."""

    PASSED = auto()
    REFUSED = auto()


class Refusal(StrEnum):
    """Why a door stayed shut, as the lock system says; the hub works out the rest from the bookings."""

    TOO_EARLY = auto()
    TOO_LATE = auto()
    WRONG_DOOR = auto()
    """A credential that is good, for other doors."""
    UNKNOWN_CODE = auto()
    """A code or card that the lock system does not have."""
    WRONG_CODE = auto()
    """A card that it has, and a PIN that is not the card's."""
    DISABLED = auto()
    OTHER = auto()
    """For another reason, or the system only says that it refused."""


class Why(StrEnum):
    """Why somebody stood before a shut door, as the hub worked it out from the bookings and what the system said."""

    TOO_EARLY = auto()
    TOO_LATE = auto()
    WRONG_DOOR = auto()
    NO_BOOKING = auto()
    """No booking opens the door at that time: nobody's, or none that the credential is for."""
    CLOSED = auto()
    """A closure holds back what the booking asks for."""
    UNKNOWN_CODE = auto()
    WRONG_CODE = auto()
    DISABLED = auto()
    OTHER = auto()
    """The bookings say that it should have opened, or the system does not say who it was."""


class Passage(Frozen):
    """Somebody went through a door, or was refused. Personal data is left outside: no name, no code, no card number."""

    door: DoorKey
    at: Moment
    outcome: Outcome
    reason: Annotated[Refusal | None, Field(description="why it was refused; null when it was not")] = None
    key: Annotated[
        CredentialKey | None, Field(description="of a credential of ours; null: another's, or the system does not say")
    ] = None
    method: Annotated[Method | None, Field(description="how the holder showed it, where the system tells")] = None

    @model_validator(mode="after")
    def _a_refusal_has_a_reason(self) -> Self:
        if (self.outcome is Outcome.REFUSED) is not (self.reason is not None):
            msg = f"{self.outcome} with reason {self.reason}: what is refused has one, `other` at least, and only that"
            raise ValueError(msg)
        return self
