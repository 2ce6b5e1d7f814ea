"""What sensors tell: by topic, key and time, in the unit of their quantity."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.control_mqtt.config import MqttConfig
from connectors.control_mqtt.sensing import Sensors
from hub.model import Observation, ObservationUnit, Quantity
from hub.sdk import RawItem, observed
from hub.sdk.mqtt import Heard

NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)


def settings(profile: str, **sensors: dict[str, Any]) -> MqttConfig:
    told = {"host": "broker", "client_id": "hub", "profile": profile, "sensors": sensors}
    return MqttConfig.model_validate(told)


def told(config: MqttConfig, topic: str, payload: object, *, retained: bool = False) -> list[RawItem]:
    content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return list(Sensors(config).told(Heard(topic, content, retained), NOW))


def meant(config: MqttConfig, topic: str, payload: object, *, retained: bool = False) -> list[Observation]:
    items = told(config, topic, payload, retained=retained)
    assert [item.fault for item in items if item.fault] == []
    return [observed(item, config.sensors) for item in items]


def values(config: MqttConfig, topic: str, payload: object) -> dict[str, Decimal]:
    return {one.sensor: one.value for one in meant(config, topic, payload)}


@pytest.mark.parametrize(
    "profile, sensor, topic, payload, value",
    [
        ("zigbee2mqtt", {"quantity": "occupancy"}, "zigbee2mqtt/s", {"occupancy": True, "battery": 90}, "1"),
        ("zigbee2mqtt", {"quantity": "lux"}, "zigbee2mqtt/s", {"illuminance": 412}, "412"),
        ("zigbee2mqtt", {"quantity": "temperature"}, "zigbee2mqtt/s", {"temperature": -3.75}, "-3.75"),
        ("tasmota", {"quantity": "energy"}, "tele/s/SENSOR", {"ENERGY": {"Total": 3.185, "Power": 7}}, "3.185"),
        ("tasmota", {"quantity": "humidity", "key": "AM2301.Humidity"}, "tele/s/SENSOR",
         {"AM2301": {"Humidity": 41.2}}, "41.2"),
        ("tasmota", {"quantity": "occupancy", "key": "Switch1"}, "tele/s/SENSOR", {"Switch1": "OFF"}, "0"),
        ("home_assistant", {"quantity": "temperature"}, "s/state", b" 21.4\n", "21.4"),
        ("home_assistant", {"quantity": "occupancy", "topic": "h/{x}", "values": {"x": "7"}}, "h/7", b"on", "1"),
        ("json", {"quantity": "energy", "factor": 0.001}, "s/state", {"energy": 12345678}, "12345.678"),
        ("json", {"quantity": "occupancy", "unit": "people"}, "s/state", {"occupancy": 14}, "14"),
        ("json", {"quantity": "occupancy", "words": {"Taken": 1, "2": 0}}, "s/state", {"occupancy": "taken"}, "1"),
        ("json", {"quantity": "occupancy", "words": {"Taken": 1, "2": 0}}, "s/state", {"occupancy": 2}, "0"),
    ],
)  # fmt: skip
def test_each_profile_tells_a_quantity_in_its_unit(
    profile: str, sensor: dict[str, Any], topic: str, payload: object, value: str
) -> None:
    (one,) = meant(settings(profile, s=sensor), topic, payload)
    assert (one.sensor, one.quantity, one.value, one.at) == ("s", sensor["quantity"], Decimal(value), NOW)


def test_the_unit_is_that_of_the_quantity_unless_it_is_said() -> None:
    config = settings("json", a={"quantity": "occupancy"}, b={"quantity": "occupancy", "unit": "people"})
    assert [sensor.counted_in for sensor in config.sensors.values()] == [
        ObservationUnit.PRESENCE,
        ObservationUnit.PEOPLE,
    ]
    assert settings("json", a={"quantity": "energy"}).sensors["a"].counted_in is ObservationUnit.KILOWATT_HOURS


def test_one_message_tells_of_several_sensors_and_nothing_of_those_that_it_leaves_out() -> None:
    at = {"topic": "hall/air"}
    config = settings(
        "json",
        warm=at | {"quantity": "temperature", "key": "air.t"},
        damp=at | {"quantity": "humidity", "key": "air.h"},
        light=at | {"quantity": "lux", "key": "lux"},
        people={"quantity": "occupancy"},
    )
    message: dict[str, Any] = {"air": {"t": 20.5, "h": None}, "lux": "unavailable"}
    assert values(config, "hall/air", message) == {"warm": Decimal("20.5")}
    assert values(config, "hall/air", {"air": {"t": 20, "h": 40}, "lux": 3}) == {"warm": 20, "damp": 40, "light": 3}
    assert values(config, "another", {"occupancy": 1}) == {}


@pytest.mark.parametrize(
    "written",
    ["2026-11-27T09:30:00+02:00", "2026-11-27T07:30:00Z", 1795764600, 1795764600000],
)
def test_its_own_time_counts_and_what_comes_again_is_known(written: object) -> None:
    config = settings("json", s={"quantity": "lux", "time_key": "at.last"})
    message = {"lux": 5, "at": {"last": written}}
    (one,) = told(config, "s/state", message, retained=True)
    (again,) = told(config, "s/state", message)
    assert observed(one, config.sensors).at == NOW - timedelta(minutes=30)
    assert one.source_id == again.source_id == "s@2026-11-27T07:30:00+00:00"


def test_what_was_retained_without_a_time_tells_nothing() -> None:
    config = settings("json", s={"quantity": "lux"})
    assert told(config, "s/state", {"lux": 5}, retained=True) == []
    assert len(told(config, "s/state", {"lux": 5})) == 1


@pytest.mark.parametrize(
    "payload, why",
    [
        (b"{", "no JSON"),
        (b"[1]", "no JSON object"),
        ({"lux": "bright"}, "sensor s tells no number; check it, or give its words"),
        ({"lux": "Infinity"}, "no number"),
        ({"lux": 10**13}, "no number"),
        ({"lux": -3}, "no such value"),
        ({"lux": {"value": 3}}, "lux is no value"),
        ({"lux": 3, "at": "yesterday"}, "no time"),
        ({"lux": 3, "at": True}, "no time"),
        ({"lux": 3, "at": "2026-11-27T08:00:00"}, "a time without an offset"),
        ({"lux": 3, "at": 10**30}, "no time"),
    ],
)
def test_what_cannot_be_read_is_one_item_however_often_it_comes(payload: object, why: str) -> None:
    timed = isinstance(payload, dict) and "at" in payload
    config = settings("json", s={"quantity": "lux"} | ({"time_key": "at"} if timed else {}))
    (one,) = told(config, "s/state", payload)
    (again,) = Sensors(config).told(
        Heard("s/state", payload if isinstance(payload, bytes) else json.dumps(payload).encode(), retained=False),
        NOW + timedelta(hours=1),
    )
    assert why in one.fault
    assert (one.source_id, one.place) == (again.source_id, "s/state")


def test_what_was_mended_in_the_settings_is_read_when_it_is_tried_again() -> None:
    (broken,) = told(settings("json", s={"quantity": "occupancy"}), "s/state", {"occupancy": "busy"})
    assert "give its words" in broken.fault
    mended = settings("json", s={"quantity": "occupancy", "words": {"busy": 1}})
    one = observed(RawItem(broken.source_id, broken.content), mended.sensors)
    assert (one.value, one.quantity, one.at) == (Decimal(1), Quantity.OCCUPANCY, NOW)


@pytest.mark.parametrize(
    "profile, sensors, fault",
    [
        ("json", {"s": {"quantity": "lux", "unit": "percent"}}, "lux is told in lux"),
        ("json", {"s": {"quantity": "lux", "topic": "a/#"}}, "has a wildcard"),
        ("json", {"s": {"quantity": "lux", "topic": "a/{b}"}}, "name in braces"),
        ("tasmota", {"s": {"quantity": "lux"}}, "give its `key`"),
        ("home_assistant", {"s": {"quantity": "lux", "time_key": "at"}}, "leave `time_key` out"),
    ],
)
def test_settings_that_lead_nowhere_are_refused(profile: str, sensors: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        settings(profile, **sensors)
