"""What is wrong with a value is told in the writer's words, with what should stand there."""

from typing import Any

import pytest

from hub.configuration import Finding
from tests.configuration.folders import at, read, small, the_error, with_code

HALL = "facilities/hall.yaml"


def error_of(file: str, *path: str | int, value: object) -> Finding:
    """The one error of the small folder with that value in it."""
    trees = small()
    at(trees, file, *path[:-1])[path[-1]] = value
    return the_error(read(trees), "wrong-value")


@pytest.mark.parametrize(
    "path, value, message",
    [
        (("access", "doors", "OUTER", "lead_minutes"), "15", "`lead_minutes` should be a whole number: whole minutes"),
        (
            ("access", "doors", "OUTER", "lead_minutes"),
            -1,
            "`lead_minutes` should be greater than or equal to 0: whole minutes",
        ),
        (
            ("access", "doors", "OUTER", "key"),
            5,
            "`key` should be a text: what the external system calls it; a text that looks like a number",
        ),
        (
            ("access", "doors", "OUTER", "serves"),
            "alla",
            "`serves` should be 'all' or be a list: resources whose bookings open it, or all places",
        ),
        (
            ("access", "doors", "OUTER", "serves"),
            ["hall.court", "Hall"],
            "item 2 of `serves` is not written so: the facility's name, a dot, and a name; small letters",
        ),
        (
            ("zones", "court", "capability"),
            "light",
            "`capability` should be 'lighting', 'climate', 'hold_open' or 'alarm': lighting, climate, hold_open (",
        ),
        (
            ("zones", "court", "levels", "default"),
            "svar",
            "`default` should be true or false or be a whole number or be a number",
        ),
        (("access", "credential"), "pin", "`credential` should have keys of its own"),
        (("resources", "hall.court", "name"), "", "`name` should have at least 1 character: what people call it"),
    ],
)
def test_a_wrong_value_is_told_with_what_should_stand_there(path: tuple[str, ...], value: object, message: str) -> None:
    finding = error_of(HALL, *path, value=value)
    assert finding.message.startswith(message)
    assert (finding.file, finding.path) == (HALL, ".".join((*path, "1") if "item 2" in message else path))


def test_an_unknown_key_comes_with_the_nearest_known() -> None:
    trees = small()
    access = trees[HALL]["access"]
    access["conection"] = access.pop("connection")
    finding = next(iter(with_code(read(trees), "unknown-key")))
    assert finding.message == "unknown key `conection`: did you mean `connection`?"


def test_an_unknown_key_that_is_like_no_other_comes_with_all_there_are() -> None:
    trees = small()
    trees[HALL]["opening-hours"] = "08-22"
    finding = the_error(read(trees), "unknown-key")
    assert finding.message == "unknown key `opening-hours`: there are access, name, position, resources, sensors, zones"


def test_a_missing_key_is_told_at_what_should_hold_it() -> None:
    trees = small()
    del trees[HALL]["access"]["credential"]["pin"]["length"]
    finding = the_error(read(trees), "missing-key")
    assert finding.message == "`length` is missing: digits; write it here"
    assert (finding.file, finding.path) == (HALL, "access.credential.pin.length")


def test_all_faults_of_all_files_are_told_at_once() -> None:
    trees = small()
    trees["municipality.yaml"]["key"] = 2480
    trees["connections/lamps.yaml"]["mode"] = "off"
    trees[HALL]["access"]["doors"]["OUTER"] |= {"lead_minutes": "x", "lag_minutes": 9999}
    assert [(each.file, each.path) for each in with_code(read(trees), "wrong-value")] == [
        ("connections/lamps.yaml", "mode"),
        (HALL, "access.doors.OUTER.lead_minutes"),
        (HALL, "access.doors.OUTER.lag_minutes"),
        ("municipality.yaml", "key"),
    ]


@pytest.mark.parametrize("tree", ["- a\n- b\n", "just text\n", "5\n"])
def test_a_file_that_is_no_list_of_keys_is_refused(tree: Any) -> None:
    trees = small()
    trees[HALL] = tree
    assert the_error(read(trees), "wrong-value").message == "this should have keys of its own"


def test_an_empty_file_is_told_what_to_hold() -> None:
    trees = small()
    trees[HALL] = "# later\n"
    assert "write `name`, `position`, `resources`, `access`, `zones`" in the_error(read(trees), "empty-file").message


def test_a_finding_reads_as_editors_read_them() -> None:
    trees = small()
    trees["municipality.yaml"]["key"] = "24800"
    assert str(the_error(read(trees), "wrong-value")) == (
        "municipality.yaml:1:1: error: `key` is not written so: kommunkod, or a short name [wrong-value]"
    )
