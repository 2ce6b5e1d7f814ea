"""What opens doors (behörighet): the words that an access connector sees."""

from datetime import UTC, datetime
from enum import StrEnum, auto
from typing import Self

from pydantic import AwareDatetime, SecretStr, model_validator

from hub.model.frozen import Frozen


class Method(StrEnum):
    """How a holder shows who they are at the door."""

    PIN = auto()
    CARD = auto()
    MOBILE_KEY = auto()


class Unsaid(StrEnum):
    """Why a credential carries no value."""

    CHOSEN_BY_SYSTEM = auto()
    """Asked for: the lock system makes one."""
    NOT_TOLD = auto()
    """Read back: the lock system keeps it to itself."""


class Window(Frozen):
    """One door, and from when until when it opens; half-open, with a UTC offset."""

    door: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime

    @classmethod
    def always(cls, door: str) -> Self:
        """What a lock that keeps no times shows: open until it is told otherwise."""
        return cls(door=door, starts_at=datetime(1970, 1, 1, tzinfo=UTC), ends_at=datetime(9999, 1, 1, tzinfo=UTC))

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        if self.ends_at <= self.starts_at:
            msg = f"{self.door}: ends {self.ends_at}, before it starts {self.starts_at}"
            raise ValueError(msg)
        return self


class Credential(Frozen):
    """All that one secret should open: the whole set of doors and times, never a difference."""

    key: str
    method: Method
    value: SecretStr | Unsaid
    windows: frozenset[Window]
    holder: str = ""
    """A reference; a name only where the configuration lets it out."""
    second_value: SecretStr | None = None
    """The PIN that goes with a card at readers that ask for both; such a pair is one credential."""
