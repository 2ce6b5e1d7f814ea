"""Levels to numbers of a node's type and back, and settings that could not work."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.control_opcua import translate
from connectors.control_opcua.config import OpcuaConfig, ZoneNodes
from connectors.control_opcua.values import SPANS, Number, Told, Type
from hub.model import Dim, Level, Release, Setpoint, Switch
from hub.sdk import RejectedError

LIGHT: dict[str, Any] = {"node": "ns=2;s=Light"}
DIM: dict[str, Any] = {"node": "ns=2;s=Dim", "kind": "dim"}
HEAT: dict[str, Any] = {"node": "ns=2;s=Heat", "kind": "setpoint", "release": 16}
MODE: dict[str, Any] = {"node": "i=9", "ours": 2, "released": 1}
URL = "opc.tcp://10.20.30.40:4840/plc"


def a_zone(**told: Any) -> ZoneNodes:
    return ZoneNodes.model_validate(told)


def spelt(level: Level, own: Type, told: dict[str, Any]) -> list[tuple[str, Number]]:
    zone = a_zone(**told)
    writes = translate.writes(translate.wanted(level, zone), zone)
    return [(write.node, translate.spelt(write, own, zone)) for write in writes]


@pytest.mark.parametrize(
    "level, kind, told, number",
    [
        (Switch(on=True), Type.BOOLEAN, LIGHT, True),
        (Switch(on=False), Type.BOOLEAN, LIGHT | {"on": 5}, False),
        (Switch(on=True), Type.INT16, LIGHT, 1),
        (Switch(on=True), Type.UINT32, LIGHT | {"on": 2, "off": 1}, 2),
        (Switch(on=False), Type.DOUBLE, LIGHT | {"on": 2, "off": 1}, 1.0),
        (Switch(on=True), Type.BYTE, DIM, 100),
        (Dim(percent=50), Type.BYTE, DIM | {"scale": "2.55"}, 128),
        (Dim(percent=50), Type.FLOAT, DIM | {"scale": "0.01"}, 0.5),
        (Setpoint(celsius=Decimal("19.5")), Type.DOUBLE, HEAT, 19.5),
        (Setpoint(celsius=Decimal("19.5")), Type.INT16, HEAT | {"scale": 10}, 195),
        (Setpoint(celsius=Decimal(-5)), Type.SBYTE, HEAT, -5),
        (Release(), Type.DOUBLE, HEAT, 16.0),
        (Release(), Type.BOOLEAN, LIGHT | {"release": True}, True),
    ],
)
def test_a_level_is_spelt_in_the_nodes_own_type(level: Level, kind: Type, told: dict[str, Any], number: Number) -> None:
    assert spelt(level, kind, told) == [(told["node"], number)]
    ((_, wrote),) = spelt(level, kind, told)
    assert type(wrote) is type(number)


@pytest.mark.parametrize(
    "level, kind, told",
    [
        (Setpoint(celsius=Decimal("19.5")), Type.INT16, HEAT),
        (Setpoint(celsius=Decimal(-5)), Type.BYTE, HEAT),
        (Setpoint(celsius=Decimal(20)), Type.BYTE, HEAT | {"scale": 100}),
        (Dim(percent=3), Type.BYTE, DIM | {"scale": "0.1"}),
        (Dim(percent=50), Type.BOOLEAN, DIM),
        (Setpoint(celsius=Decimal(20)), Type.BOOLEAN, HEAT),
        (Setpoint(celsius=Decimal(20)), Type.FLOAT, HEAT | {"scale": "1e40"}),
        (Switch(on=True), Type.BYTE, LIGHT | {"on": 300}),
        (Dim(percent=3), Type.BOOLEAN, LIGHT),
    ],
)
def test_what_a_node_cannot_hold_is_for_a_person(level: Level, kind: Type, told: dict[str, Any]) -> None:
    with pytest.raises(RejectedError, match=r"correct|change"):
        spelt(level, kind, told)


@pytest.mark.parametrize(
    "value, kind, told",
    [
        (7, Type.INT16, LIGHT),
        (101, Type.BYTE, DIM),
        (-1, Type.INT16, DIM),
        (True, Type.BOOLEAN, DIM),
        (float("nan"), Type.FLOAT, HEAT),
        (float("inf"), Type.DOUBLE, HEAT),
        ("on", None, LIGHT),
        ([1, 0], None, LIGHT),
        (None, None, LIGHT),
    ],
)
def test_what_is_no_level_is_never_taken_for_one(value: object, kind: Type | None, told: dict[str, Any]) -> None:
    with pytest.raises(RejectedError, match=told["node"]):
        translate.level_of(Told(value, type=kind), a_zone(**told))


def test_a_level_lies_there_before_the_mode_is_ours_and_a_release_writes_the_mode_alone() -> None:
    zone = a_zone(node="i=1", status="i=2", kind="setpoint", mode=MODE, off_after=600, timer="i=3")
    level = translate.wanted(Setpoint(celsius=Decimal(21)), zone)
    assert [write.node for write in translate.writes(level, zone, 60)] == ["i=3", "i=1", "i=9"]
    assert translate.writes(translate.wanted(Release(), zone), zone) == [translate.Write("i=9", Decimal(1))]
    assert translate.rest(zone) is None


@pytest.mark.parametrize(
    "told, kind", [("i=1", Type.BOOLEAN), ("i=11", Type.DOUBLE), ("i=12", None), ("ns=2;i=3", None)]
)
def test_only_a_standard_type_of_number_is_known_by_its_name(told: str, kind: Type | None) -> None:
    assert translate.type_named(told) is kind


@given(tenths=st.integers(-300, 600), kind=st.sampled_from([kind for kind in SPANS if kind not in {2, 3}]))
def test_what_a_node_holds_is_what_was_meant(tenths: int, kind: Type) -> None:
    zone, level = a_zone(**HEAT, scale=10), Setpoint(celsius=Decimal(tenths) / 10)
    (write,) = translate.writes(level, zone)
    if SPANS[kind][0] <= tenths <= SPANS[kind][1]:
        assert translate.level_of(Told(translate.spelt(write, kind, zone), type=kind), zone) == level


@given(
    tenths=st.integers(-300, 600), kind=st.sampled_from([Type.FLOAT, Type.DOUBLE]), scale=st.sampled_from([1, 10, 0.01])
)
def test_a_real_number_comes_back_as_the_degrees_that_it_was(tenths: int, kind: Type, scale: float) -> None:
    zone, level = a_zone(**HEAT, scale=str(scale)), Setpoint(celsius=Decimal(tenths) / 10)
    (write,) = translate.writes(level, zone)
    assert translate.level_of(Told(translate.spelt(write, kind, zone), type=kind), zone) == level


@given(percent=st.integers(0, 100), kind=st.sampled_from([kind for kind in Type if kind not in {1, 2}]))
def test_every_per_cent_comes_back_by_every_type(percent: int, kind: Type) -> None:
    zone = a_zone(**DIM, scale="2.55")
    (write,) = translate.writes(Dim(percent=percent), zone)
    assert translate.level_of(Told(translate.spelt(write, kind, zone), type=kind), zone) == Dim(percent=percent)


@pytest.mark.parametrize(
    "zone, fault",
    [
        ({"node": "Light"}, "node"),
        ({"node": "ns=70000;i=1"}, "a number to 65535"),
        ({"node": "nsu=;i=1"}, "node"),
        (LIGHT | {"on": 0}, "on and off are the same"),
        (LIGHT | {"mode": {"node": "i=9"}}, "a status of its own"),
        (LIGHT | {"status": "i=2", "mode": {"node": "i=9", "ours": 0}}, "ours and released"),
        ({"node": "i=1", "kind": "setpoint"}, "a mode, or a release"),
        (LIGHT | {"release": 5}, "true or false"),
        (DIM | {"release": True}, "of others a number"),
        (LIGHT | {"timer": "i=3"}, "off_after"),
        (LIGHT | {"timer": "ns=2;s=Light", "off_after": 600}, "written for two things"),
        (LIGHT | {"off_after": 20}, "off_after"),
    ],
)
def test_a_zone_that_could_not_work_is_refused(zone: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        OpcuaConfig.model_validate({"url": URL, "zones": {"hall": zone}})


@pytest.mark.parametrize(
    "more, fault",
    [
        ({"url": "http://10.20.30.40"}, "no endpoint"),
        ({"url": "opc.tcp://:4840"}, "no endpoint"),
        ({"url": "opc.tcp://driften:vinter@10.20.30.40"}, "shown in logs"),
        ({"url": "opc.tcp://10.20.30.40:0"}, "port 0"),
        ({"security": "sign"}, "needs certificate_file"),
        ({"certificate_file": "ours.der"}, "certificates are for security"),
        ({"username": "driften"}, "go together"),
        ({"zones": {"a": LIGHT, "b": LIGHT}}, "zones a and b both write ns=2;s=Light"),
        ({"zones": {}}, "zones"),
    ],
)
def test_a_connection_that_could_not_work_is_refused(more: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        OpcuaConfig.model_validate({"url": URL, "zones": {"hall": LIGHT}} | more)


def test_an_endpoint_without_a_port_is_at_the_standard_one() -> None:
    config = OpcuaConfig.model_validate({"url": "opc.tcp://plc.example", "zones": {"hall": LIGHT}})
    assert (config.host, config.port) == ("plc.example", 4840)
