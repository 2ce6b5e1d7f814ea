"""Connections against the connectors that they run."""

from importlib.metadata import entry_points
from typing import Any

import pytest

from hub.configuration import read_files
from hub.configuration.limits import LEASE
from hub.discovery import load_connector
from hub.errors import ConfigurationError
from tests.configuration.folders import STUBS, load, load_stub, read, small, the_error, the_warning, with_code, written

HALL = "facilities/hall.yaml"
LOCKS = "connections/locks.yaml"
LAMPS = "connections/lamps.yaml"


def test_a_connector_that_is_not_installed_is_told_with_those_that_are() -> None:
    trees = small()
    trees[LOCKS] |= {"connector": "acces_arx"}
    found = read_files(written(trees), load_class=load_connector)
    (error,) = [each for each in with_code(found, "unknown-connector") if each.file == LOCKS]
    assert error.message == "no connector `acces_arx`: did you mean `access_arx`?"
    assert error.path == "connector"


def test_a_connector_that_cannot_be_imported_is_a_finding() -> None:
    def broken(name: str) -> Any:
        raise ImportError(name)

    found = read_files(written(small()), load_class=broken)
    assert [each.file for each in with_code(found, "unknown-connector")] == [LAMPS, LOCKS]


def test_a_setting_is_checked_by_the_connector_on_its_line() -> None:
    trees = small()
    trees[LOCKS]["settings"] |= {"port": "many", "hots": "x"}
    found = read(trees)
    assert [(each.code, each.path) for each in found.findings if each.file == LOCKS] == [
        ("wrong-value", "settings.port"),
        ("unknown-key", "settings.hots"),
    ]
    assert found.configuration is not None
    with pytest.raises(ConfigurationError, match=r"settings|`hots`"):
        found.required()


def test_a_setting_that_is_left_out_is_told_with_its_default() -> None:
    trees = small()
    del trees[LOCKS]["settings"]["port"]
    assert "`port: 1`" in the_warning(read(trees), "left-out").message


def test_a_secret_in_plain_text_is_refused_and_never_shown() -> None:
    trees = small()
    trees[LOCKS]["settings"]["password"] = "hemligt-ord"
    found = read(trees)
    error = the_error(found, "plain-secret")
    assert "${env:NAME}" in error.message
    assert error.path == "settings.password"
    assert "hemligt" not in "".join(map(str, found.findings))


@pytest.mark.parametrize("value", ["${env:}", "a${env:X}", "${file:relative}", "${vault:x}", "${env:1X}"])
def test_a_reference_that_is_none_is_refused(value: str) -> None:
    trees = small()
    trees[LOCKS]["settings"]["host"] = value
    assert the_error(read(trees), "bad-reference").path == "settings.host"


def test_what_stands_behind_a_reference_is_not_guessed_at() -> None:
    trees = small()
    trees[LOCKS]["settings"]["port"] = "${env:PORT}"
    assert read(trees).ok


def test_a_connection_is_used_for_what_its_connector_does() -> None:
    trees = small()
    trees[HALL]["access"]["connection"] = "lamps"
    error = the_error(read(trees), "wrong-capability")
    assert error.message == "`lamps` runs StubLamp, which does no access; name another"
    assert error.path == "access.connection"


def test_a_duty_that_no_connector_does_yet_is_refused() -> None:
    trees = small()
    trees["municipality.yaml"]["finance"] = {"connection": "locks"}
    assert the_error(read(trees), "wrong-capability").path == "finance.connection"


def test_a_zone_that_the_settings_lack_is_told_and_so_is_one_that_nobody_asks_for() -> None:
    trees = small()
    trees[LAMPS]["settings"]["zones"] = {"cuort": "x"}
    found = read(trees)
    assert the_error(found, "unknown-key-of-system").message == (
        "`court` is not in the settings of `lamps`: did you mean `cuort`?"
    )
    assert [each.message for each in with_code(found, "idle-key")] == [
        "no facility asks for `cuort` of `lamps`; is it misspelt?"
    ]


