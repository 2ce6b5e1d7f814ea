"""What is done instead when a credential is not confirmed in time (reservtrappa), as a municipality writes it."""

from enum import StrEnum, auto
from typing import Annotated

from pydantic import Field

from hub.model.frozen import Frozen
from hub.model.naming import Name, SecretFile


class Rung(Frozen):
    """One step: taken when a door must open so soon, and what opens it is not confirmed."""

    minutes_before: Annotated[
        int, Field(ge=1, le=24 * 60, description="how long before the door must open; each rung fewer than the last")
    ]
    tell: Annotated[
        Name | None, Field(description="role of `notify` that is told who is to be let in where and when")
    ] = None
    spare_codes: Annotated[
        SecretFile | None,
        Field(
            description="in place of `tell`: ${file:/path} of codes that stand in the lock, one a line; one is given"
        ),
    ] = None


class SpareState(StrEnum):
    """Where a spare code is."""

    FREE = auto()
    """It may be given."""
    GIVEN = auto()
    """Somebody has it."""
    RESTING = auto()
    """Somebody had it, and knows it still."""


class Ended(StrEnum):
    """Why a rung is taken no more."""

    WORKS = auto()
    """What should open the door does."""
    GONE = auto()
    """The booking wants that time no more: cancelled, moved or closed."""
    OVER = auto()
    """Its time has passed."""
