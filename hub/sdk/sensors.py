"""Sensors that the settings of a connection name: what each measures, and what it tells as an item and an observation.

For systems that tell a bare value, of which only the settings know what it is. Whoever hears one gives `reading`, and
`observed` says what the item means.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Self

from pydantic import AwareDatetime, BaseModel, Field, ValidationError, model_validator

from hub.model import Observation, ObservationUnit, Quantity
from hub.model.observation import UNITS, SensorKey
from hub.sdk.connector import ConnectorConfig
from hub.sdk.errors import RejectedError
from hub.sdk.sources import RawItem

FINEST = Decimal("0.000001")
MOST_DIGITS = 12
"""Before the point: more is no measure of a building, and would not be kept exactly."""
WORDS: Mapping[str, Decimal] = {"on": Decimal(1), "off": Decimal(0), "true": Decimal(1), "false": Decimal(0)}
"""What text counts as where the settings say nothing."""


class SensorConfig(ConnectorConfig):
    """What a sensor measures, whatever it is told over."""

    quantity: Quantity = Field(description="`occupancy`, `temperature`, `lux`, `energy` or `humidity`.")
    unit: ObservationUnit | None = Field(
        default=None, description="In what it counts; that of its quantity if left out, of occupancy `presence`."
    )
    factor: Decimal = Field(
        default=Decimal(1),
        gt=0,
        le=1_000_000,
        description="What a number is multiplied by for that unit; 0.001 where it is in Wh.",
    )
    words: dict[str, Decimal] = Field(
        default={},
        description="What text, or a number that is a code, counts as; `on`, `off`, `true` and `false` are known.",
    )

    @property
    def counted_in(self) -> ObservationUnit:
        """Its unit."""
        if self.unit is None:
            return ObservationUnit.PRESENCE if self.quantity is Quantity.OCCUPANCY else next(iter(UNITS[self.quantity]))
        return self.unit

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.counted_in not in UNITS[self.quantity]:
            msg = f"{self.quantity} is told in {' or '.join(sorted(UNITS[self.quantity]))}"
            raise ValueError(msg)
        return self


@dataclass(frozen=True)
class Reading:
    """What a sensor told, as its system says it."""

    sensor: str
    value: bool | Decimal | int | float | str
    at: datetime
    place: str = ""
    """For a person: a topic, an address."""


class _Kept(BaseModel):
    sensor: SensorKey
    value: str
    at: AwareDatetime


def reading(told: Reading, sensors: Mapping[str, SensorConfig]) -> RawItem:
    """As an item: known by sensor and time; one that cannot be, by its sensor and what it told."""
    content = {"sensor": told.sensor, "value": _text(told.value), "at": told.at.isoformat()}
    item = RawItem(f"{told.sensor}@{told.at.isoformat()}", json.dumps(content).encode(), told.place)
    try:
        observed(item, sensors)
    except RejectedError as error:
        return unreadable(f"{told.sensor}={content['value']}", item.content, told.place, str(error))
    return item


def unreadable(words: str, content: bytes, place: str, why: str) -> RawItem:
    """An item that cannot be read: the same words are the same item, however often they come."""
    return RawItem(f"unread/{hashlib.sha256(words.encode()).hexdigest()}", content, place, fault=why)


def observed(item: RawItem, sensors: Mapping[str, SensorConfig]) -> Observation:
    """What an item of `reading` means.

    Raises:
        RejectedError: no sensor of the settings can tell it.
    """
    try:
        kept = _Kept.model_validate_json(item.content)
    except ValidationError:
        raise RejectedError("nothing that a sensor tells; correct what it is, or dismiss it") from None
    settings = sensors.get(kept.sensor)
    if settings is None:
        raise RejectedError(f"no sensor {kept.sensor} in the settings; put it back, or dismiss it")
    value = _measured(kept, settings)
    try:
        return Observation(
            sensor=kept.sensor,
            quantity=settings.quantity,
            value=value,
            unit=settings.counted_in,
            at=kept.at,
            source_id=f"{kept.sensor}@{kept.at.isoformat()}",
        )
    except ValidationError as error:
        why = error.errors(include_input=False, include_url=False)[0]["msg"]
        told = f"sensor {kept.sensor}: {why}; check its quantity, unit and factor"
        raise RejectedError(told) from None


def _measured(kept: _Kept, settings: SensorConfig) -> Decimal:
    word = kept.value.strip().casefold()
    known = {text.casefold(): value for text, value in settings.words.items()}
    if (counts := known.get(word, WORDS.get(word))) is not None:
        return counts
    try:
        number = Decimal(word)
    except InvalidOperation:
        number = Decimal("NaN")
    if (measured := scaled(number, settings.factor)) is None:
        raise RejectedError(f"sensor {kept.sensor} tells no number; check it, or give its words")
    return measured


def scaled(number: Decimal, factor: Decimal) -> Decimal | None:
    """A number in the unit of its quantity, as exactly as is kept; None: it is no measure of a building."""
    if not number.is_finite() or number.adjusted() >= MOST_DIGITS:
        return None
    return (number * factor).quantize(FINEST, ROUND_HALF_UP).normalize()


def _text(value: bool | Decimal | float | str) -> str:  # noqa: FBT001  (what a sensor told)
    return str(value).lower() if isinstance(value, bool) else str(value)
