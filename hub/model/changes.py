"""What a population register tells by itself (ändringsavisering): whose record is another, and what came in a file.

No name and no address: who wants them looks the person up.
"""

from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator

from hub.model.booking import Protected
from hub.model.frozen import Frozen
from hub.model.identity import PersonNumber

DeliveryName = Annotated[str, Field(min_length=1, max_length=100, description="the source's own name of a delivery")]


class PersonChanged(Frozen):
    """Somebody's record in the population register is another than it was (aviseringspost)."""

    identity_number: PersonNumber
    delivery: DeliveryName
    protected: Annotated[
        Protected | None, Field(description="none: the record says nothing of it, and it is as it was")
    ] = None
    other_numbers: Annotated[
        tuple[PersonNumber, ...], Field(description="that the same person has, or had: one hop (hänvisning)")
    ] = ()
    guardians: Annotated[tuple[PersonNumber, ...], Field(description="who has custody of them")] = ()
    children: Annotated[tuple[PersonNumber, ...], Field(description="those of whom they have custody")] = ()


class ChangesFile(Frozen):
    """One file of a delivery, read to its end: by this it is known whether all has come."""

    delivery: DeliveryName
    series: Annotated[str, Field(max_length=100, description="deliveries of one series follow one another")]
    part: Annotated[int, Field(ge=1)]
    parts: Annotated[int, Field(ge=1, description="files of the delivery")]
    posts: Annotated[int, Field(ge=0, description="records in the file")]
    total: Annotated[int | None, Field(ge=0, description="records in the delivery, where it says so")] = None
    serial: Annotated[int | None, Field(ge=0, description="grows by one with each delivery of the series")] = None
    first_day: Annotated[date | None, Field(description="the first day whose changes it holds")] = None
    last_day: Annotated[date | None, Field(description="the last")] = None
    next_by: Annotated[date | None, Field(description="when at the latest there should be another")] = None

    @model_validator(mode="after")
    def _within(self) -> Self:
        if self.part > self.parts:
            msg = f"file {self.part} of {self.parts}"
            raise ValueError(msg)
        return self
