"""Pure: what a device tells of the object of a sensor to what the hub takes in; it is of when it is heard.

Source: ASHRAE 135-2020, 12 (present value, status flags) and 13.1 (COV), as in `translate`.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from connectors.control_bacnet.config import Point, SensorObject
from connectors.control_bacnet.frames import Values
from hub.sdk import RawItem, Reading, reading, unreadable

FAULT, OUT_OF_SERVICE = 1, 3
"""Which of the status flags: what it tells then is not measured."""


class Sensors:
    """Those of one connection, by their objects."""

    def __init__(self, sensors: Mapping[str, SensorObject]) -> None:
        """Know which object each is."""
        self._sensors = sensors
        self._at = {sensor.point: key for key, sensor in sensors.items()}

    def told(self, point: Point, found: Mapping[str, Values], now: datetime) -> Iterator[RawItem]:
        """Give what is told of the sensor there, if there is one and it measures."""
        key = self._at.get(point)
        if key is None or "present-value" not in found or _does_not_measure(found):
            return
        value = next(iter(found["present-value"]), None)
        if isinstance(value, int | float):
            number = value if isinstance(value, int) else f"{value:.7g}"
            yield reading(Reading(key, number, now, str(point)), self._sensors)
        else:
            yield unreadable(f"{key} {value!r}", repr(value).encode(), str(point), f"{point} tells no number")


def _does_not_measure(found: Mapping[str, Values]) -> bool:
    flags = next(iter(found.get("status-flags", ())), ())
    if not isinstance(flags, tuple):
        return False
    return any(flags[place : place + 1] == (True,) for place in (FAULT, OUT_OF_SERVICE))
