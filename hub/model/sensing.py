"""Sensors (givare) of a facility, as the municipality writes them."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from hub.model.frozen import Frozen
from hub.model.naming import Name, ResourceId
from hub.model.observation import Quantity, SensorKey


class Sensor(Frozen):
    """What a sensor of a facility observes, and where; without resource and zone it is of the whole facility."""

    connection: Annotated[Name | None, Field(description="left out: unserved until there is one")] = None
    key: Annotated[SensorKey, Field(description="what the source calls it")]
    quantity: Annotated[Quantity, Field(description="occupancy, temperature, lux, energy or humidity")]
    resource: Annotated[ResourceId | None, Field(description="what it looks at; left out: a zone, or all of it")] = None
    zone: Annotated[Name | None, Field(description="the zone that it is in; left out: a resource, or all of it")] = None
    lit_above: Annotated[
        int | None,
        Field(
            ge=1,
            le=200_000,
            description="lux above which its zone is lit, more than daylight gives there; only of lux in a zone",
        ),
    ] = None

    @model_validator(mode="after")
    def _in_one_place(self) -> Self:
        if self.resource and self.zone:
            msg = f"resource: {self.resource} and zone: {self.zone}: a sensor is of one of them; keep one"
            raise ValueError(msg)
        if self.lit_above is not None and (self.quantity is not Quantity.LUX or self.zone is None):
            msg = "lit_above: only a sensor of lux in a zone tells whether it is lit; take it out, or write the zone"
            raise ValueError(msg)
        return self
