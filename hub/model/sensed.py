"""What a sensor (givare) told last."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum, auto
from typing import Annotated

from pydantic import Field

from hub.model.frozen import Frozen
from hub.model.observation import Quantity, Unit


class SensorState(StrEnum):
    """How it fares."""

    TELLS = auto()
    SILENT = auto()
    """Nothing has come from it for a day."""
    NEVER = auto()
    """Nothing has ever come from it, or all of that has expired."""
    UNSERVED = auto()
    """It has no connection."""


class SensorAnswer(Frozen):
    """A sensor of the configuration, and what it told last."""

    sensor: Annotated[str, Field(description="facility and name, as `hall/entrance-people`")]
    connection: Annotated[str | None, Field(description="over which it tells; null: unserved")]
    key: Annotated[str, Field(description="what its source calls it")]
    quantity: Quantity
    unit: Annotated[Unit | None, Field(description="null: of occupancy, told as presence (1, 0) or as people")]
    resource: Annotated[str | None, Field(description="what it looks at; null: a zone, or the whole facility")]
    zone: Annotated[str | None, Field(description="the zone that it is in; null: of a resource, or the facility")]
    value: Annotated[Decimal | None, Field(description="what it told last")]
    at: Annotated[datetime | None, Field(description="when that was so, UTC")]
    state: Annotated[
        SensorState,
        Field(description="`silent`: nothing for a day; `never`: nothing at all; `unserved`: it has no connection"),
    ]