@pytest.mark.parametrize(
    "kind, level, wanted",
    [
        ("dim", 101, "per cent"),
        ("dim", 0, "per cent"),
        ("dim", 60.0, "per cent"),
        ("dim", True, "per cent"),
        ("switch", False, "true"),
        ("switch", 1, "true"),
        ("setpoint", True, "degrees"),
        ("setpoint", 18.55, "degrees"),
        ("setpoint", 1e9, "degrees"),
    ],
)
def test_a_level_that_no_zone_of_its_kind_can_have_is_refused(kind: str, level: object, wanted: str) -> None:
    trees = small()
    del trees[HALL]["zones"]["court"]["connection"]
    trees[HALL]["zones"]["court"] |= {"kind": kind, "levels": {"default": level}}
    error = the_error(read(trees), "wrong-level")
    assert error.path == "zones.court.levels.default"
    assert wanted in error.message


@pytest.mark.parametrize(
    "kind, level", [("dim", 1), ("dim", 100), ("switch", True), ("setpoint", 18), ("setpoint", -7.5)]
)
def test_a_level_of_the_right_kind_is_taken(kind: str, level: object) -> None:
    trees = small()
    del trees[HALL]["zones"]["court"]["connection"]
    trees[HALL]["zones"]["court"] |= {"kind": kind, "levels": {"default": level}}
    assert read(trees).ok


def test_a_zone_has_a_level_for_any_activity() -> None:
    trees = small()
    del trees[HALL]["zones"]["court"]["levels"]["default"]
    assert the_error(read(trees), "no-default-level").path == "zones.court.levels"


def test_a_kind_that_the_system_cannot_take_is_refused() -> None:
    trees = small()
    trees[HALL]["zones"]["court"] |= {"kind": "setpoint", "levels": {"default": 18.0}}
    assert the_error(read(trees), "wrong-kind").message == "`lamps` cannot take a setpoint; it takes dim"


def test_a_pin_that_the_lock_cannot_take_is_refused() -> None:
    trees = small()
    trees[HALL]["access"]["credential"]["pin"] |= {"length": 6, "leading_zero": True}
    assert {each.code: each.path for each in read(trees).findings if "pin" in each.code} == {
        "pin-length": "access.credential.pin.length",
        "pin-leading-zero": "access.credential.pin.leading_zero",
    }


def test_a_pin_of_signs_that_the_keypad_has_not_is_refused() -> None:
    trees = small()
    trees[HALL]["access"]["credential"]["pin"]["alphabet"] = "0123456789AB"
    found = the_error(read(trees), "pin-alphabet")
    assert found.path == "access.credential.pin.alphabet"
    assert found.message == "`locks` takes PINs of 0123456789, not AB; write `alphabet: '0123456789'`"


def test_a_keypad_without_a_zero_has_no_leading_zero() -> None:
    trees = small()
    trees[HALL]["access"]["credential"]["pin"] |= {"alphabet": "12345", "leading_zero": True}
    trees[LOCKS]["connector"] = "choosy"
    assert the_error(read(trees), "no-zero").path == "access.credential.pin.leading_zero"


def test_when_an_associations_code_changes_is_written_and_only_then() -> None:
    trees = small()
    trees[HALL]["access"]["credential"]["strategy"] = "per_association"
    assert "`changes_on: 09-01`" in the_error(read(trees), "missing-key").message
    trees[HALL]["access"]["credential"] |= {"strategy": "per_holder", "changes_on": "09-01"}
    assert the_error(read(trees), "changes-by-itself").path == "access.credential.changes_on"


