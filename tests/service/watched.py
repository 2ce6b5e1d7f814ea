"""A hall whose zones are watched: sensors of people, light and energy."""

from typing import Any

from hub.model.configuration import Configuration
from hub.model.facility import Facility
from tests.builders import a_town

SENSORS: dict[str, dict[str, Any]] = {
    "people": {"connection": "lamps", "key": "pir-1", "quantity": "occupancy", "resource": "hall.court-1"},
    "light": {"connection": "lamps", "key": "lux-2", "quantity": "lux", "zone": "court-2", "lit_above": 100},
    "meter": {"connection": "lamps", "key": "kwh", "quantity": "energy"},
    "court-meter": {"connection": "lamps", "key": "kwh-1", "quantity": "energy", "zone": "court-1"},
    "climate": {"connection": "lamps", "key": "room", "quantity": "temperature", "resource": "hall.court-1"},
}
EMPTY, UNBOOKED = 20, 15
"""Minutes until it is told."""


def watched(*, key: str = "2480", **zone: Any) -> Configuration:
    """The town; `zone`: what all its zones have besides."""
    town = a_town(key=key)
    hall = town.facilities["hall"].model_dump()
    rules = {"unbooked_after_minutes": UNBOOKED} | zone
    hall["zones"] = {name: one | rules for name, one in hall["zones"].items()}
    hall["zones"]["court-1"]["empty_after_minutes"] = EMPTY
    hall["sensors"] = SENSORS
    return town.model_copy(update={"facilities": {"hall": Facility.model_validate(hall)}})
