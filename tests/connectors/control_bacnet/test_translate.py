"""Levels and present values, without a device."""

import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.control_bacnet import translate
from connectors.control_bacnet.config import BacnetConfig, Point, ZoneObject
from connectors.control_bacnet.frames import How, Refusal, Value
from connectors.control_bacnet.sensing import Sensors
from hub.conformance.driver import BEGINNING
from hub.model import Dim, Level, Release, Setpoint, Switch
from hub.sdk import Condition, RejectedError, observed

LAMP = {"object": "binary-output,1"}
DIMMER = {"object": "analog-output,2", "kind": "dim"}
HEAT = {"object": "analog-value,3", "kind": "setpoint"}
AIR = {"object": "multi-state-value,4", "on": 2, "off": 1}


def a_zone(**told: Any) -> ZoneObject:
    return ZoneObject.model_validate(told)


@pytest.mark.parametrize(
    "level, told, value",
    [
        (Switch(on=True), LAMP, 1),
        (Switch(on=False), LAMP, 0),
        (Switch(on=True), AIR, 2),
        (Switch(on=False), AIR, 1),
        (Switch(on=True), DIMMER, 100.0),
        (Dim(percent=0), DIMMER, 0.0),
        (Dim(percent=50), DIMMER | {"scale": "0.01"}, 0.5),
        (Setpoint(celsius=Decimal("19.5")), HEAT, 19.5),
        (Setpoint(celsius=Decimal(-5)), HEAT, -5.0),
        (Release(), HEAT, None),
        (Release(), LAMP, None),
    ],
)
def test_a_level_is_a_present_value_and_a_release_is_none(level: Level, told: dict[str, Any], value: Value) -> None:
    assert translate.wanted(level, a_zone(**told)) == value


@pytest.mark.parametrize(
    "level, told",
    [
        (Dim(percent=3), LAMP),
        (Setpoint(celsius=Decimal(20)), DIMMER),
        (Switch(on=True), HEAT),
        (Setpoint(celsius=Decimal(20)), HEAT | {"scale": "1e40"}),
        (Setpoint(celsius=Decimal("20.25")), HEAT | {"scale": "1e-45"}),
    ],
)
def test_what_an_object_cannot_hold_is_for_a_person(level: Level, told: dict[str, Any]) -> None:
    with pytest.raises(RejectedError, match=r"correct|change"):
        translate.wanted(level, a_zone(**told))


@pytest.mark.parametrize(
    "value, told",
    [(2, LAMP), (3, AIR), (100.6, DIMMER), (-1.0, DIMMER), (math.nan, HEAT), (math.inf, HEAT), (None, HEAT)],
)
def test_what_is_no_level_is_never_taken_for_one(value: Value, told: dict[str, Any]) -> None:
    with pytest.raises(RejectedError, match=str(told["object"])):
        translate.level_of(value, a_zone(**told))


@given(hundredths=st.integers(-3000, 12_000), scale=st.sampled_from(["1", "10", "0.1", "1.8", "100"]))
def test_every_hundredth_of_a_degree_comes_back(hundredths: int, scale: str) -> None:
    level, zone = Setpoint(celsius=Decimal(hundredths) / 100), a_zone(**HEAT, scale=scale)
    assert translate.level_of(translate.wanted(level, zone), zone) == level


@given(percent=st.integers(0, 100), scale=st.sampled_from(["1", "0.01", "2.55", "10"]))
def test_every_per_cent_comes_back(percent: int, scale: str) -> None:
    level, zone = Dim(percent=percent), a_zone(**DIMMER, scale=scale)
    assert translate.level_of(translate.wanted(level, zone), zone) == level


@given(
    places=st.lists(st.sampled_from([None, 0, 1]), min_size=16, max_size=16),
    rest=st.sampled_from([0, 1]),
    priority=st.integers(7, 16),
)
def test_it_stands_only_when_ours_is_in_force(places: list[Value], rest: int, priority: int) -> None:
    zone = a_zone(**LAMP)
    in_force = next((n for n, place in enumerate(places, 1) if place is not None), None)
    present = rest if in_force is None else places[in_force - 1]
    now = translate.seen({"present-value": (present,), "priority-array": tuple(places)}, zone)
    ours = places[priority - 1]
    expected = Condition.STANDING
    if ours is not None and in_force != priority:
        expected = Condition.COMING if in_force == 6 else Condition.OVERRIDDEN
    seen = translate.sighting(now, zone, priority)
    assert (seen.value, seen.condition) == (Switch(on=present == 1), expected)
    for wanted in (None, 0, 1):
        proof = translate.proof(now, wanted, priority)
        if wanted != ours:
            assert proof is Condition.COMING
        else:
            assert proof is (Condition.STANDING if wanted is None else expected)


def test_ours_among_the_priorities_is_no_proof_while_another_value_is_present() -> None:
    places = (*(None,) * 12, 1, None, None, None)
    now = translate.seen({"present-value": (0,), "priority-array": places}, a_zone(**LAMP))
    assert translate.proof(now, 1, 13) is Condition.COMING
    assert translate.sighting(now, a_zone(**LAMP), 13).condition is Condition.COMING


