"""An observation (mätvärde): what a sensor in a facility told, in one unit for each quantity."""

from decimal import Decimal
from enum import StrEnum, auto
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from hub.model.attendance import Moment
from hub.model.frozen import Frozen

SensorKey = Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True)]
"""What the source calls a sensor: an id or an IRI."""
ObservationId = Annotated[str, StringConstraints(min_length=1, max_length=400)]
"""What tells one observation of a source from all others: an id of its own, or sensor, quantity and time."""
ABSOLUTE_ZERO = Decimal("-273.15")


class Quantity(StrEnum):
    """What a sensor observes."""

    OCCUPANCY = auto()
    """Whether, or how many, people are there."""
    TEMPERATURE = auto()
    LUX = auto()
    """Light on a surface."""
    ENERGY = auto()
    """A meter's reading, which only grows; never what was used since the last one."""
    HUMIDITY = auto()
    """Relative."""


class Unit(StrEnum):
    """In what it is told; sources that use another are converted by their connector."""

    PRESENCE = auto()
    """1: somebody is there; 0: nobody."""
    PEOPLE = auto()
    CELSIUS = auto()
    LUX = auto()
    KILOWATT_HOURS = auto()
    PERCENT = auto()


UNITS = {
    Quantity.OCCUPANCY: frozenset({Unit.PRESENCE, Unit.PEOPLE}),
    Quantity.TEMPERATURE: frozenset({Unit.CELSIUS}),
    Quantity.LUX: frozenset({Unit.LUX}),
    Quantity.ENERGY: frozenset({Unit.KILOWATT_HOURS}),
    Quantity.HUMIDITY: frozenset({Unit.PERCENT}),
}
"""The units that a quantity can have."""
_MOST = {Unit.PRESENCE: Decimal(1), Unit.PERCENT: Decimal(100)}
_WHOLE = frozenset({Unit.PRESENCE, Unit.PEOPLE})


class Observation(Frozen):
    """One value of one sensor at one time. Observations may come late and in any order: `at` says when it was so."""

    sensor: SensorKey
    quantity: Quantity
    value: Annotated[Decimal, Field(max_digits=18, decimal_places=6)]
    unit: Unit
    at: Moment
    source_id: ObservationId

    @model_validator(mode="after")
    def _can_be(self) -> Self:
        if self.unit not in UNITS[self.quantity]:
            msg = f"{self.quantity} in {self.unit}: it is told in {' or '.join(sorted(UNITS[self.quantity]))}"
            raise ValueError(msg)
        least, most = ABSOLUTE_ZERO if self.unit is Unit.CELSIUS else Decimal(0), _MOST.get(self.unit)
        if self.value < least or (most is not None and self.value > most):
            msg = f"{self.quantity}: there is no such value in {self.unit}"
            raise ValueError(msg)
        if self.unit in _WHOLE and self.value % 1:
            msg = f"{self.quantity} in {self.unit} is a whole number"
            raise ValueError(msg)
        return self