def test_halls_of_one_lock_system_agree_on_an_associations_code() -> None:
    trees = small()
    shared = {"strategy": "per_association", "changes_on": "09-01"}
    trees[HALL]["access"]["credential"] |= shared
    trees["facilities/ice.yaml"] = {
        "name": "Ishallen",
        "resources": {"ice.rink": {"name": "Rink", "kind": "place", "parts": []}},
        "access": {
            "connection": "locks",
            "credential": trees[HALL]["access"]["credential"] | {"changes_on": "08-15"},
            "doors": {"ICE": {"key": "ice", "serves": "all", "lead_minutes": 5, "lag_minutes": 5}},
        },
        "zones": {},
    }
    assert "facilities/hall.yaml" in the_error(read(trees), "codes-disagree").message
    trees["facilities/ice.yaml"]["access"]["credential"]["changes_on"] = "09-01"
    assert read(trees).ok


def test_a_lock_that_makes_its_pins_itself_is_warned_of() -> None:
    trees = small()
    trees[LOCKS]["connector"] = "choosy"
    assert the_warning(read(trees), "pin-chosen-elsewhere").path == "access.credential.pin"


def test_a_system_that_may_take_over_half_a_lease_is_refused() -> None:
    trees = small()
    trees[LAMPS]["connector"] = "slow"
    assert "half a lease (30 s)" in the_error(read(trees), "unsafe-timing").message


def test_a_connector_whose_extra_is_not_installed_is_warned_of_with_what_to_install() -> None:
    trees = small()
    trees[LAMPS]["connector"] = "whole"
    assert not with_code(read(trees), "extra-missing")
    trees[LAMPS]["connector"] = "bare"
    found = read(trees)
    assert "pip install 'knutpunkt[modem]'" in the_warning(found, "extra-missing").message
    assert found.ok, "who checks may be another machine than who runs"


def test_what_is_left_out_inside_a_setting_is_told_there_and_what_is_empty_on_purpose_is_not() -> None:
    trees = small()
    trees[LAMPS]["settings"]["zones"] = {"court": {"name": "Bana"}}
    trees[LAMPS] |= {"connector": "grouped"}
    trees[LAMPS]["settings"] |= {"owner": {"name": "Kommunen"}}
    warning = the_warning(read(trees), "left-out")
    assert (warning.path, warning.message.partition(";")[0]) == ("settings.owner", 'left out, and so `phone: ""`')


def test_a_source_says_how_its_data_comes() -> None:
    trees = small()
    trees["connections/lists.yaml"] = {
        "connector": "mapped_files", "mode": "live", "settings": {}, "mapping": "attendance-csv"
    }  # fmt: skip
    found = read_files(written(trees), load_class=lambda name: load_stub(name) if name in STUBS else load(name))
    assert [each.message for each in with_code(found, "left-out")] == [
        "`arrives` is left out: only uploads and callbacks are taken; write it, or `arrives: null`"
    ]


def test_an_sftp_server_needs_a_way_to_log_in() -> None:
    trees = small()
    trees["connections/lists.yaml"] = {
        "connector": "mapped_files", "mode": "live", "settings": {}, "mapping": "attendance-csv",
        "arrives": {"every_minutes": 5, "sftp": {
            "host": "files.example", "username": "u", "host_key": "ssh-ed25519 AAAA", "path": "out",
        }},
    }  # fmt: skip
    found = read_files(written(trees), load_class=lambda name: load_stub(name) if name in STUBS else load(name))
    assert the_error(found, "no-login").path == "arrives.sftp"


def test_a_lock_told_only_a_day_ahead_is_warned_of() -> None:
    trees = small()
    trees[LOCKS]["push_horizon_days"] = 1
    assert the_warning(read(trees), "short-horizon").file == LOCKS
    trees[LOCKS]["push_horizon_days"] = 2
    assert with_code(read(trees), "short-horizon") == []


@pytest.mark.parametrize("name", sorted(entry.name for entry in entry_points(group="hub.connectors")))
def test_no_connector_of_ours_declares_a_timing_that_check_refuses(name: str) -> None:
    pace = load(name).pace
    assert pace.timeout <= pace.lands_within <= LEASE / 2