UNKNOWN = Refusal(How.ERROR, "unknown-property", "property")


@pytest.mark.parametrize(
    "found, fault",
    [
        ({"present-value": (1,), "priority-array": UNKNOWN}, "priority-array .error property/unknown-property"),
        ({"present-value": (1,)}, "priority-array"),
        ({"present-value": (1,), "priority-array": (None,) * 15}, "15 priorities"),
        ({"present-value": UNKNOWN, "priority-array": (None,) * 16}, "present-value"),
        ({"present-value": (b"x",), "priority-array": (None,) * 16}, "no number"),
    ],
)
def test_an_object_that_cannot_be_commanded_is_for_a_person(found: dict[str, Any], fault: str) -> None:
    with pytest.raises(RejectedError, match=f"binary-output,1.*{fault}"):
        translate.seen(found, a_zone(**LAMP))


@pytest.mark.parametrize(
    "told, fault",
    [
        ({"object": "analog-value,3"}, "a switch cannot be analog-value,3"),
        (LAMP | {"kind": "dim"}, "a dim cannot be binary-output,1"),
        ({"object": "analog-input,3", "kind": "setpoint"}, "pattern"),
        ({"object": "binary-output,4194303"}, "above 4194302"),
        ({"object": "binary-output,01"}, "pattern"),
        ({"object": "multi-state-value,4", "on": 2}, "two states"),
        ({"object": "multi-state-value,4", "on": 2, "off": 2}, "two states"),
        (LAMP | {"on": 1}, "only a multi-state object"),
    ],
)
def test_settings_that_could_not_work_are_refused_by_name(told: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        BacnetConfig.model_validate({"host": "10.0.0.5", "device": 1, "zones": {"hall-a": told}})


@pytest.mark.parametrize(
    "more, fault",
    [
        ({"priority": 6}, "greater than or equal to 7"),
        ({"network": 5}, "network and station go together"),
        ({"zones": {"a": LAMP, "b": LAMP}}, "zones a and b are both binary-output,1"),
    ],
)
def test_a_connection_that_could_not_work_is_refused(more: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        BacnetConfig.model_validate({"host": "10.0.0.5", "device": 1, "zones": {"a": LAMP}} | more)


MEASURED = BacnetConfig.model_validate(
    {
        "host": "device",
        "device": 1,
        "sensors": {
            "air": {"object": "analog-input,1", "quantity": "temperature"},
            "people": {"object": "multi-state-input,2", "quantity": "occupancy", "words": {"1": 0, "2": 1}},
            "meter": {"object": "analog-value,3", "quantity": "energy", "factor": 0.001},
        },
    }
).sensors
SOUND = ((False, False, False, False),)


@pytest.mark.parametrize(
    "point, value, key, meant",
    [
        ("analog-input,1", 21.299999237060547, "air", "21.3"),
        ("multi-state-input,2", 2, "people", "1"),
        ("multi-state-input,2", 1, "people", "0"),
        ("analog-value,3", 1234.5, "meter", "1.2345"),
    ],
)
def test_a_present_value_is_a_reading_in_the_unit_of_its_quantity(
    point: str, value: float, key: str, meant: str
) -> None:
    told = {"present-value": (value,), "status-flags": SOUND}
    (item,) = Sensors(MEASURED).told(Point.of(point), told, BEGINNING)
    one = observed(item, MEASURED)
    assert (one.sensor, f"{one.value:f}", one.at) == (key, meant, BEGINNING)


@pytest.mark.parametrize("flag", [1, 3])
def test_what_is_broken_or_out_of_service_measures_nothing(flag: int) -> None:
    flags = (tuple(place == flag for place in range(4)),)
    told = {"present-value": (21.0,), "status-flags": flags}
    assert list(Sensors(MEASURED).told(Point.of("analog-input,1"), told, BEGINNING)) == []


def test_what_is_no_number_is_one_item_however_often_it_is_told() -> None:
    sensors = Sensors(MEASURED)
    told = {"present-value": (None,)}
    items = [item for _ in range(2) for item in sensors.told(Point.of("analog-input,1"), told, BEGINNING)]
    assert [item.fault for item in items] == ["analog-input,1 tells no number"] * 2
    assert len({item.source_id for item in items}) == 1
    assert list(sensors.told(Point.of("analog-input,9"), {"present-value": (1.0,)}, BEGINNING)) == []
    (infinite,) = sensors.told(Point.of("analog-input,1"), {"present-value": (math.inf,)}, BEGINNING)
    assert "tells no number" in infinite.fault


@pytest.mark.parametrize(
    "sensors, fault",
    [
        ({"a": {"object": "analog-input,1", "quantity": "lux", "unit": "percent"}}, "lux is told in lux"),
        ({"a": {"object": "device,1", "quantity": "lux"}}, "object"),
        ({"a": {"object": "analog-input,4999999", "quantity": "lux"}}, "no object has a number above"),
        ({key: {"object": "analog-input,1", "quantity": "lux"} for key in "ab"}, "sensors a and b are both"),
    ],
)
def test_sensors_that_cannot_be_are_refused(sensors: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        BacnetConfig.model_validate({"host": "device", "device": 1, "sensors": sensors})
