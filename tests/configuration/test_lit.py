"""Rules of zones that lack something, or contradict each other or the zone."""

from typing import Any

import pytest

from hub.configuration import Finding
from tests.configuration.folders import read, small, the_error, the_warning

HALL = "facilities/hall.yaml"
OFF = {"at": "22:00", "until": "06:00"}
ALARM = {"capability": "alarm", "kind": "switch", "levels": {"default": True}}


def ruled(**rules: Any) -> dict[str, Any]:
    """The small folder, whose one zone has these keys too."""
    trees = small()
    trees[HALL]["zones"]["court"] |= rules
    return trees


CONTRADICTIONS: list[tuple[dict[str, Any], str, str]] = [
    ({"only_when_dark": {"margin_minutes": 0}}, "no-position", "only_when_dark"),
    ({"latest_off": {"until": "06:00"}}, "missing-key", "latest_off.at"),
    ({"latest_off": OFF | {"at": "06:00"}}, "no-night", "latest_off.at"),
    ({"latest_off": OFF | {"evenings": {"friday": "06:00"}}}, "no-night", "latest_off.evenings.friday"),
    ({"tail": {"minutes": 10, "level": 0}}, "wrong-level", "tail.level"),
    ({"purge": {"minutes": 10, "level": 50}}, "purge-of-light", "purge"),
    ({"warning": {"minutes_before": 5, "seconds": 10, "level": 99}}, "warning-unseen", "warning.level"),
    ({"warning": {"minutes_before": 1, "seconds": 60, "level": 10}}, "warning-too-long", "warning.seconds"),
    (
        {"kind": "switch", "levels": {"default": True}, "warning": {"minutes_before": 5, "seconds": 10, "level": 10}},
        "warning-of-no-dim",
        "warning",
    ),
    (
        {"capability": "climate", "tail": {"minutes": 5, "level": 20}, "purge": {"minutes": 5, "level": 20}},
        "tail-and-purge",
        "purge",
    ),
    ({"capability": "climate", "restrike_minutes": 15}, "rule-of-light", "restrike_minutes"),
    (ALARM | {"latest_off": OFF}, "rule-of-no-alarm", "latest_off"),
    (ALARM | {"tail": {"minutes": 5, "level": True}}, "rule-of-no-alarm", "tail"),
    (ALARM | {"purge": {"minutes": 5, "level": True}}, "rule-of-no-alarm", "purge"),
    (ALARM | {"only_when_dark": {"margin_minutes": 0}}, "rule-of-light", "only_when_dark"),
    (ALARM | {"levels": {"default": True, "match": False}}, "wrong-level", "levels.match"),
    ({"capability": "climate", "only_when_dark": {"margin_minutes": 0}}, "rule-of-light", "only_when_dark"),
]


@pytest.mark.parametrize("rules, code, path", CONTRADICTIONS, ids=[code for _, code, _ in CONTRADICTIONS])
def test_a_rule_that_cannot_hold_is_told_on_its_line(rules: dict[str, Any], code: str, path: str) -> None:
    found = read(ruled(**rules))
    errors: list[Finding] = [each for each in found.findings if each.code == code]
    assert [(each.file, each.path) for each in errors] == [(HALL, f"zones.court.{path}")]
    assert errors[0].line > 1


def test_rules_that_can_all_hold_have_no_errors() -> None:
    trees = ruled(
        restrike_minutes=15,
        only_when_dark={"margin_minutes": 20},
        latest_off=OFF | {"evenings": {"friday": "00:30", "sunday": None}},
        tail={"minutes": 10, "level": 20},
        warning={"minutes_before": 5, "seconds": 10, "level": 10},
    )
    trees[HALL]["position"] = {"latitude": 63.8, "longitude": 20.3}
    assert read(trees).ok


def test_a_wrong_time_of_day_is_told_on_its_line() -> None:
    error = the_error(read(ruled(latest_off=OFF | {"at": "25:00"})), "wrong-value")
    assert error.path == "zones.court.latest_off.at"


def test_zones_whose_devices_stay_on_without_the_hub_are_named() -> None:
    trees = small()
    key = trees[HALL]["zones"]["court"]["key"]
    trees["connections/lamps.yaml"]["settings"]["zones"] = {key: "stays"}
    warning = the_warning(read(trees), "no-off-timer")
    assert f"`{key}`" in warning.message
    assert warning.file == "connections/lamps.yaml"
