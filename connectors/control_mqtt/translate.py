"""Pure: what a zone is to have, and light to Zigbee2MQTT's JSON and back; other ways of writing are in `dialects`.

Source: zigbee2mqtt.io, guide/usage/mqtt_topics_and_messages and the Exposes of dimmable lights (state ON, OFF, TOGGLE;
brightness 0-254; get with empty values), read 2026-11-21. TOGGLE is never sent: what it does depends on what was.
"""

import json
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, Field, Strict, ValidationError

from hub.model import Dim, Level, Release, Switch
from hub.sdk import RejectedError, ZoneKind, fitted, resting

FULL = 254
"""Brightness of a lamp at full. Source: as above; 255 is undefined in the Zigbee Cluster Library, and some send it."""


class LampState(BaseModel):
    """What a gateway tells of a lamp, as far as it concerns us."""

    state: Literal["ON", "OFF"] | None = None
    brightness: Annotated[int, Strict(), Field(ge=0, le=255)] | None = None


class BridgeState(BaseModel):
    """Whether the gateway is there."""

    state: Literal["online", "offline"]


def brightness_of(percent: int) -> int:
    """Brightness, 0-254, of a whole per cent; half rounds up."""
    return (percent * FULL + 50) // 100


def percent_of(brightness: int) -> int:
    """Whole per cent of a brightness; gives back what `brightness_of` was given, and never 0 for a lamp that is lit."""
    return min(100, max((brightness * 100 + FULL // 2) // FULL, int(brightness > 0)))


def wanted(level: Level, kind: ZoneKind, *, rest_percent: int, rest_celsius: Decimal = Decimal(0)) -> Level:
    """The level that a zone of that kind is to have.

    Raises:
        RejectedError: the zone cannot have it.
    """
    if isinstance(level, Release):
        return resting(kind, rest_celsius if kind is ZoneKind.SETPOINT else Decimal(rest_percent))
    if level == Dim(percent=0) and kind is ZoneKind.SWITCH:
        return Switch(on=False)
    return fitted(level, kind)


def command(level: Level) -> bytes:
    """The payload that makes it so, whatever was before."""
    match level:
        case Dim(percent=percent) if percent > 0:
            return json.dumps({"state": "ON", "brightness": brightness_of(percent)}).encode()
        case Switch(on=True):
            return b'{"state": "ON"}'
    return b'{"state": "OFF"}'


def question(kind: ZoneKind) -> bytes:
    """The payload that asks a lamp how it is; it changes nothing."""
    return b'{"state": "", "brightness": ""}' if kind is ZoneKind.DIM else b'{"state": ""}'


def level_of(payload: bytes, kind: ZoneKind) -> Level | None:
    """The level that a state message tells; None when it is about something else (a battery, the radio link).

    Raises:
        RejectedError: it is no state of such a lamp.
    """
    try:
        lamp = LampState.model_validate_json(payload)
    except ValidationError as error:
        raise RejectedError(f"no state of a lamp: {_first(error)}") from None
    if lamp.state is None:
        return None
    if kind is ZoneKind.SWITCH:
        return Switch(on=lamp.state == "ON")
    if lamp.state == "OFF":
        return Dim(percent=0)
    if lamp.brightness is None:
        raise RejectedError("a lamp that is on and tells no brightness; is its kind switch?")
    return Dim(percent=percent_of(lamp.brightness))


def is_online(payload: bytes) -> bool:
    """Whether the gateway says that it is there: a bare word up to 1.x, JSON since.

    Raises:
        RejectedError: it says something else.
    """
    if payload in (b"online", b"offline"):
        return payload == b"online"
    try:
        return BridgeState.model_validate_json(payload).state == "online"
    except ValidationError as error:
        raise RejectedError(f"no state of a gateway: {_first(error)}") from None


def _first(error: ValidationError) -> str:
    """What is wrong first, without the value itself: it may be anything."""
    fault = error.errors(include_input=False, include_url=False)[0]
    return f"{'.'.join(map(str, fault['loc'])) or 'payload'}: {fault['msg']}"
