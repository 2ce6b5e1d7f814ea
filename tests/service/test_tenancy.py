"""Two municipalities with the same numbers, the same connections and the same keys never meet (rule 14)."""

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag

from hub.errors import NotFoundError
from hub.model.answers import BookingView
from hub.service.doors import allocating
from hub.store import codes, shown
from tests.builders import a_town
from tests.delivery.fakes import LAMPS, LOCKS, Fault
from tests.delivery.harness import PIN, Stage, hour

HERE, THERE = "2480", "1480"


@pytest.fixture
def both(staging: Callable[..., Stage]) -> Stage:
    """One hub for two municipalities that are alike in everything but their key."""
    return staging(a_town(key=HERE), a_town(key=THERE))


def opens(both: Stage, town: str) -> set[str]:
    return LOCKS[f"{town}/locks"].opens("outer", both.clock.now())


def test_the_same_number_is_two_bookings(both: Stage) -> None:
    both.put(town=HERE)
    assert both.put(town=THERE, revision=7, **hour(activity="match")).answer.new
    assert both.view(town=HERE).booking.revision == 1
    assert both.view(town=THERE).booking.revision == 7
    both.put(town=THERE, revision=8, status="cancelled")
    assert both.view(town=HERE).booking.status == "confirmed"


def test_each_ones_doors_and_lamps_are_its_own(both: Stage) -> None:
    both.put(town=HERE)
    both.at("12:00")
    assert opens(both, HERE) == {PIN}
    assert opens(both, THERE) == set()
    assert LAMPS[f"{HERE}/lamps"].lit()
    assert LAMPS[f"{THERE}/lamps"].calls == []
    both.put(town=THERE)
    both.put(town=HERE, revision=2, status="cancelled")
    assert opens(both, HERE) == set()
    assert opens(both, THERE) == {PIN}
    assert LAMPS[f"{THERE}/lamps"].lit()
    assert LAMPS[f"{HERE}/lamps"].lit() == {}


def test_they_are_in_nobodys_way(both: Stage) -> None:
    both.put(town=HERE)
    assert both.put("B-2", town=THERE).answer.conflicts == ()
    assert both.view(town=HERE).conflicts == ()
    assert all(claims == () for claims in both.view(town=HERE).others.values())


def test_a_pin_that_is_taken_here_is_free_there(both: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allocating, "drawn_pin", lambda _length, **_: "48291")
    both.put(town=HERE)
    both.put(town=THERE)
    assert [one.value for one in both.view(town=HERE).credentials] == ["48291"]
    assert [one.value for one in both.view(town=THERE).credentials] == ["48291"]
    (here,), (there,) = both.rows("SELECT hash FROM codes")
    assert here != there, "the same PIN is not known again in another municipality"


def test_one_towns_events_are_not_the_others(both: Stage) -> None:
    both.put(town=HERE)
    both.put("B-2", town=THERE)
    assert {event.subject for event in both.events("booking", town=HERE)} == {"B-1"}
    assert {event.subject for event in both.events("booking", town=THERE)} == {"B-2"}


def test_what_is_down_here_is_no_problem_there(both: Stage) -> None:
    LOCKS[f"{HERE}/locks"].breaks(Fault.REFUSES)
    both.put(town=HERE)
    both.put(town=THERE)
    assert [problem.code for problem in both.run(both.operating.problems(HERE))] == ["credentials"]
    assert both.run(both.operating.problems(THERE)) == []
    assert LOCKS[f"{THERE}/locks"].stands.keys() == {PIN}


def test_pausing_here_stops_nothing_there(both: Stage) -> None:
    both.run(both.node.health.set_paused(HERE, "locks", "Eva"))
    both.put(town=HERE)
    both.put(town=THERE)
    assert LOCKS[f"{HERE}/locks"].calls == []
    assert LOCKS[f"{THERE}/locks"].stands.keys() == {PIN}


def test_a_problem_of_one_is_not_found_or_retried_by_the_other(both: Stage) -> None:
    LOCKS[f"{HERE}/locks"].breaks(Fault.FULL)
    both.put(town=HERE)
    (problem,) = both.run(both.operating.problems(HERE))
    with pytest.raises(NotFoundError):
        both.run(both.operating.retry(THERE, problem.id))
    assert both.run(both.operating.problems(HERE)) == [problem]


def test_what_is_asked_by_id_is_found_in_its_own_municipality_only(both: Stage) -> None:
    both.put(town=HERE)
    ids = [id_ for (id_,) in both.rows("SELECT id FROM lanes")]
    assert both.read(shown.seen, HERE, ids).keys() == set(ids)
    assert both.read(shown.seen, THERE, ids) == {}
    assert both.read(codes.of_lanes, THERE, ids) == {}
    assert both.read(shown.with_key, THERE, "locks", PIN) is None


def test_the_lists_of_one_hold_nothing_of_the_other(both: Stage) -> None:
    both.put(town=HERE)
    both.put("B-2", town=HERE, **hour(of="hall.court-2"))
    both.put("B-9", town=THERE)
    both.at("12:00")

    def listed(town: str) -> set[str]:
        page = both.run(both.look_up.page(town, after="", limit=100))
        return {line.number for line in page.bookings}

    assert listed(HERE) == {"B-1", "B-2"}
    assert listed(THERE) == {"B-9"}
    status = both.run(both.operating.status(THERE))
    assert status.bookings == {"confirmed": 1}
    assert {line.number for line in both.run(both.board.board(THERE, hours=2)).lines} == {"B-9"}


def test_a_booking_of_one_is_not_found_in_the_other_nor_in_a_third(both: Stage) -> None:
    both.put(town=HERE)

    def look(town: str) -> BookingView:
        return both.view(town=town)

    assert look(HERE).booking.number == "B-1"
    for town in (THERE, "9999"):
        with pytest.raises(NotFoundError):
            look(town)


def test_a_sealed_person_does_not_open_in_the_other(both: Stage) -> None:
    both.put(town=HERE)
    both.put(town=THERE)

    def move(connection: Any) -> None:
        persons = "(SELECT persons FROM bookings WHERE municipality = '2480')"
        connection.run(f"UPDATE bookings SET persons = {persons} WHERE municipality = '1480'")  # noqa: S608

    both.run(both.writer.call(move))
    with pytest.raises(InvalidTag):
        both.view(town=THERE)
