"""Levels to registers and back, and settings that could not work."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.control_modbus import translate
from connectors.control_modbus.config import Encoding, ModbusConfig, WordOrder, ZonePlaces
from hub.model import Dim, Level, Release, Setpoint, Switch
from hub.sdk import RejectedError

HIGH, LOW = WordOrder
HEAT: dict[str, Any] = {"at": "holding:20", "kind": "setpoint", "release": 16}
MODE: dict[str, Any] = {"at": "coil:20", "ours": 1, "released": 0}


def a_zone(**told: Any) -> ZonePlaces:
    return ZonePlaces.model_validate(told)


def written(level: Level, order: WordOrder = HIGH, **told: Any) -> list[tuple[str, tuple[int, ...]]]:
    zone = a_zone(**told)
    return [(str(one.point), one.values) for one in translate.writes(translate.wanted(level, zone), zone, order)]


@pytest.mark.parametrize(
    "level, told, values",
    [
        (Switch(on=True), {"at": "coil:3"}, (1,)),
        (Switch(on=False), {"at": "coil:3"}, (0,)),
        (Switch(on=True), {"at": "holding:3", "on": 2, "off": 1}, (2,)),
        (Switch(on=True), {"at": "holding:3", "kind": "dim"}, (100,)),
        (Dim(percent=50), {"at": "holding:3", "kind": "dim", "scale": "2.55"}, (128,)),
        (Setpoint(celsius=Decimal("19.5")), HEAT, (195,)),
        (Setpoint(celsius=Decimal(-5)), HEAT | {"encoding": "int16"}, (0xFFCE,)),
        (Setpoint(celsius=Decimal("19.5")), HEAT | {"encoding": "int32", "scale": 10_000}, (0x0002, 0xF9B8)),
        (Setpoint(celsius=Decimal("19.5")), HEAT | {"encoding": "float32", "scale": 1}, (0x419C, 0x0000)),
    ],
)
def test_a_level_is_spelt_as_the_register_counts(level: Level, told: dict[str, Any], values: tuple[int, ...]) -> None:
    assert written(level, **told) == [(told["at"], values)]


def test_the_low_word_comes_first_where_the_maker_has_it_so() -> None:
    level, told = Setpoint(celsius=Decimal("19.5")), HEAT | {"encoding": "float32", "scale": 1}
    assert written(level, LOW, **told) == [("holding:20", (0x0000, 0x419C))]
    assert translate.level_of((0x0000, 0x419C), a_zone(**told), LOW) == level


@pytest.mark.parametrize(
    "level, told",
    [
        (Setpoint(celsius=Decimal(-5)), HEAT),
        (Setpoint(celsius=Decimal("19.5")), HEAT | {"scale": 1}),
        (Setpoint(celsius=Decimal(9000)), HEAT),
        (Dim(percent=3), {"at": "holding:3", "kind": "dim", "scale": "0.1"}),
        (Dim(percent=3), {"at": "coil:3"}),
        (Setpoint(celsius=Decimal(20)), {"at": "coil:3"}),
    ],
)
def test_what_a_register_cannot_hold_is_for_a_person(level: Level, told: dict[str, Any]) -> None:
    with pytest.raises(RejectedError, match=r"correct|change"):
        written(level, **told)


@pytest.mark.parametrize(
    "values, told",
    [
        ((7,), {"at": "holding:3"}),
        ((101,), {"at": "holding:3", "kind": "dim"}),
        ((0x7FC0, 0), HEAT | {"encoding": "float32"}),
        ((0x7F80, 0), HEAT | {"encoding": "float32"}),
    ],
)
def test_what_is_no_level_is_never_taken_for_one(values: tuple[int, ...], told: dict[str, Any]) -> None:
    with pytest.raises(RejectedError, match="holding:"):
        translate.level_of(values, a_zone(**told), HIGH)


def test_a_level_lies_there_before_the_mode_is_ours_and_a_release_writes_the_mode_alone() -> None:
    told: dict[str, Any] = {"at": "holding:20", "status": "input:20", "kind": "setpoint", "mode": MODE}
    assert written(Setpoint(celsius=Decimal(21)), **told) == [("holding:20", (210,)), ("coil:20", (1,))]
    assert written(Release(), **told) == [("coil:20", (0,))]
    assert translate.rest(a_zone(**told)) is None


@pytest.mark.parametrize(
    "told, values",
    [
        ({"at": "coil:3"}, (0,)),
        ({"at": "coil:3", "release": True}, (1,)),
        ({"at": "holding:3", "kind": "dim"}, (0,)),
        ({"at": "holding:3", "kind": "dim", "release": 10}, (10,)),
        (HEAT, (160,)),
    ],
)
def test_a_released_zone_rests_where_the_settings_say(told: dict[str, Any], values: tuple[int, ...]) -> None:
    assert written(Release(), **told) == [(told["at"], values)]


@given(tenths=st.integers(-300, 600), encoding=st.sampled_from(list(Encoding)), order=st.sampled_from(list(WordOrder)))
def test_every_tenth_of_a_degree_comes_back_or_is_refused(tenths: int, encoding: Encoding, order: WordOrder) -> None:
    level, zone = Setpoint(celsius=Decimal(tenths) / 10), a_zone(**HEAT, encoding=encoding)
    try:
        (one,) = translate.writes(level, zone, order)
    except RejectedError:
        assert tenths < 0
        assert encoding in {Encoding.UINT16, Encoding.UINT32}
    else:
        assert translate.level_of(one.values, zone, order) == level


@given(percent=st.integers(0, 100), scale=st.sampled_from(["1", "2.54", "2.55", "10", "100", "327.67"]))
def test_every_per_cent_comes_back(percent: int, scale: str) -> None:
    zone = a_zone(at="holding:1", kind="dim", scale=scale)
    (one,) = translate.writes(Dim(percent=percent), zone, HIGH)
    assert translate.level_of(one.values, zone, HIGH) == Dim(percent=percent)


@pytest.mark.parametrize(
    "told, fault",
    [
        ({"at": "coil:3", "kind": "dim"}, "one bit"),
        ({"at": "coil:65536"}, "outside 0-65535"),
        ({"at": "discrete:3"}, "pattern"),
        ({"at": "holding:3", "on": 1, "off": 1}, "the same"),
        ({"at": "holding:3", "kind": "setpoint"}, "a release in degrees"),
        ({"at": "holding:3", "kind": "dim", "mode": MODE}, "a status of its own"),
        ({"at": "holding:3", "kind": "dim", "release": True}, "is a number"),
        ({"at": "coil:3", "release": 40}, "true or false"),
        ({"at": "coil:3", "unit": 256}, "unit"),
    ],
)
def test_settings_that_could_not_work_are_refused_by_name(told: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        ModbusConfig.model_validate({"host": "10.0.0.5", "zones": {"hall-a": told}})


def test_two_zones_never_share_a_place_and_two_units_may() -> None:
    zones = {"a": {"at": "coil:3"}, "b": {"at": "coil:3"}}
    with pytest.raises(ValidationError, match="zones a and b are both at coil:3"):
        ModbusConfig.model_validate({"host": "10.0.0.5", "zones": zones})
    apart = ModbusConfig.model_validate({"host": "10.0.0.5", "zones": zones | {"b": {"at": "coil:3", "unit": 0}}})
    assert [apart.unit_of("a"), apart.unit_of("b")] == [1, 0]
