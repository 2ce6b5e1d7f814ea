"""Observations: one unit for each quantity, values that can be, and times in UTC."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from hub.model import Observation

TOLD = {
    "sensor": "https://recref.com/sensor/7",
    "quantity": "temperature",
    "value": "16.1",
    "unit": "celsius",
    "at": "2026-10-25T02:30:00+02:00",
    "source_id": "7@00:30",
}


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    assert Observation.model_validate(TOLD).at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "other",
    [
        {"at": "2026-10-25T02:30:00"},
        {"unit": "percent"},
        {"value": "-273.16"},
        {"value": "NaN"},
        {"quantity": "occupancy", "unit": "presence", "value": "2"},
        {"quantity": "occupancy", "unit": "people", "value": "1.5"},
        {"quantity": "humidity", "unit": "percent", "value": "100.1"},
        {"quantity": "energy", "unit": "kilowatt_hours", "value": "-1"},
        {"quantity": "lux", "unit": "lux", "value": "-0.1"},
    ],
)
def test_what_cannot_be_is_no_observation(other: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Observation.model_validate(TOLD | other)


@pytest.mark.parametrize(
    "other",
    [
        {"value": "-31.5"},
        {"quantity": "occupancy", "unit": "presence", "value": "1.0"},
        {"quantity": "occupancy", "unit": "people", "value": "240"},
        {"quantity": "humidity", "unit": "percent", "value": "100"},
        {"quantity": "energy", "unit": "kilowatt_hours", "value": "182736.125"},
    ],
)
def test_what_sensors_tell_is_one(other: dict[str, str]) -> None:
    assert Observation.model_validate(TOLD | other).source_id
