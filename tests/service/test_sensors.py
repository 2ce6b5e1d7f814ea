"""The sensors of a municipality: what each told last, and who is silent."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from hub.model import ObservationUnit, Quantity
from hub.model.facility import Facility
from hub.model.sensed import SensorAnswer, SensorState
from hub.service.zones.sensors import Sensors
from tests.builders import SATURDAY
from tests.delivery.harness import TOWN, Stage
from tests.service.test_sensing import seen, tell
from tests.service.watched import SENSORS, watched


@pytest.fixture
def hall(staging: Callable[..., Stage]) -> Stage:
    town = watched()
    told = town.facilities["hall"].model_dump() | {"sensors": SENSORS | {"later": {"key": "x", "quantity": "lux"}}}
    made = staging(town.model_copy(update={"facilities": {"hall": Facility.model_validate(told)}}), watched(key="2481"))
    made.skip(hours=6)
    return made


def sensors(hall: Stage, town: str = TOWN) -> dict[str, SensorAnswer]:
    found = hall.run(Sensors(hall.readers, hall.rulebook, hall.clock).all(town))
    return {one.sensor: one for one in found}


def test_each_sensor_is_told_with_its_place_and_what_it_told_last(hall: Stage) -> None:
    tell(hall, seen(5, "21.5"), seen(0, "19"), seen(1, "300", of="kwh", as_=Quantity.ENERGY))
    found = sensors(hall)
    assert list(found) == [f"hall/{name}" for name in (*SENSORS, "later")], "in the order of the configuration"
    climate = found["hall/climate"]
    assert (climate.value, climate.at) == (Decimal("21.5"), SATURDAY + timedelta(minutes=5))
    assert (climate.connection, climate.key, climate.resource, climate.zone) == ("lamps", "room", "hall.court-1", None)
    assert (climate.unit, found["hall/people"].unit) == (ObservationUnit.CELSIUS, None)
    assert str(found["hall/meter"].value) == "300"
    assert found["hall/light"].zone == "court-2"


def test_who_never_told_who_fell_silent_and_who_has_no_connection_are_told_apart(hall: Stage) -> None:
    tell(hall, seen(0, "19"), town="2481")
    assert {one.state for one in sensors(hall).values()} == {SensorState.NEVER, SensorState.UNSERVED}
    assert sensors(hall)["hall/later"].state is SensorState.UNSERVED
    tell(hall, seen(0, "19"))
    assert sensors(hall)["hall/climate"].state is SensorState.TELLS
    hall.skip(hours=24)
    silent = sensors(hall)["hall/climate"]
    assert (silent.state, silent.value) == (SensorState.SILENT, Decimal(19))
