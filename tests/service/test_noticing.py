"""Zones that are booked and empty, or lit and nobody's: told once, by references, and only where it is known."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from hub.model import Dim, Observation, Quantity
from hub.model.event_data import EVENTS
from hub.model.events import EventType
from hub.service.zones.noticing import Noticing
from tests.builders import SATURDAY
from tests.delivery.fakes import Fault
from tests.delivery.harness import Stage, hour
from tests.service.test_sensing import seen, tell
from tests.service.watched import watched

EMPTY, UNBOOKED = EventType.ZONE_BOOKED_BUT_EMPTY, EventType.ZONE_LIT_BUT_UNBOOKED


@pytest.fixture
def hall(staging: Callable[..., Stage]) -> Stage:
    return staging(watched(), watched(key="2481"))


def noticed(hall: Stage, type_: EventType) -> list[dict[str, Any]]:
    """Look round; gives all that was told of that type until now, each as its schema has it."""
    hall.run(Noticing(hall.writer, hall.readers, hall.rulebook, hall.clock).look())
    told = hall.events(str(type_))
    for event in told:
        EVENTS[type_].data.model_validate_json(event.body)
    assert {event.subject for event in told} <= {"lamps/court-1", "lamps/court-2"}
    return [json.loads(event.body) for event in told]


def people(minutes: float, count: int) -> Observation:
    return seen(minutes, str(count), of="pir-1", as_=Quantity.OCCUPANCY)


def lux(minutes: float, value: int) -> Observation:
    return seen(minutes, str(value), of="lux-2", as_=Quantity.LUX)


# ---------------------------------------------------------------- booked but empty


def test_nobody_for_twenty_minutes_is_told_once(hall: Stage) -> None:
    hall.put("B-1", **hour())
    hall.at("11:30")
    tell(hall, people(-30, 0))
    hall.at("12:19")
    assert noticed(hall, EMPTY) == []
    hall.at("12:21")
    (told,) = noticed(hall, EMPTY)
    assert told == {
        "zone": "hall/court-1", "booking": "B-1", "occasion": "1", "resource": "hall.court-1",
        "starts_at": "2026-11-21T12:00:00Z", "minutes": 20,
    }  # fmt: skip
    hall.at("12:40")
    assert len(noticed(hall, EMPTY)) == 1


@pytest.mark.parametrize(
    "told",
    [
        pytest.param([people(-30, 0), people(12, 1), people(13, 0)], id="somebody came"),
        pytest.param([people(-5, 1)], id="they are there still"),
        pytest.param([], id="the sensor is silent"),
    ],
)
def test_who_came_or_may_have_come_is_not_told_of(hall: Stage, told: list[Observation]) -> None:
    hall.put("B-1", **hour())
    hall.at("12:15")
    tell(hall, *told)
    hall.at("12:30")
    assert noticed(hall, EMPTY) == []


def test_those_before_who_leave_are_not_those_who_booked(hall: Stage) -> None:
    hall.put("B-1", **hour())
    hall.at("12:10")
    tell(hall, people(-30, 1), people(2, 0))
    hall.at("12:30")
    assert len(noticed(hall, EMPTY)) == 1


def test_a_closed_or_a_shorter_booking_is_not_empty(hall: Stage) -> None:
    hall.put("B-1", **hour(minutes=15))
    hall.put("B-2", **hour(60))
    hall.close_resource("snow", of="hall.court-1")
    hall.at("11:30")
    tell(hall, people(-30, 0))
    hall.at("13:30")
    assert noticed(hall, EMPTY) == []


# ---------------------------------------------------------------- lit but unbooked


def test_a_lamp_that_does_not_go_off_is_told_once(hall: Stage) -> None:
    hall.put("B-1", **hour())
    hall.at("13:05")
    assert noticed(hall, UNBOOKED) == []
    hall.lamps.breaks(Fault.DOWN, "court-1")
    hall.at("13:24")
    assert noticed(hall, UNBOOKED) == []
    hall.at("13:26")
    (told,) = noticed(hall, UNBOOKED)
    assert told == {"zone": "hall/court-1", "since": "2026-11-21T13:10:00Z", "minutes": 16, "seen": "system"}
    hall.at("15:00")
    assert len(noticed(hall, UNBOOKED)) == 1


def test_light_that_a_sensor_sees_and_nobody_booked_is_told_once_a_stretch(hall: Stage) -> None:
    hall.skip(hours=1)
    tell(hall, lux(-130, 5), lux(-125, 300))
    hall.skip(minutes=4)
    assert noticed(hall, UNBOOKED) == []
    hall.skip(minutes=6)
    tell(hall, lux(-111, 310))
    (told,) = noticed(hall, UNBOOKED)
    assert told == {"zone": "hall/court-2", "since": "2026-11-21T09:55:00Z", "minutes": 15, "seen": "sensor"}
    hall.skip(minutes=30)
    assert len(noticed(hall, UNBOOKED)) == 1
    tell(hall, lux(-90, 5), lux(-85, 300))
    hall.skip(minutes=30)
    assert len(noticed(hall, UNBOOKED)) == 2


def test_what_is_lit_for_days_is_told_once_a_day(hall: Stage) -> None:
    hall.skip(hours=1)
    tell(hall, lux(-125, 300))
    told = []
    for _ in range(5):
        hall.skip(hours=23)
        told.append(len(noticed(hall, UNBOOKED)))
        tell(hall, lux((hall.clock.now() - SATURDAY).total_seconds() / 60, 300))
    assert told == [1, 1, 2, 3, 4]


def test_light_of_a_booking_is_not_unbooked(hall: Stage) -> None:
    hall.put("B-2", **hour(of="hall.court-2"))
    hall.at("12:00")
    tell(hall, lux(-15, 300))
    hall.at("13:20")
    assert noticed(hall, UNBOOKED) == []
    hall.at("13:25")
    (told,) = noticed(hall, UNBOOKED)
    assert told["since"] == "2026-11-21T13:10:00Z"


def test_what_was_set_by_hand_while_it_was_booked_is_left(hall: Stage) -> None:
    hall.put("B-1", **hour())
    hall.at("12:10")
    hall.lamps.levels["court-1"] = Dim(percent=30)
    hall.hint("lamps", "court-1")
    hall.lamps.breaks(Fault.DOWN, "court-1")
    hall.at("13:05")
    assert noticed(hall, UNBOOKED) == []


def test_each_municipality_is_told_of_its_own(hall: Stage) -> None:
    tell(hall, people(-200, 0), town="2481")
    hall.put("B-1", **hour())
    hall.at("12:30")
    assert noticed(hall, EMPTY) == []
