"""Sensors of a facility: what they name, and what only sensors can tell."""

from typing import Any

import pytest

from hub.configuration.finding import Severity
from tests.configuration.folders import at, read, small, the_error, with_code

METER = {"connection": "lamps", "key": "kwh", "quantity": "energy"}


def folder(**sensors: dict[str, Any]) -> dict[str, Any]:
    """The small folder, with sensors in its hall."""
    trees = small()
    at(trees, "facilities/hall.yaml")["sensors"] = sensors
    return trees


def test_sensors_that_name_what_is_there_are_right() -> None:
    found = read(
        folder(
            meter=METER,
            people=METER | {"quantity": "occupancy", "resource": "hall.court"},
            light=METER | {"quantity": "lux", "zone": "court", "lit_above": 100},
        )
    )
    assert found.ok
    assert len(found.required().facilities["hall"].sensors) == 3


@pytest.mark.parametrize(
    "more, code, path",
    [
        ({"connection": "lamp"}, "unknown-connection", "sensors.meter.connection"),
        ({"resource": "hall.field"}, "unknown-resource", "sensors.meter.resource"),
        ({"zone": "yard"}, "unknown-zone", "sensors.meter.zone"),
    ],
)
def test_what_a_sensor_names_is_there(more: dict[str, Any], code: str, path: str) -> None:
    error = the_error(read(folder(meter=METER | more)), code)
    assert (error.file, error.path) == ("facilities/hall.yaml", path)
    assert error.line > 1


@pytest.mark.parametrize(
    "more, known",
    [({}, True), ({"key": "pir"}, False), ({"key": "pir", "quantity": "occupancy"}, True), ({"key": "kvh"}, False)],
)
def test_a_sensor_is_one_that_its_connection_hears_and_that_measures_it(more: dict[str, Any], *, known: bool) -> None:
    trees = folder(meter=METER | more)
    at(trees, "connections/lamps.yaml")["connector"] = "sensing"
    found = read(trees)
    assert [one.path for one in with_code(found, "unknown-sensor")] == ([] if known else ["sensors.meter.key"])
    assert found.ok is known
    asked = {more.get("key", METER["key"])} if known else set()
    (idle,) = with_code(found, "idle-sensor")
    assert [key for key in ("kwh", "pir") if f"`{key}`" in idle.message] == sorted({"kwh", "pir"} - asked)
    assert [one for one in found.findings if "arrives" in one.message] == [], "nothing is fetched from who only tells"


@pytest.mark.parametrize(
    "more",
    [
        {"resource": "hall.court", "zone": "court"},
        {"zone": "court", "lit_above": 100},
        {"quantity": "lux", "lit_above": 100},
        {"quantity": "noise"},
    ],
)
def test_a_sensor_that_cannot_be_is_refused_at_its_line(more: dict[str, Any]) -> None:
    found = read(folder(meter=METER | more))
    errors = [finding for finding in found.findings if finding.severity is Severity.ERROR]
    assert [(error.file, error.path.startswith("sensors.meter"), error.line > 1) for error in errors] == [
        ("facilities/hall.yaml", True, True)
    ]


def test_a_sensor_written_twice_is_found_with_both_lines() -> None:
    error = the_error(read(folder(meter=METER, other=METER | {"zone": "court"})), "doubled-sensor")
    assert "facilities/hall.yaml:" in error.message


def test_a_sensor_that_nobody_reads_is_told_of() -> None:
    found = read(folder(meter={"key": "kwh", "quantity": "energy"}))
    assert found.ok
    told = [finding.message for finding in with_code(found, "unserved")]
    assert "nobody reads it; write `connection` when there is one" in told


@pytest.mark.parametrize(
    "rule, capability, code",
    [
        ({"empty_after_minutes": 20}, "lighting", "no-sensor"),
        ({"unbooked_after_minutes": 20}, "climate", "rule-of-light"),
    ],
)
def test_a_zone_waits_for_nothing_that_nobody_tells(rule: dict[str, int], capability: str, code: str) -> None:
    trees = folder(meter=METER)
    zone = at(trees, "facilities/hall.yaml", "zones", "court")
    zone |= rule | {"capability": capability}
    assert the_error(read(trees), code).line > 1


def test_a_sensor_of_what_a_zone_serves_is_enough() -> None:
    trees = folder(people=METER | {"quantity": "occupancy", "resource": "hall.court"})
    at(trees, "facilities/hall.yaml", "zones", "court")["empty_after_minutes"] = 20
    assert read(trees).ok
