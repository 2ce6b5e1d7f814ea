"""Attendance as the doors see it: booked, came, how many, when; beside the lists, and nobody counted twice."""

from collections.abc import Callable

from hub.model.imported import DoorAttendance
from tests.builders import a_holder, a_town, occasion
from tests.delivery.harness import Stage, hour
from tests.service.test_passing import passed, refused, told


def attendance(hall: Stage, number: str = "B-1") -> tuple[DoorAttendance, ...]:
    return hall.view(number).attendance


def test_who_came_is_told_with_first_last_and_how_many_codes(hall: Stage) -> None:
    hall.put("B-1", **hour())
    told(hall, passed(-3), passed(5), passed(61), passed(10, key="janitor"), refused(4))
    (came,) = attendance(hall)
    assert (came.came, came.passages, came.credentials, came.resource) == (True, 3, 1, "hall.court-1")
    assert [f"{at:%H:%M}" for at in (came.first_at, came.last_at) if at] == ["11:57", "13:01"]


def test_nobody_came_only_when_it_is_over_and_the_doors_tell(hall: Stage) -> None:
    hall.put("B-1", **hour())
    hall.put("B-2", **hour(240))
    assert [one.came for one in attendance(hall)] == [None]
    hall.at("13:30")
    assert [one.came for one in attendance(hall)] == [None], "doors that have never told of anybody"
    told(hall, passed(80, key="janitor"))
    assert [one.came for one in attendance(hall)] == [False]
    assert [one.came for one in attendance(hall, "B-2")] == [None], "it is not over"


def test_each_occasion_is_told_of_its_own(hall: Stage) -> None:
    hall.put("B-1", occasions=[occasion(id="1"), occasion(id="2", after=180)])
    told(hall, passed(5))
    hall.at("18:00")
    assert [(one.occasion, one.came) for one in attendance(hall)] == [("1", True), ("2", False)]


def test_a_code_that_passes_many_times_is_one_and_two_holders_are_two(staging: Callable[..., Stage]) -> None:
    hall = staging(a_town(strategy="per_holder"))
    hall.put("B-1", **hour(holders=[a_holder(name="Anna"), a_holder(name="Bo")]))
    keys = [key for (key,) in hall.rows("SELECT key FROM lanes WHERE kind = 'credential' ORDER BY key")]
    told(hall, passed(1, key=keys[0]), passed(2, key=keys[0]), passed(3, key=keys[1]))
    (came,) = attendance(hall)
    assert (came.passages, came.credentials) == (3, 2)


def test_what_was_seen_of_a_booking_that_was_cancelled_since_is_still_told(hall: Stage) -> None:
    hall.put("B-1", **hour())
    told(hall, passed(5))
    hall.cancel("B-1")
    assert [one.came for one in attendance(hall)] == [True]


def test_a_booking_that_opens_no_door_has_no_such_attendance(hall: Stage) -> None:
    hall.put("B-1", occasions=[occasion(holders=[])])
    assert attendance(hall) == ()
