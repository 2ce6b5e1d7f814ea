"""Levels to values on the bus and back, and settings that could not work."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from xknx.dpt import DPTArray, DPTBinary

from connectors.control_knx import translate
from connectors.control_knx.config import KnxConfig, ZoneAddresses
from connectors.control_knx.sensing import Sensors
from hub.conformance.driver import BEGINNING
from hub.model import Dim, Level, Release, Setpoint, Switch
from hub.sdk import RejectedError, observed

ON, OFF = Switch(on=True), Switch(on=False)
LIGHT = {"address": "1/2/3", "status": "1/3/3"}
DIM = LIGHT | {"kind": "dim"}
HEAT = LIGHT | {"kind": "setpoint", "release": 16}
SCENES = LIGHT | {"dpt": "17.001", "on": 3, "off": 64}
MODES = LIGHT | {"dpt": "20.102", "on": "comfort", "off": "building_protection"}


def a_zone(told: dict[str, Any]) -> ZoneAddresses:
    return ZoneAddresses.model_validate(told)


@pytest.mark.parametrize(
    "level, told, payload",
    [
        (ON, LIGHT, DPTBinary(1)),
        (OFF, LIGHT, DPTBinary(0)),
        (Dim(percent=50), DIM, DPTArray(0x80)),
        (Dim(percent=1), DIM, DPTArray(3)),
        (ON, DIM, DPTArray(0xFF)),
        (Setpoint(celsius=Decimal("19.5")), HEAT, DPTArray((0x07, 0x9E))),
        (Setpoint(celsius=Decimal(-5)), HEAT, DPTArray((0x86, 0x0C))),
        (ON, SCENES, DPTArray(2)),
        (OFF, SCENES, DPTArray(63)),
        (ON, MODES, DPTArray(1)),
        (OFF, MODES, DPTArray(4)),
        (Release(), LIGHT, DPTBinary(0)),
        (Release(), LIGHT | {"release": True}, DPTBinary(1)),
        (Release(), DIM | {"release": 20}, DPTArray(51)),
        (Release(), HEAT, DPTArray((0x06, 0x40))),
    ],
)
def test_a_level_is_spelt_by_its_datapoint_type(level: Level, told: dict[str, Any], payload: object) -> None:
    zone = a_zone(told)
    assert translate.writes(translate.wanted(level, zone), zone) == [translate.Write("1/2/3", payload)]  # type: ignore[arg-type]


def test_a_level_lies_there_before_the_mode_and_a_release_writes_the_mode_alone() -> None:
    mode = {"address": "1/2/4", "ours": "comfort", "released": "auto"}
    zone = a_zone({"address": "1/2/3", "kind": "setpoint", "mode": mode})
    told = translate.writes(translate.wanted(Setpoint(celsius=Decimal(21)), zone), zone)
    assert [(one.group, one.payload) for one in told][1:] == [("1/2/4", DPTArray(1))]
    assert told[0].group == "1/2/3"
    assert translate.writes(translate.wanted(Release(), zone), zone) == [translate.Write("1/2/4", DPTArray(0))]
    assert translate.rest(zone) is None


@pytest.mark.parametrize(
    "payload, told, level",
    [
        (DPTBinary(1), LIGHT, ON),
        (DPTBinary(0), SCENES, OFF),
        (DPTArray(0), DIM, Dim(percent=0)),
        (DPTArray(0xFF), DIM, Dim(percent=100)),
        (DPTArray((0x07, 0x9E)), HEAT, Setpoint(celsius=Decimal("19.5"))),
        (DPTArray(4), MODES, OFF),
    ],
)
def test_a_status_is_read_by_its_datapoint_type(payload: Any, told: dict[str, Any], level: Level) -> None:
    assert translate.level_of(payload, a_zone(told)) == level


@pytest.mark.parametrize(
    "payload, told",
    [
        (DPTArray((0x07, 0x9E)), LIGHT),
        (DPTBinary(1), DIM),
        (DPTArray((1, 2, 3)), HEAT),
        (DPTArray(9), MODES),
        (DPTArray(2), MODES),
        (DPTArray(2), SCENES),
    ],
)
def test_what_is_no_level_is_never_taken_for_one(payload: Any, told: dict[str, Any]) -> None:
    with pytest.raises(RejectedError, match="1/3/3 tells"):
        translate.level_of(payload, a_zone(told))


@given(percent=st.integers(0, 100))
def test_every_per_cent_comes_back(percent: int) -> None:
    (one,) = translate.writes(Dim(percent=percent), a_zone(DIM))
    assert translate.level_of(one.payload, a_zone(DIM)) == Dim(percent=percent)


@given(tenths=st.integers(-300, 900))
def test_every_tenth_of_a_degree_comes_back(tenths: int) -> None:
    level = Setpoint(celsius=Decimal(tenths) / 10)
    (one,) = translate.writes(level, a_zone(HEAT))
    assert translate.level_of(one.payload, a_zone(HEAT)) == level


@pytest.mark.parametrize("celsius", ["-300", "700000", "500.1", "20.55"])
def test_degrees_that_the_bus_cannot_hold_are_for_a_person(celsius: str) -> None:
    with pytest.raises(RejectedError, match="correct the level"):
        translate.writes(Setpoint(celsius=Decimal(celsius)), a_zone(HEAT))


@pytest.mark.parametrize("level, told", [(Dim(percent=3), LIGHT), (Setpoint(celsius=Decimal(20)), DIM), (ON, HEAT)])
def test_a_zone_has_no_levels_of_another_kind(level: Level, told: dict[str, Any]) -> None:
    with pytest.raises(RejectedError, match="change its kind"):
        translate.wanted(level, a_zone(told))


@pytest.mark.parametrize(
    "told, fault",
    [
        ({"address": "1/2"}, None),
        ({"address": "32/0/1"}, "no group address"),
        ({"address": "0/0/0"}, "all devices"),
        ({"address": "1/2/3", "dpt": "5.001"}, "is not spelt as 5.001"),
        ({"address": "1/2/3", "kind": "dim", "dpt": "17.001"}, "is not spelt as 17.001"),
        ({"address": "1/2/3", "dpt": "17.001", "on": 3}, "needs on and off"),
        ({"address": "1/2/3", "dpt": "17.001", "on": 3, "off": 65}, "outside 1-64"),
        ({"address": "1/2/3", "dpt": "17.001", "on": "comfort", "off": "auto"}, "a scene of its own"),
        ({"address": "1/2/3", "dpt": "20.102", "on": "comfort", "off": "comfort"}, "a mode of its own"),
        ({"address": "1/2/3", "on": 3, "off": 4}, "are for scenes"),
        ({"address": "1/2/3", "kind": "setpoint"}, "a release in degrees"),
        ({"address": "1/2/3", "kind": "dim", "mode": {"address": "1/2/4"}, "release": 3}, "needs no release"),
        ({"address": "1/2/3", "kind": "dim", "release": True}, "of others a number"),
        ({"address": "1/2/3", "release": 40}, "true or false"),
        ({"address": "1/2/3", "status": "1/2/3"}, "written and told"),
    ],
)
def test_settings_that_could_not_work_are_refused_by_name(told: dict[str, Any], fault: str | None) -> None:
    settings = {"host": "10.0.0.5", "zones": {"hall-a": told}}
    if fault is None:
        assert KnxConfig.model_validate(settings).zones["hall-a"].address == "1/0/2", "ETS with two levels is read too"
        return
    with pytest.raises(ValidationError, match=fault):
        KnxConfig.model_validate(settings)


def test_two_zones_never_share_an_address() -> None:
    zones = {"a": {"address": "1/2/3"}, "b": {"address": "1/2/4", "status": "1/2/3"}}
    with pytest.raises(ValidationError, match="zones a and b share 1/2/3"):
        KnxConfig.model_validate({"host": "10.0.0.5", "zones": zones})


@pytest.mark.parametrize(
    "told, works",
    [
        ({"tunnel": "secure", "user_id": 3, "user_password": "u"}, True),
        ({"tunnel": "secure", "user_id": 3, "user_password": "u", "device_password": "d"}, True),
        (
            {
                "tunnel": "secure",
                "keyring_file": "/k.knxkeys",
                "keyring_password": "p",
                "individual_address": "1.0.10",
            },
            True,
        ),
        ({"tunnel": "secure"}, False),
        ({"tunnel": "secure", "user_id": 3}, False),
        ({"tunnel": "secure", "keyring_file": "/k.knxkeys", "keyring_password": "p"}, False),
        ({"tunnel": "secure", "user_id": 3, "user_password": "u", "keyring_file": "/k"}, False),
        ({"tunnel": "tcp", "user_id": 3, "user_password": "u"}, False),
        ({"tunnel": "udp", "device_password": "d"}, False),
        ({"tunnel": "tcp", "individual_address": "1.0"}, False),
        ({"tunnel": "tcp", "individual_address": "1.0.10"}, True),
    ],
)
def test_who_we_are_is_told_whole_or_not_at_all(told: dict[str, Any], *, works: bool) -> None:
    settings = {"host": "10.0.0.5", "zones": {"hall-a": {"address": "1/2/3"}}} | told
    if works:
        KnxConfig.model_validate(settings)
        return
    with pytest.raises(ValidationError, match=r"secure|individual address"):
        KnxConfig.model_validate(settings)


@pytest.mark.parametrize(
    "sensors, fault",
    [
        ({"a": {"address": "4/1/1", "quantity": "lux", "dpt": "9.001"}}, "lux is not spelt as 9.001"),
        ({"a": {"address": "4/1/1", "quantity": "lux"}, "b": {"address": "4/1/1", "quantity": "lux"}}, "share 4/1/1"),
        ({"a": {"address": "4", "quantity": "noise"}}, "quantity"),
    ],
)
def test_sensors_that_cannot_be_are_refused(sensors: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        KnxConfig.model_validate({"host": "bus", "sensors": sensors})


def test_a_bit_of_a_sensor_is_yes_or_no_and_humidity_may_be_a_scale() -> None:
    told = {"people": {"address": "4/1/1", "quantity": "occupancy", "dpt": "1.001"}}
    told["damp"] = {"address": "4/1/2", "quantity": "humidity", "dpt": "5.001"}
    sensors = KnxConfig.model_validate({"host": "bus", "sensors": told}).sensors
    heard = [
        *Sensors(sensors).told("4/1/1", DPTBinary(0), BEGINNING),
        *Sensors(sensors).told("4/1/2", DPTArray(0x80), BEGINNING),
        *Sensors(sensors).told("4/1/3", DPTBinary(1), BEGINNING),
    ]
    assert [(one.sensor, int(one.value)) for one in (observed(item, sensors) for item in heard)] == [
        ("people", 0),
        ("damp", 50),
    ]
