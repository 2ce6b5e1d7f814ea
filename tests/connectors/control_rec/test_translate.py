"""Levels and values, and what sensors measure in canonical words."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.control_rec.config import RecConfig, ZoneIds
from connectors.control_rec.messages import Observed, Value
from connectors.control_rec.translate import level_of, observation_of, rest, value_of, wanted
from hub.model import Dim, Level, ObservationUnit, Quantity, Release, Setpoint, Switch
from hub.sdk import RejectedError

LEAST: dict[str, Any] = {"device_id": "d", "mqtt": {"host": "h", "client_id": "c"}, "zones": {"a": {"actuator": "x"}}}
CORE = "https://w3id.org/rec/core/"


def zone(**told: Any) -> ZoneIds:
    return ZoneIds.model_validate({"actuator": "x"} | told)


def faults(**changes: Any) -> str:
    with pytest.raises(ValidationError) as error:
        RecConfig.model_validate(LEAST | changes)
    return str(error.value)


@pytest.mark.parametrize(
    "ids, level, value",
    [
        (zone(), Switch(on=True), True),
        (zone(form="number"), Switch(on=False), Decimal(0)),
        (zone(form="text", on="Open", off="Closed"), Switch(on=True), "Open"),
        (zone(kind="dim"), Dim(percent=37), Decimal(37)),
        (zone(kind="dim", full="1"), Dim(percent=37), Decimal("0.37")),
        (zone(kind="dim", full=255), Dim(percent=1), Decimal("2.55")),
        (zone(kind="setpoint", release=16), Setpoint(celsius=Decimal("20.5")), Decimal("20.5")),
    ],
)
def test_a_level_is_written_in_the_devices_way_and_read_back(ids: ZoneIds, level: Level, value: Value) -> None:
    assert value_of(level, ids) == value
    assert type(value_of(level, ids)) is type(value)
    assert level_of(value, ids) == level


@pytest.mark.parametrize(
    "ids, value",
    [(zone(), "On air"), (zone(kind="dim"), Decimal(101)), (zone(kind="dim"), True), (zone(kind="dim"), Decimal(-1)),
     (zone(kind="setpoint", release=16), "warm"), (zone(kind="setpoint", release=16), Decimal(99_999))],
)  # fmt: skip
def test_an_observation_that_is_no_level_is_refused(ids: ZoneIds, value: Value) -> None:
    with pytest.raises(RejectedError, match="check sensor"):
        level_of(value, ids)


def test_a_lamp_that_glows_is_never_read_as_dark() -> None:
    assert level_of(Decimal("0.2"), zone(kind="dim")) == Dim(percent=1)


def test_a_released_zone_goes_back_to_what_the_settings_say_or_to_itself() -> None:
    assert wanted(Release(), zone(release=True)) == rest(zone(release=True)) == Switch(on=True)
    assert wanted(Release(), zone(kind="dim", release=20)) == Dim(percent=20)
    itself = zone(kind="setpoint", automatic="Auto")
    assert (rest(itself), wanted(Release(), itself), value_of(Release(), itself)) == (None, Release(), "Auto")
    assert wanted(Switch(on=True), zone(kind="dim")) == Dim(percent=100)
    with pytest.raises(RejectedError, match="change its kind"):
        wanted(Dim(percent=50), zone())


QUANTITIES = {
    f"{CORE}Temperature": {"quantity": "temperature", "unit": "celsius"},
    f"{CORE}Energy": {"quantity": "energy", "unit": "kilowatt_hours", "factor": "0.001"},
    f"{CORE}Presence": {"quantity": "occupancy", "unit": "presence"},
}
SETTINGS = RecConfig.model_validate(LEAST | {"quantities": QUANTITIES})


def told(kind: str, **value: object) -> Observed:
    whole = {"observationTime": "2026-11-26T18:00:00Z", "sensorId": "https://x.test/s/7/", "quantityKind": CORE + kind}
    return Observed.model_validate(whole | value)


def test_what_a_sensor_told_has_one_unit_a_time_and_an_id() -> None:
    found = observation_of(told("Energy", value=1_234_567), SETTINGS)
    assert found is not None
    assert (found.sensor, found.quantity, found.value) == ("https://x.test/s/7", Quantity.ENERGY, Decimal("1234.567"))
    assert (found.unit, found.at) == (ObservationUnit.KILOWATT_HOURS, datetime(2026, 11, 26, 18, tzinfo=UTC))
    assert found.source_id == "https://x.test/s/7@2026-11-26T18:00:00+00:00/Energy"
    there = observation_of(told("Presence", valueBoolean=True), SETTINGS)
    assert there is not None
    assert (there.value, there.unit) == (Decimal(1), ObservationUnit.PRESENCE)
    assert observation_of(told("CO2", value=900), SETTINGS) is None


@pytest.mark.parametrize(
    "bad",
    [told("Temperature", valueString="warm"), told("Temperature", value=-400), told("Presence", value=Decimal("0.5")),
     told("Energy", value=10**30), told("Energy", value=-1)],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_sensor_or_reason(bad: Observed) -> None:
    with pytest.raises(RejectedError, match="check"):
        observation_of(bad, SETTINGS)


def test_settings_that_cannot_work_are_refused_with_all_their_faults() -> None:
    assert "give one of them" in faults(https={"url": "https://x.test/"})
    assert "give one of them" in faults(mqtt=None)
    assert "give a webhook_secret" in faults(mqtt=None, https={"url": "https://x.test/"})
    assert "wildcard" in faults(device_id="#")
    mqtt = LEAST["mqtt"]
    assert "are the same" in faults(mqtt=mqtt | {"command_topic": "t", "message_topic": "t"})
    two = {"a": {"actuator": "x/", "sensor": "s"}, "b": {"actuator": "x", "sensor": "s/"}}
    assert "zones a and b have the same actuator; zones a and b have the same sensor" in faults(zones=two)
    bad_ones: list[tuple[dict[str, object], str]] = [
        ({"on": "on", "off": "ON"}, "on and off are the same"),
        ({"kind": "setpoint"}, "a setpoint needs"),
        ({"kind": "dim", "release": 101}, "per cent"),
        ({"kind": "dim", "release": True}, "is a number"),
        ({"release": 3}, "true or false"),
        ({"release": True, "automatic": "Auto"}, "no release"),
    ]
    for bad, why in bad_ones:
        assert why in faults(zones={"a": {"actuator": "x"} | bad})
