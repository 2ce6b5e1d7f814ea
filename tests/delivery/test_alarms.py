"""Intruder alarms: a hall does not arm while it is booked, and arms as usual when the last booking is over."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from hub.delivery.looks.sweeping import Sweeping
from hub.model import Switch
from hub.model.configuration import Configuration
from hub.model.facility import ZoneRule
from hub.model.states import Delivery
from tests.builders import a_town
from tests.delivery.fakes import Fault
from tests.delivery.harness import Stage, hour

ALARM: dict[str, Any] = {
    "connection": "lamps", "capability": "alarm", "kind": "switch", "key": "alarm", "serves": "all",
    "levels": {"default": True}, "lead_minutes": 15, "lag_minutes": 20,
}  # fmt: skip


def a_hall_with_an_alarm() -> Configuration:
    """Its alarm is told, and tells nothing."""
    town = a_town(connectors={"lamps": {"connector": "BlindLamps"}})
    hall = town.facilities["hall"]
    zones = {"alarm": ZoneRule.model_validate(ALARM)}
    return town.model_copy(update={"facilities": {"hall": hall.model_copy(update={"zones": zones})}})


@pytest.fixture
def hall(staging: Callable[..., Stage]) -> Stage:
    return staging(a_hall_with_an_alarm())


def waits(hall: Stage) -> bool:
    """Whether the alarm has been told not to arm."""
    return hall.lamps.levels.get("alarm") == Switch(on=True)


def test_an_alarm_waits_for_two_bookings_side_by_side_and_arms_after_the_last(hall: Stage) -> None:
    hall.put("B-1", **hour())
    hall.put("B-2", **hour(60))
    hall.at("11:44")
    assert not waits(hall)
    for moment in ("11:45", "13:00", "13:20", "14:19"):
        hall.at(moment)
        assert waits(hall), moment
    hall.at("14:20")
    assert not waits(hall)
    assert hall.lamps.commands() == [("put", "alarm"), ("put", "alarm")], "it was told once, and let go once"


def test_an_alarm_does_not_arm_under_one_booking_when_another_is_cancelled(hall: Stage) -> None:
    hall.put("B-1", **hour())
    hall.put("B-2", **hour(30, of="hall.court-2"))
    hall.at("12:40")
    hall.cancel("B-1")
    assert waits(hall)
    hall.at("13:49")
    assert waits(hall)
    hall.at("13:50")
    assert not waits(hall)


def test_the_last_booking_that_is_cancelled_lets_the_alarm_arm_at_once(hall: Stage) -> None:
    hall.put("B-1", **hour())
    hall.at("12:10")
    hall.cancel("B-1")
    assert not waits(hall)


def test_an_alarm_that_could_not_be_let_go_in_the_evening_is_let_go_when_its_system_is_back(hall: Stage) -> None:
    hall.put("B-1", **hour())
    hall.at("12:30")
    hall.lamps.breaks(Fault.DOWN)
    hall.at("23:00")
    assert waits(hall)
    hall.lamps.recovers()
    hall.at("23:30")
    assert not waits(hall)
    assert hall.lane("alarm").delivery == Delivery.CONFIRMED


def test_to_postpone_is_useless_when_the_booking_is_over(hall: Stage) -> None:
    hall.put("B-1", **hour())
    hall.lamps.breaks(Fault.DOWN)
    hall.at("20:00")
    hall.lamps.forget()
    hall.lamps.recovers()
    hall.at("21:00")
    assert not waits(hall)


def test_a_hall_that_was_left_without_its_alarm_gets_it_at_night(hall: Stage) -> None:
    hall.lamps.levels["alarm"] = Switch(on=True)
    hall.run(Sweeping(hall.writer, hall.node.connections, hall.rulebook, hall.clock).look())
    hall.settle()
    assert not waits(hall)


def test_an_alarm_cannot_half_arm() -> None:
    with pytest.raises(ValidationError, match="write kind: switch, and true"):
        ZoneRule.model_validate(ALARM | {"kind": "dim", "levels": {"default": 50}})
