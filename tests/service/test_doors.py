"""Why can't I get in? What should open a door, what stands, who came, and what is wrong with it."""

from datetime import datetime, timedelta

import pytest

from hub.errors import InvalidError, NotFoundError
from hub.model import Refusal
from hub.model.doors import DoorAnswer
from hub.model.states import Effect, Proof
from hub.service.doors.explaining import Doors
from tests.builders import SATURDAY, a_town, occasion
from tests.delivery.fakes import Fault
from tests.delivery.harness import TOWN, Stage, hour
from tests.service.test_passing import passed, refused, told


def asked(hall: Stage, door: str = "hall/OUTER", **more: object) -> DoorAnswer:
    doors = Doors(hall.readers, hall.rulebook, hall.operating, hall.clock)
    return hall.run(doors.explain(TOWN, door, **more))  # type: ignore[arg-type]


def minutes(of: float) -> datetime:
    return SATURDAY + timedelta(minutes=of)


def test_too_early_is_said_with_the_minutes_and_when_it_opens(hall: Stage) -> None:
    hall.put("B-1", **hour())
    told(hall, refused(-22))
    answer = asked(hall, at=minutes(-20))
    assert answer.why == (
        "no booking opens it now",
        "next is booking B-1, from 2026-11-21 12:45",
        "the last refusal, 2026-11-21 12:38: 7 min too early",
    )
    (attempt,) = answer.attempts
    assert (attempt.number, attempt.minutes, attempt.text) == ("B-1", 7, "refused: 7 min too early")


def test_what_stands_is_told_with_its_proof(hall: Stage) -> None:
    hall.put("B-1", **hour())
    hall.at("11:50")
    answer = asked(hall)
    (opens,) = answer.opens
    assert (opens.number, opens.resource, opens.now, opens.state, opens.proof) == (
        "B-1", "hall.court-1", True, Effect.STANDING, Proof.READ,
    )  # fmt: skip
    assert answer.why == ("booking B-1 opens it from 2026-11-21 12:45 to 2026-11-21 14:10: read back",)
    assert answer.attempts == ()


def test_a_lock_system_that_is_down_is_said_with_its_problem_in_swedish(hall: Stage) -> None:
    hall.locks.breaks(Fault.DOWN)
    hall.put("B-1", **hour())
    hall.at("11:50")
    answer = asked(hall, language="sv")
    assert answer.why[0] == "det som bokning B-1 begär finns inte i passersystemet: försöker igen"
    assert answer.why[1].startswith("dess passersystem har ett problem: ")
    assert [one.code for one in answer.problems] == ["unreachable"]


def test_a_closure_is_said_and_what_opens_next(hall: Stage) -> None:
    hall.put("B-1", **hour())
    hall.put("B-2", **hour(120, of="hall.court-2"))
    hall.close_resource("snow", of="hall.court-1")
    answer = asked(hall, at=minutes(5))
    assert answer.why == (
        "a closure holds back what booking B-1 asks for",
        "next is booking B-2, from 2026-11-21 14:45",
    )
    assert answer.opens[0].state is Effect.SUSPENDED


def test_a_booking_that_gives_nobody_a_key_is_named(hall: Stage) -> None:
    hall.put("B-1", occasions=[occasion(holders=[])])
    answer = asked(hall, at=minutes(5))
    assert answer.without == ("B-1",)
    assert answer.why[0] == "booking B-1 is on, and gives nobody anything to open it with"


def test_after_somebody_got_in_the_last_refusal_is_no_answer_any_more(hall: Stage) -> None:
    hall.put("B-1", **hour())
    hall.at("11:50")
    told(hall, refused(-11), passed(-10))
    assert [one.text for one in asked(hall).attempts] == ["passed", "refused: the lock system does not say why"]
    assert len(asked(hall).why) == 1


def test_what_came_later_than_is_asked_about_is_not_told(hall: Stage) -> None:
    hall.put("B-1", **hour())
    told(hall, refused(-22, Refusal.UNKNOWN_CODE, key=None), passed(3))
    assert [one.reason for one in asked(hall, at=minutes(0)).attempts] == ["unknown_code"]


def test_a_code_for_another_court_opens_only_its_doors(hall: Stage) -> None:
    hall.put("B-3", **hour(of="hall.court-3"))
    assert [one.number for one in asked(hall, "OUTER", at=minutes(5)).opens] == ["B-3"]
    inner = asked(hall, "inner", at=minutes(5))
    assert inner.opens == ()
    assert inner.why == ("no booking opens it now", "no booking opens it within a day")


@pytest.mark.parametrize("name", ["hall/OUTER", "outer", "OUTER", "locks/outer", "Hall/Outer"])
def test_a_door_is_known_by_each_of_its_names(hall: Stage, name: str) -> None:
    assert asked(hall, name).door == "hall/OUTER"


def test_a_door_that_is_not_there_is_refused_and_one_of_two_is_asked_for(hall: Stage) -> None:
    with pytest.raises(NotFoundError, match="no door 'cellar'"):
        asked(hall, "cellar")
    town = a_town()
    twin = town.facilities["hall"].model_copy(update={"resources": {}})
    known = hall.rulebook.town(TOWN)
    both = known.configuration.model_copy(update={"facilities": {"hall": town.facilities["hall"], "annex": twin}})
    hall.rulebook._towns[TOWN] = type(known)(both, known.version, known.rules)
    with pytest.raises(InvalidError) as refusal:
        asked(hall, "OUTER")
    assert refusal.value.faults[0].detail == "say which: hall/OUTER, annex/OUTER"
