"""What a zone does besides following its bookings, as the lamp shows it: dusk, lights out, the tail, the warning."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hub.model.configuration import Configuration
from hub.model.lit import LatestOff, OnlyWhenDark, Position, Tail, Warn
from hub.model.states import Delivery, Effect
from hub.model.zone import Dim
from tests.builders import SATURDAY, a_town
from tests.delivery.harness import Stage, hour
from tests.delivery.test_board import board
from tests.delivery.test_configuring import applied

Staging = Callable[..., Stage]
TAIL = Tail(minutes=10, level=20)
WARNING = Warn(minutes_before=5, seconds=10, level=30)
UMEA = Position(latitude=63.82, longitude=20.26)
"""The sun sets at 14:24 there on that Saturday, 13:24 UTC."""


def ruled(**rules: Any) -> Configuration:
    """The town, where the first court's light has rules of its own."""
    town = a_town()
    hall = town.facilities["hall"]
    zones = hall.zones | {"court-1": hall.zones["court-1"].model_copy(update=rules)}
    return town.model_copy(update={"facilities": {"hall": hall.model_copy(update={"zones": zones, "position": UMEA})}})


def colours(hall: Stage) -> list[str]:
    """Of the first court's light on the board."""
    return [one.readiness for one in board(hall).lines if one.target == "lamps/court-1"]


def test_people_leave_in_less_light_and_then_it_is_dark(staging: Staging) -> None:
    hall = staging(ruled(tail=TAIL))
    hall.put()
    hall.at("13:09")
    assert hall.lamps.percent("court-1") == 60
    hall.at("13:10")
    assert hall.lamps.lit() == {"court-1": 20}
    hall.at("13:20")
    assert hall.lamps.lit() == {}
    assert hall.problems() == []


def test_a_booking_that_is_withdrawn_leaves_no_tail(staging: Staging) -> None:
    hall = staging(ruled(tail=TAIL))
    hall.put()
    hall.at("13:12")
    hall.cancel()
    assert hall.lamps.lit() == {}


def test_the_warning_lowers_the_light_for_a_moment_and_is_an_edge_for_what_was_set_by_hand(staging: Staging) -> None:
    hall = staging(ruled(warning=WARNING))
    hall.put()
    hall.at("12:00")
    hall.lamps.levels["court-1"] = Dim(percent=90)
    hall.look_round()
    hall.at("13:04")
    assert (hall.lamps.percent("court-1"), hall.state("court-1")[0]) == (90, Effect.OVERRIDDEN)
    hall.at("13:05")
    assert hall.lamps.percent("court-1") == 30
    hall.at("13:05:11")
    assert hall.lamps.percent("court-1") == 60
    assert hall.state("court-1")[0] == Effect.STANDING


def test_an_hour_booked_across_dusk_is_lit_from_dusk_and_waits_until_then(staging: Staging) -> None:
    hall = staging(ruled(only_when_dark=OnlyWhenDark(margin_minutes=0)))
    hall.put(**hour(45))
    hall.at("13:10")
    assert hall.lamps.percent("court-1") == 0
    assert hall.lamps.percent("corridor") == 60
    assert colours(hall) == ["waiting"]
    hall.at("13:30")
    assert hall.lamps.percent("court-1") == 60
    assert colours(hall) == ["green"]


def test_a_rule_that_is_put_in_force_holds_at_once(staging: Staging) -> None:
    hall = staging(a_town())
    hall.put()
    hall.at("12:30")
    assert hall.lamps.percent("court-1") == 60
    applied(hall, ruled(latest_off=LatestOff(at="13:20", until="06:00")))
    assert hall.lamps.percent("court-1") == 0
    assert hall.lamps.percent("corridor") == 60
    applied(hall, ruled(latest_off=LatestOff(at="13:50", until="06:00")))
    assert hall.lamps.percent("court-1") == 60
    hall.at("12:50")
    assert hall.lamps.percent("court-1") == 0


def test_a_device_with_a_timer_ends_by_itself_and_is_told_anew_in_time(staging: Staging) -> None:
    hall = staging(a_town(connectors={"lamps": {"connector": "TimedLamps"}}))
    hall.put()
    hall.at("11:45")
    assert hall.lamps.until["court-1"] == SATURDAY + timedelta(minutes=15)
    hall.at("12:05")
    assert hall.lamps.until["court-1"] == SATURDAY + timedelta(minutes=30), "anew after a quarter of an hour"
    hall.put("B-2", **hour(60))
    hall.at("13:00")
    last = hall.lamps.until["court-1"]
    assert last is not None
    assert SATURDAY + timedelta(minutes=75) <= last <= SATURDAY + timedelta(minutes=90)
    hall.at("14:09")
    assert hall.lamps.until["court-1"] == SATURDAY + timedelta(minutes=132), "two minutes after the last is over"
    assert hall.state("court-1")[:2] == (Effect.STANDING, Delivery.CONFIRMED)
    hall.at("14:10")
    assert hall.lamps.percent("court-1") == 0
    assert dict(hall.lamps.until)["court-1"] is None


def test_a_device_without_a_timer_is_told_no_end(hall: Stage) -> None:
    hall.put()
    hall.at("12:00")
    assert hall.lamps.until["court-1"] is None


def test_what_was_set_by_hand_is_left_though_the_devices_timer_is_to_be_set(staging: Staging) -> None:
    hall = staging(a_town(connectors={"lamps": {"connector": "TimedLamps"}}))
    hall.put()
    hall.at("12:00")
    hall.lamps.levels["court-1"] = Dim(percent=5)
    hall.look_round()
    hall.at("13:09")
    assert hall.lamps.percent("court-1") == 5
