"""RealEstateCore Edge 3.3 messages: what we write of them, and how what comes is read.

Source: RealEstateCore, API/Edge (README and edge_message.schema.json, rec3.3), at commit f033a396, read 2026-11-26.
The README calls answers `actuationCommandResponses`, the schema and the example `actuationResponses`: that is the name,
and both are read. A message is read part by part: one that cannot be read takes no other with it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, NoReturn, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from hub.sdk import RejectedError

FORMAT = "rec3.3"
MOST_PARTS = 10_000
"""Of each kind in one message: more are no sensible message."""
SAYING = 200
"""Letters of an exception's text that are kept."""
Value = bool | Decimal | str
Id = Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True)]


def same(name: str) -> str:
    """The id as it is compared: the standard's own example writes the same IRI with and without a slash at its end."""
    return name.strip().rstrip("/")


def _told(value: object) -> object:
    if not isinstance(value, str):
        msg = "a time is text, as ISO 8601 has it"
        raise ValueError(msg)  # noqa: TRY004  (pydantic wants it so)
    return value


def _in_utc(at: datetime) -> datetime:
    """In UTC, which a time without an offset is too: the standard has no others."""
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _number(value: object) -> object:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | Decimal)):
        msg = "no number"
        raise ValueError(msg)
    return value


At = Annotated[datetime, BeforeValidator(_told), AfterValidator(_in_utc)]
Number = Annotated[Decimal | None, BeforeValidator(_number)]


class Code(StrEnum):
    """What became of a command. SUCCESS: received, and attempted; that it is so it does not say."""

    SUCCESS = "success"
    REJECTED = "rejected"
    """By the actuator or the system behind it, before it was attempted."""
    NONE = "none"
    """Not received there, or not forwarded."""


class Origin(StrEnum):
    """Where something went wrong."""

    SENSOR = "sensor"
    ACTUATOR = "actuator"
    DEVICE = "device"


class Part(BaseModel):
    """A part of a message; keys that we do not know are others' business."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


class Observed(Part):
    """One value of one sensor."""

    sensor: Id = Field(alias="sensorId")
    at: At = Field(alias="observationTime")
    kind: str = Field(alias="quantityKind", min_length=1, max_length=300)
    number: Number = Field(default=None, alias="value")
    text: Annotated[str | None, Field(strict=True, max_length=300)] = Field(default=None, alias="valueString")
    boolean: Annotated[bool | None, Field(strict=True)] = Field(default=None, alias="valueBoolean")

    @model_validator(mode="after")
    def _has_one_value(self) -> Self:
        if sum(one is not None for one in (self.number, self.text, self.boolean)) != 1:
            msg = "has not one of value, valueString and valueBoolean"
            raise ValueError(msg)
        return self

    @property
    def value(self) -> Value:
        """The one that it has."""
        return next(one for one in (self.number, self.text, self.boolean) if one is not None)


class Answered(Part):
    """What became of one command."""

    actuator: Id = Field(alias="actuatorId")
    command: Id = Field(alias="actuationCommandId")
    code: Code = Field(alias="responseCode")
    at: At = Field(alias="actuationResponseTime")


class Failed(Part):
    """Something went wrong at a sensor, an actuator or the device."""

    origin: Origin
    id: Id
    at: At = Field(alias="exceptionTime")
    text: Annotated[
        str, BeforeValidator(lambda text: "" if text is None else text), AfterValidator(lambda text: text[:SAYING])
    ] = Field(default="", alias="exception")
    retry: int = Field(default=1, ge=1)


class _Root(Part):
    format: Annotated[str, StringConstraints(pattern=r"^rec3\.\d+$")]
    device: Id = Field(alias="deviceId")
    observations: Annotated[list[Any] | None, Field(max_length=MOST_PARTS)] = None
    answers: Annotated[list[Any] | None, Field(alias="actuationResponses", max_length=MOST_PARTS)] = None
    answers_in_prose: Annotated[list[Any] | None, Field(alias="actuationCommandResponses", max_length=MOST_PARTS)] = (
        None
    )
    exceptions: Annotated[list[Any] | None, Field(max_length=MOST_PARTS)] = None


PartT = TypeVar("PartT", bound=Part)


@dataclass(frozen=True)
class Unread:
    """A part that cannot be read."""

    place: str
    why: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Message:
    """What an edge device told."""

    device: str
    observed: Sequence[tuple[str, Observed]]
    """With their places."""
    answered: Sequence[Answered]
    failed: Sequence[Failed]
    unread: Sequence[Unread]


def read(body: bytes) -> Message:
    """Read a message.

    Raises:
        RejectedError: it is none of this standard.
    """
    try:
        root = _Root.model_validate(loads(body))
    except ValidationError as error:
        raise RejectedError(f"no message of RealEstateCore Edge 3: {first_fault(error)}") from None
    unread: list[Unread] = []
    answers = [*(root.answers or []), *(root.answers_in_prose or [])]
    return Message(
        root.device,
        _parts("observations", root.observations or [], Observed, unread),
        [part for _, part in _parts("actuationResponses", answers, Answered, unread)],
        [part for _, part in _parts("exceptions", root.exceptions or [], Failed, unread)],
        unread,
    )


def observed(content: bytes) -> Observed:
    """Read one observation, as it was kept.

    Raises:
        RejectedError: it is none.
    """
    try:
        return Observed.model_validate(loads(content))
    except ValidationError as error:
        raise RejectedError(f"no observation: {first_fault(error)}") from None


def kept(part: Observed) -> bytes:
    """An observation as it is kept, and read again by `observed`."""
    return dumps(part.model_dump(by_alias=True, exclude_none=True))


def command(device: str, name: str, actuator: str, at: datetime, value: Value) -> bytes:
    """A message with one command."""
    told = {
        "actuationCommandTime": _stamp(at),
        "actuationCommandId": name,
        "actuatorId": actuator,
        _key(value): value,
    }
    return dumps({"format": FORMAT, "deviceId": device, "actuationCommands": [told]})


def greeting(device: str) -> bytes:
    """A message without any part: it asks for nothing, and shows whether somebody takes it."""
    return dumps({"format": FORMAT, "deviceId": device})


def loads(body: bytes) -> Any:  # noqa: ANN401  (whatever came)
    """Read JSON, its numbers exact.

    Raises:
        RejectedError: it is none.
    """
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise RejectedError("no JSON") from None


def dumps(told: object) -> bytes:
    """Write JSON."""
    return json.dumps(told, ensure_ascii=False, default=_plain).encode()


def first_fault(error: ValidationError) -> str:
    """What is wrong first, without the value itself."""
    fault = error.errors(include_input=False, include_url=False)[0]
    return f"{'.'.join(map(str, fault['loc'])) or 'it'}: {fault['msg']}"


def _parts(name: str, told: Sequence[Any], part: type[PartT], unread: list[Unread]) -> list[tuple[str, PartT]]:
    found = []
    for number, one in enumerate(told):
        place = f"{name}[{number}]"
        try:
            found.append((place, part.model_validate(one)))
        except ValidationError as error:
            unread.append(Unread(place, first_fault(error), dumps(one)))
    return found


def _key(value: Value) -> str:
    match value:
        case bool():
            return "valueBoolean"
        case str():
            return "valueString"
    return "value"


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _plain(value: object) -> object:
    match value:
        case Decimal() if value == value.to_integral_value():
            return int(value)
        case Decimal():
            return float(value)
        case datetime():
            return value.isoformat()
    raise TypeError(type(value).__name__)


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)
