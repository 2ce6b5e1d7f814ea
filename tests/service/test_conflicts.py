"""Who stands in whose way: accepted all the same, and told to both (rule 15)."""

import asyncio
from typing import Any

import pytest

from hub.service.accept.bookings import Done
from tests.builders import SATURDAY, occasion
from tests.delivery.harness import Stage, hour

A_DAY = 24 * 60


def told(hall: Stage, number: str) -> set[tuple[str, str, str]]:
    """(occasion, resource in the way, whose) as looking the booking up says."""
    return {(one.occasion, one.resource, one.number) for one in hall.view(number).conflicts}


@pytest.mark.parametrize(
    "first, second",
    [
        ("hall.court-1", "hall.court-1"),
        ("hall.whole", "hall.court-1"),
        ("hall.court-1", "hall.whole"),
        ("hall.whole", "hall.whole"),
    ],
)
def test_an_overlap_is_accepted_and_told_to_both_also_of_whole_and_part(hall: Stage, first: str, second: str) -> None:
    assert hall.put("B-1", **hour(of=first)).answer.conflicts == ()
    answer = hall.answer(hall.put("B-2", **hour(30, of=second)))
    (conflict,) = answer.conflicts
    assert (conflict.number, conflict.resource, conflict.other_occasion) == ("B-1", first, "1")
    assert conflict.starts_at == SATURDAY
    assert told(hall, "B-1") == {("1", second, "B-2")}
    assert told(hall, "B-2") == {("1", first, "B-1")}


def test_parts_side_by_side_and_times_that_touch_are_no_conflict(hall: Stage) -> None:
    hall.put("B-1")
    assert hall.put("B-2", **hour(of="hall.court-2")).answer.conflicts == ()
    assert hall.put("B-3", **hour(60)).answer.conflicts == ()
    assert hall.put("B-4", **hour(-60)).answer.conflicts == ()


@pytest.mark.parametrize("days", [1, 1.01, 2, 30, 31])
def test_a_booking_of_many_days_is_in_the_way_to_its_last_minute(hall: Stage, days: float) -> None:
    hall.put("B-1", **hour(minutes=days * A_DAY))
    last, after = hour(days * A_DAY - 1), hour(days * A_DAY)
    assert [one.overlap.number for one in hall.put("B-2", **last).answer.conflicts] == ["B-1"]
    assert [one.overlap.number for one in hall.put("B-3", **after).answer.conflicts] == ["B-2"]


def test_a_long_booking_is_told_of_the_short_ones_within(hall: Stage) -> None:
    hall.put("B-1", **hour(10 * A_DAY))
    hall.put("B-2", **hour(20 * A_DAY, minutes=2 * A_DAY))
    conflicts = hall.put("B-3", **hour(minutes=31 * A_DAY)).answer.conflicts
    assert {one.overlap.number for one in conflicts} == {"B-1", "B-2"}


def test_a_preliminary_booking_holds_its_time(hall: Stage) -> None:
    hall.put("B-1", status="preliminary")
    assert [one.overlap.number for one in hall.put("B-2").answer.conflicts] == ["B-1"]


def test_a_cancelled_or_moved_booking_is_in_nobodys_way(hall: Stage) -> None:
    hall.put("B-1")
    hall.put("B-2")
    hall.cancel("B-1")
    assert told(hall, "B-2") == set()
    hall.put("B-3")
    hall.put("B-2", 2, **hour(120))
    assert told(hall, "B-3") == set()


def test_a_booking_is_never_in_its_own_way(hall: Stage) -> None:
    hall.put(occasions=[occasion(id="a"), occasion(id="b", after=60)])
    assert (
        hall.put(revision=2, occasions=[occasion(id="a", after=30), occasion(id="b", after=90)]).answer.conflicts == ()
    )


def test_an_extra_is_in_the_way_as_what_it_goes_with(hall: Stage) -> None:
    machine = [{"resource": "hall.machine", "occasions": ["1"]}]
    hall.put("B-1", extras=machine)
    (conflict,) = hall.put("B-2", **hour(of="hall.court-2"), extras=machine).answer.conflicts
    assert conflict.overlap.resource == "hall.machine"


def test_the_same_booking_again_is_told_its_conflicts_again(hall: Stage) -> None:
    hall.put("B-1")
    first = hall.put("B-2").answer.conflicts
    assert hall.put("B-2").answer.conflicts == first
    assert first


def together(hall: Stage, *bookings: tuple[str, int, dict[str, Any]]) -> list[list[str]]:
    """Who was in the way of each, when they come at the same moment and are written as one."""

    async def story() -> list[Done]:
        return await asyncio.gather(*(hall.accepting(number, revision, **more) for number, revision, more in bookings))

    return [[one.overlap.number for one in done.answer.conflicts] for done in hall.run(story())]


def test_who_stands_is_in_the_way_though_it_moves_in_the_same_moment(hall: Stage) -> None:
    hall.accept("B-0")
    assert together(hall, ("B-1", 1, hour()), ("B-0", 2, hour(300))) == [["B-0"], []]
    assert together(hall, ("B-0", 3, hour()), ("B-2", 1, hour(300))) == [["B-1"], []]


def test_who_is_sent_again_in_the_same_moment_is_told_to_both(hall: Stage) -> None:
    hall.accept("B-0")
    assert together(hall, ("B-1", 1, hour()), ("B-0", 2, hour(activity="match"))) == [["B-0"], ["B-1"]]


def test_who_moves_twice_in_a_moment_was_in_the_way_in_between(hall: Stage) -> None:
    assert together(hall, ("B-0", 1, hour()), ("B-1", 1, hour()), ("B-0", 2, hour(300))) == [[], ["B-0"], []]
