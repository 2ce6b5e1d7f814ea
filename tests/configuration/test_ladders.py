"""Ladders beside doors that name nobody, reach nobody or go the wrong way."""

from typing import Any

import pytest

from hub.configuration import Severity
from tests.configuration.folders import read, small, with_code

HALL, TOWN = "facilities/hall.yaml", "municipality.yaml"
VAKT: dict[str, Any] = {"email": {"connection": "mail", "to": "vakt@kommun.example"}}


def laddered(*rungs: tuple[int, str], **roles: Any) -> dict[str, Any]:
    """The small folder with these rungs, and these roles."""
    trees = small()
    trees[TOWN]["notify"] = roles
    trees[HALL]["access"]["fallback"] = [{"minutes_before": minutes, "tell": role} for minutes, role in rungs]
    return trees


def test_a_role_that_is_not_there_is_told_on_its_line() -> None:
    (error,) = with_code(read(laddered((30, "vakt"), (10, "chef"), vakt=VAKT)), "unknown-role")
    assert (error.file, error.path) == (HALL, "access.fallback.1.tell")
    assert error.line > 1
    assert error.message.endswith("there is vakt")


@pytest.mark.parametrize("rung", [{}, {"tell": "vakt", "spare_codes": "${file:/run/secrets/reserv}"}])
def test_a_rung_that_does_nothing_or_two_things_is_told_on_its_line(rung: dict[str, str]) -> None:
    trees = laddered(vakt=VAKT)
    trees[HALL]["access"]["fallback"] = [{"minutes_before": 30} | rung]
    (error,) = with_code(read(trees), "unclear-rung")
    assert (error.file, error.path) == (HALL, "access.fallback.0")
    assert error.line > 1


def test_spare_codes_are_a_rung_in_order_with_the_others() -> None:
    trees = laddered((30, "vakt"), vakt=VAKT)
    trees[HALL]["access"]["fallback"].append({"minutes_before": 45, "spare_codes": "${file:/run/secrets/reserv}"})
    (error,) = with_code(read(trees), "rungs-out-of-order")
    assert error.path == "access.fallback.1.minutes_before"


def test_spare_codes_in_plain_text_are_refused() -> None:
    trees = laddered()
    trees[HALL]["access"]["fallback"] = [{"minutes_before": 30, "spare_codes": "73915"}]
    (error,) = [one for one in read(trees).findings if one.severity is Severity.ERROR]
    assert error.path == "access.fallback.0.spare_codes"
    assert "73915" not in error.message


@pytest.mark.parametrize("second", [30, 45])
def test_a_rung_that_is_no_later_than_the_one_before_is_told_on_its_line(second: int) -> None:
    (error,) = with_code(read(laddered((30, "vakt"), (second, "vakt"), vakt=VAKT)), "rungs-out-of-order")
    assert (error.file, error.path) == (HALL, "access.fallback.1.minutes_before")


def test_a_role_that_nothing_reaches_at_the_facility_is_named() -> None:
    elsewhere = {"email": {"connection": "mail", "by_facility": {"annex": "vakt@kommun.example"}}}
    for role in ({}, elsewhere):
        found = read(laddered((30, "vakt"), vakt=role))
        (warning,) = [each for each in found.findings if each.code == "unserved-rung"]
        assert (warning.severity, warning.path) == (Severity.WARNING, "access.fallback.0.tell")


def test_a_ladder_beside_doors_without_a_connection_is_named() -> None:
    trees = laddered((30, "vakt"), vakt=VAKT)
    trees[HALL]["access"].pop("connection")
    assert [each.path for each in read(trees).findings if each.code == "idle-ladder"] == ["access.fallback"]
