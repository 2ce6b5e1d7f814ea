"""Pure: messages on the topics of sensors to what the hub takes in.

A device that tells all that it knows tells an old temperature with a new humidity, at one time: its own, or ours.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from connectors.control_mqtt.config import MqttConfig, SensorPlace
from hub.sdk import RawItem, Reading, RejectedError, reading, unreadable
from hub.sdk.mqtt import Heard

NOTHING = frozenset({"", "none", "null", "unknown", "unavailable"})
"""What a gateway says for a value that it does not have: null, or a word of Home Assistant's."""
MILLISECONDS_FROM = 10**11
"""Seconds since 1970 are fewer until the year 5138; milliseconds have been more since 1973."""


class Sensors:
    """Those of one connection, by their topics."""

    def __init__(self, config: MqttConfig) -> None:
        """Know where each is told of."""
        self._config = config
        self._at: dict[str, dict[str, SensorPlace]] = {}
        for key in config.sensors:
            place = config.sensor(key)
            self._at.setdefault(place.topic, {})[key] = place

    @property
    def topics(self) -> Sequence[str]:
        """What is to be heard."""
        return list(self._at)

    def told(self, message: Heard, now: datetime) -> Iterator[RawItem]:
        """Give what a message tells of each sensor.

        Without a time of its own it is of now; retained it is of nobody knows when, and tells nothing.
        """
        places = self._at.get(message.topic, {})
        read: Mapping[str, Any] | None = None
        if any(place.key for place in places.values()):
            try:
                read = object_of(message.payload)
            except RejectedError as error:
                words = f"{message.topic} {message.payload!r}"
                yield unreadable(words, message.payload, message.topic, f"{error}; is it the topic of a sensor?")
        for key, place in places.items():
            if read is not None or not place.key:
                yield from self._read(key, place, message, now, read or {})

    def _read(
        self, key: str, place: SensorPlace, message: Heard, now: datetime, read: Mapping[str, Any]
    ) -> Iterator[RawItem]:
        value = at(read, place.key) if place.key else message.payload.decode(errors="replace")
        if value is None or (isinstance(value, str) and value.strip().casefold() in NOTHING):
            return
        words = f"{message.topic} {key} {value!r}"
        if isinstance(value, dict | list):
            yield unreadable(
                words, message.payload, message.topic, f"sensor {key}: {place.key} is no value; correct it"
            )
            return
        try:
            moment = _moment(at(read, place.time_key)) if place.time_key else None if message.retained else now
        except RejectedError as error:
            yield unreadable(words, message.payload, message.topic, f"sensor {key}: {error}; correct time_key")
            return
        if moment is not None:
            yield reading(Reading(key, value, moment, message.topic), self._config.sensors)


def at(found: Mapping[str, Any], key: str) -> Any:  # noqa: ANN401  (whatever a gateway writes)
    """What stands under a key, dots leading into objects; None where it is not there."""
    value: Any = found
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def object_of(payload: bytes) -> dict[str, Any]:
    """A JSON object, its numbers exact. Raises RejectedError."""
    try:
        found = json.loads(payload, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise RejectedError("no JSON") from None
    if not isinstance(found, dict):
        raise RejectedError("no JSON object")
    return found


def _moment(told: object) -> datetime:
    """When it was so, in UTC.

    Raises:
        RejectedError: that is no time, or hangs on where it was written.
    """
    try:
        if isinstance(told, int | Decimal) and not isinstance(told, bool):
            return datetime.fromtimestamp(float(told) / (1000 if told >= MILLISECONDS_FROM else 1), UTC)
        moment = datetime.fromisoformat(str(told))
    except (ValueError, OverflowError, OSError):
        raise RejectedError("no time") from None
    if moment.tzinfo is None:
        raise RejectedError("a time without an offset")
    return moment.astimezone(UTC)
