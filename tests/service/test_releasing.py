"""Time that becomes free is told once, whatever else holds it: other bookings, wholes and parts, closures."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import InvalidError
from hub.model.closure import ClosureRequest
from hub.model.configuration import Configuration
from hub.model.facility import Resource
from hub.service.accept.releasing import Span, left
from hub.service.governing.closing import Closing
from tests.builders import SATURDAY, a_town, occasion, rules
from tests.delivery.harness import TOWN, Stage, hour

NONE: list[tuple[str, str, float, float]] = []
spans = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 30)).map(sorted).map(lambda pair: Span(*pair)), max_size=5
)


def free(hall: Stage) -> list[tuple[str, str, float, float]]:
    """All that was told: by which booking, where, from when until when; hours from noon."""
    return [
        (event.subject, told["resource"].removeprefix("hall."), hours(told["starts_at"]), hours(told["ends_at"]))
        for event in hall.events("time.released")
        for told in (json.loads(event.body),)
    ]


def hours(at: str) -> float:
    return (ClosureRequest.model_validate(CLOSED | {"ends_at": at}).ends_at - SATURDAY) / timedelta(hours=1)


CLOSED = {"revision": 1, "resource": "hall.court-1", "starts_at": SATURDAY - timedelta(days=1)}


def shut(hall: Stage, name: str, of: str, *, since: float = -3, until: float = 12, revision: int = 1) -> None:
    """Close a resource, or move its closure; hours from noon."""
    times = {"starts_at": SATURDAY + timedelta(hours=since), "ends_at": SATURDAY + timedelta(hours=until)}
    wanted = ClosureRequest.model_validate({"revision": revision, "resource": f"hall.{of}", **times})
    hall.run(closing(hall).close(TOWN, name, wanted))


def lift(hall: Stage, name: str) -> None:
    hall.run(closing(hall).lift(TOWN, name))


def closing(hall: Stage) -> Closing:
    return Closing(hall.writer, hall.readers, hall.seal, hall.rulebook, hall.clock)


def book(hall: Stage, number: str, of: str = "court-1", *, at: float = 6, length: float = 2, revision: int = 1) -> None:
    hall.accept(number, revision, **hour(60 * at, of=f"hall.{of}", minutes=60 * length))


def cancel(hall: Stage, number: str) -> None:
    hall.accept(number, 9, status="cancelled")


# ---------------------------------------------------------------- closures


def test_time_that_is_given_up_while_it_is_closed_is_told_when_the_closure_is_lifted(hall: Stage) -> None:
    book(hall, "B-1")
    shut(hall, "snow", "court-1")
    cancel(hall, "B-1")
    assert free(hall) == NONE
    lift(hall, "snow")
    assert free(hall) == [("B-1", "court-1", 6, 8)]
    order = [event.type for event in hall.events() if event.type in {"closure.lifted", "time.released"}]
    assert order == ["closure.lifted", "time.released"]
    shut(hall, "snow", "court-1", revision=7)
    lift(hall, "snow")
    assert len(free(hall)) == 1, "it was told"


def test_of_time_that_is_closed_in_part_the_rest_is_told_at_once(hall: Stage) -> None:
    book(hall, "B-1", at=6, length=2)
    shut(hall, "snow", "court-1", since=7)
    cancel(hall, "B-1")
    assert free(hall) == [("B-1", "court-1", 6, 7)]
    lift(hall, "snow")
    assert free(hall)[1:] == [("B-1", "court-1", 7, 8)]


def test_what_somebody_took_meanwhile_or_what_is_over_is_not_told(hall: Stage) -> None:
    book(hall, "B-1", at=0, length=1)
    book(hall, "B-2", at=4, length=2)
    shut(hall, "snow", "court-1")
    for number in ("B-1", "B-2"):
        cancel(hall, number)
    book(hall, "B-3", at=5, length=2)
    hall.at("12:30")
    lift(hall, "snow")
    assert free(hall) == [("B-1", "court-1", 0.5, 1), ("B-2", "court-1", 4, 5)]


def test_what_another_closure_holds_is_told_when_that_is_lifted_too(hall: Stage) -> None:
    book(hall, "B-1")
    shut(hall, "snow", "court-1")
    shut(hall, "fair", "whole", since=7)
    cancel(hall, "B-1")
    lift(hall, "snow")
    assert free(hall) == [("B-1", "court-1", 6, 7)]
    lift(hall, "fair")
    assert free(hall)[1:] == [("B-1", "court-1", 7, 8)]


def test_a_closure_that_is_moved_lets_go_of_what_it_no_longer_holds(hall: Stage) -> None:
    book(hall, "B-1")
    shut(hall, "snow", "court-1")
    cancel(hall, "B-1")
    shut(hall, "snow", "court-1", until=7, revision=2)
    assert free(hall) == [("B-1", "court-1", 7, 8)]
    shut(hall, "snow", "court-2", revision=3)
    assert free(hall)[1:] == [("B-1", "court-1", 6, 7)]


def test_several_that_gave_up_the_same_time_are_told_of_as_one(hall: Stage) -> None:
    shut(hall, "snow", "court-1")
    for number in ("B-1", "B-2"):
        book(hall, number)
        cancel(hall, number)
    lift(hall, "snow")
    assert [told[1:] for told in free(hall)] == [("court-1", 6, 8)]


def test_of_a_whole_of_which_a_part_is_closed_the_other_parts_are_free(hall: Stage) -> None:
    book(hall, "B-1", "whole")
    shut(hall, "snow", "court-2")
    cancel(hall, "B-1")
    assert [told[1] for told in free(hall)] == ["court-1", "court-3"]
    lift(hall, "snow")
    assert free(hall)[2:] == [("B-1", "court-2", 6, 8)]


def test_a_whole_that_is_closed_itself_is_told_as_a_whole_when_it_opens(hall: Stage) -> None:
    book(hall, "B-1", "whole")
    shut(hall, "snow", "whole")
    cancel(hall, "B-1")
    assert free(hall) == NONE
    lift(hall, "snow")
    assert free(hall) == [("B-1", "whole", 6, 8)]


def test_what_was_given_up_is_forgotten_when_it_is_over(hall: Stage) -> None:
    for n in range(3):
        book(hall, f"B-{n}", at=6 + 24 * n, length=1)
    shut(hall, "snow", "court-1", until=90)
    cancel(hall, "B-0")
    hall.skip(days=1)
    cancel(hall, "B-1")
    cancel(hall, "B-2")
    assert hall.rows("SELECT number FROM unreleased ORDER BY number") == [("B-1",), ("B-2",)]


# ---------------------------------------------------------------- wholes and parts


def test_who_goes_from_a_whole_to_a_part_frees_the_other_parts(hall: Stage) -> None:
    book(hall, "B-1", "whole")
    book(hall, "B-2", "court-3", at=7, length=1)
    book(hall, "B-1", "court-1", revision=2)
    assert free(hall) == [("B-1", "court-2", 6, 8), ("B-1", "court-3", 6, 7)]


def test_who_goes_from_a_part_to_the_whole_frees_nothing(hall: Stage) -> None:
    book(hall, "B-1", "court-1")
    book(hall, "B-1", "whole", revision=2)
    assert free(hall) == NONE


def test_a_whole_that_two_leave_together_is_told_once_and_not_part_by_part(hall: Stage) -> None:
    book(hall, "B-1", "whole")
    book(hall, "B-2", "court-1")
    cancel(hall, "B-2")
    assert free(hall) == NONE, "the whole still has it"
    cancel(hall, "B-1")
    assert free(hall) == [("B-1", "whole", 6, 8)]


# ---------------------------------------------------------------- wholes that share a part


@pytest.fixture
def thirds(staging: Callable[..., Stage]) -> Stage:
    """A hall of three courts of which any two that lie side by side are booked together."""
    return staging(in_thirds())


def in_thirds() -> Configuration:
    town = a_town()
    facility = town.facilities["hall"]
    pairs = {"hall.left": ("hall.court-1", "hall.court-2"), "hall.right": ("hall.court-2", "hall.court-3")}
    whole = facility.resources["hall.whole"].model_copy(update={"parts": tuple(pairs)})
    resources = facility.resources | {"hall.whole": whole}
    resources |= {key: Resource(name=key, kind="place", parts=parts) for key, parts in pairs.items()}
    return town.model_copy(update={"facilities": {"hall": facility.model_copy(update={"resources": resources})}})


def test_wholes_that_share_a_part_cannot_be_used_at_the_same_time() -> None:
    resources = rules(in_thirds()).resources
    assert resources["hall.left"].related >= {"hall.right", "hall.whole", "hall.court-1", "hall.court-2"}
    assert "hall.court-3" not in resources["hall.left"].related
    assert resources["hall.court-1"].related == {"hall.court-1", "hall.left", "hall.whole"}


def test_wholes_that_share_a_part_are_in_each_others_way(thirds: Stage) -> None:
    book(thirds, "B-1", "left")
    done = thirds.accept("B-2", **hour(6 * 60, of="hall.right"))
    assert [(one.overlap.number, one.overlap.resource) for one in done.answer.conflicts] == [("B-1", "hall.left")]
    cancel(thirds, "B-1")
    assert free(thirds) == [("B-1", "left", 7, 8), ("B-1", "court-1", 6, 7)]


def test_a_part_of_two_wholes_is_told_once(thirds: Stage) -> None:
    book(thirds, "B-1", "whole")
    book(thirds, "B-1", "court-1", revision=2)
    assert free(thirds) == [("B-1", "court-2", 6, 8), ("B-1", "court-3", 6, 8)]


def test_closing_a_whole_closes_those_that_share_a_part_with_it(thirds: Stage) -> None:
    book(thirds, "B-1", "right")
    shut(thirds, "snow", "left")
    assert thirds.rows("SELECT DISTINCT suspended FROM claims") == [(1,)]


def test_a_booking_of_two_wholes_that_share_a_part_overlaps_itself(thirds: Stage) -> None:
    both = [occasion("hall.left", id="1"), occasion("hall.right", id="2", after=30)]
    with pytest.raises(InvalidError, match="overlaps occasion '1' on hall"):
        thirds.accept(occasions=both)


# ---------------------------------------------------------------- arithmetic


@given(spans, spans)
def test_what_is_left_is_what_is_in_the_spans_and_not_taken(of: list[Span], taken: list[Span]) -> None:
    def moments(some: list[Span]) -> set[int]:
        return {moment for span in some for moment in range(*span)}

    assert moments(left(of, taken)) == moments(of) - moments(taken)
