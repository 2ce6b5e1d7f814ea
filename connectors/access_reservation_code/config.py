"""The settings of one service of reservation codes."""

from enum import StrEnum
from typing import Self

from pydantic import Field, HttpUrl, SecretStr, model_validator

from hub.sdk import ConnectorConfig


class Kind(StrEnum):
    """What the service makes a code for; a later one can hold all that an earlier one can."""

    RESERVATION = "reservation"
    """One time of one unit."""
    SERIES = "reservation-series"
    """Several times of one unit."""
    SEASONAL = "seasonal-booking"
    """Several times of several units."""

    @property
    def field(self) -> str:
        """What a request calls its id."""
        return f"{self.value.replace('-', '_')}_id"


class CodesConfig(ConnectorConfig):
    """One service, and what it calls the doors."""

    base_url: HttpUrl = Field(description="Where the service answers, up to `reservation`.")
    api_key: SecretStr = Field(description="Its key for the hub.")
    key_header: str = Field(default="Pindora-Api-Key", min_length=1, description="Which header carries the key.")
    accept: str = Field(
        default="application/vdn.varaamo-pindora.v1+json",
        min_length=1,
        description="Which version of its answers to ask for; Pindora's own name is spelt so.",
    )
    reservation_units: list[str] = Field(
        min_length=1,
        description="Its ids of what may be booked (reservation units): these are the doors' external keys.",
    )
    kinds: list[Kind] = Field(
        default=list(Kind),
        description="What to have codes made for: the first that can hold it. `seasonal-booking` alone holds all, with "
        "a third of the questions.",
    )

    @model_validator(mode="after")
    def _holds_all(self) -> Self:
        if Kind.SEASONAL not in self.kinds or self.kinds != [kind for kind in Kind if kind in self.kinds]:
            msg = f"kinds are some of {', '.join(Kind)}, in this order, and the last is always among them"
            raise ValueError(msg)
        return self
