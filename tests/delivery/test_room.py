"""A lock with few places: the earliest windows are in, what has ended makes room first, and a person hears in time."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import timedelta

import pytest

from hub.model.configuration import Configuration
from hub.model.states import Delivery, Effect, Proof
from tests.builders import SATURDAY, a_town
from tests.delivery.fakes import Fault
from tests.delivery.harness import Node, Stage, hour

PLACES = 3
PROVEN = (Effect.STANDING, Delivery.CONFIRMED, Proof.READ)


@pytest.fixture
def hall(staging: Callable[..., Stage]) -> Stage:
    """A hall whose lock has room for three."""
    return staging(few())


def few(kind: str = "FewLocks") -> Configuration:
    return a_town(connectors={"locks": {"connector": kind}})


def book(hall: Stage, numbers: Iterable[int], *, every: float = 120, minutes: float = 60) -> None:
    """Bookings B-0, B-1 ...: the nth begins so many times `every` minutes after noon."""
    for number in numbers:
        hall.accept(f"B-{number}", **hour(every * number, minutes=minutes))


def inside(hall: Stage) -> set[str]:
    return {key.removeprefix("hub-B-") for key in hall.locks.stands}


def test_six_bookings_in_any_order_are_all_in_before_their_windows_and_never_more_than_three(hall: Stage) -> None:
    book(hall, [5, 3, 1, 4, 0, 2])
    hall.settle()
    hall.after(seconds=10)
    assert inside(hall) == {"0", "1", "2"}, "the earliest windows are in, whatever came first"
    for number in range(6):
        starts = SATURDAY + timedelta(hours=2 * number)
        hall.at(f"{(starts - timedelta(minutes=30)):%H:%M}", (starts.date() - SATURDAY.date()).days)
        assert str(number) in inside(hall), f"B-{number} half an hour before its window"
        assert hall.state(f"hub-B-{number}") == PROVEN
        assert hall.problems() == []
    hall.at("03:00", days=1)
    assert hall.locks.stands == {}
    assert hall.locks.most == PLACES
    assert hall.problems(ended=True) == []
    assert hall.events("effect.expired") == []


def test_what_waits_says_so_and_goes_in_when_another_is_cancelled(hall: Stage) -> None:
    book(hall, range(4))
    hall.settle()
    assert hall.state("hub-B-3")[:2] == (Effect.PLANNED, Delivery.WAITING)
    assert "3 of ours are in the lock system, which has room for 3" in (hall.lane("hub-B-3").detail or "")
    hall.cancel("B-1")
    assert inside(hall) == {"0", "2", "3"}
    assert hall.state("hub-B-3") == PROVEN
    assert hall.locks.most == PLACES


def test_a_booking_at_short_notice_has_the_latest_make_room_and_that_comes_back_with_its_code(hall: Stage) -> None:
    book(hall, [1, 2, 3])
    hall.settle()
    code = hall.locks.pin("hub-B-3")
    book(hall, [0])
    hall.settle()
    hall.after(seconds=10)
    assert inside(hall) == {"0", "1", "2"}
    assert hall.state("hub-B-3")[0] is Effect.PLANNED
    hall.at("13:15")
    assert inside(hall) == {"1", "2", "3"}
    assert hall.locks.pin("hub-B-3") == code
    assert hall.locks.most == PLACES


def test_too_many_at_once_are_one_problem_near_their_windows_and_it_ends_when_there_is_room(hall: Stage) -> None:
    book(hall, range(5), every=1, minutes=120)
    hall.settle()
    assert hall.problems() == [], "nobody is told three hours before"
    hall.at("11:40")
    (problem,) = hall.problems()
    assert (problem.code, problem.waiting) == ("full", 2)
    assert "room for 3" in problem.detail
    hall.cancel("B-0")
    assert inside(hall) == {"1", "2", "3"}
    hall.cancel("B-1")
    assert inside(hall) == {"2", "3", "4"}
    assert hall.problems() == []
    assert hall.locks.most == PLACES


def test_what_never_had_room_expires_with_its_window_and_is_told(hall: Stage) -> None:
    book(hall, range(4), every=0)
    hall.at("14:00")
    assert hall.state("hub-B-3")[1] is Delivery.EXPIRED
    assert [event.subject for event in hall.events("effect.expired")] == ["locks/hub-B-3"]
    assert hall.problems() == []


def test_a_place_is_not_given_twice_while_what_stands_there_is_in_doubt(hall: Stage) -> None:
    book(hall, range(3))
    hall.locks.breaks(Fault.UNANSWERED, "hub-B-2")
    hall.settle()
    hall.accept("B-9", **hour(30, of="hall.court-2"))
    hall.settle()
    assert len(hall.locks.stands) == PLACES
    hall.locks.recovers("hub-B-2")
    hall.after(minutes=2)
    hall.after(seconds=10)
    assert inside(hall) == {"0", "1", "9"}
    assert hall.locks.most == PLACES


def test_a_grant_that_cannot_be_taken_away_keeps_its_place_and_the_others_go_round_it(hall: Stage) -> None:
    book(hall, range(5), every=180)
    hall.settle()
    hall.locks.breaks(Fault.DEAF, "hub-B-0")
    hall.at("13:30")
    assert inside(hall) == {"0", "1", "2"}
    assert {problem.code for problem in hall.problems()} == {"still-there"}
    hall.at("17:00")
    assert "3" in inside(hall)
    hall.locks.recovers("hub-B-0")
    hall.at("17:15")
    assert inside(hall) == {"2", "3", "4"}


def test_a_key_in_a_phone_is_not_taken_back_for_an_earlier_booking(staging: Callable[..., Stage]) -> None:
    hall = staging(few("FewAppLocks"))
    book(hall, [1, 2, 3])
    hall.settle()
    book(hall, [0])
    hall.settle()
    assert inside(hall) == {"1", "2", "3"}, "its holder has accepted it"
    assert hall.state("hub-B-0")[1] is Delivery.WAITING
    hall.at("11:40")
    assert [problem.code for problem in hall.problems()] == ["full"]


def test_two_nodes_give_three_places(hall: Stage) -> None:
    book(hall, range(6))
    other = hall.run(hall.another_node())
    hall.run(both(hall.node, other))
    hall.run(other.connections.close())
    assert len(hall.locks.stands) == hall.locks.most == PLACES


async def both(*nodes: Node) -> None:
    for _ in range(3):
        await asyncio.gather(*(node.carry_once() for node in nodes))
