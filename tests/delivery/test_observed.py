"""A connection that only observes: all is planned and read back, how it differs is told, and nothing is ever sent."""

from collections.abc import Callable

import pytest

from hub.model import Dim
from hub.model.states import Delivery, Effect, Proof
from tests.builders import SATURDAY, a_town
from tests.delivery.fakes import Fault
from tests.delivery.harness import PIN, Stage, hour

Staging = Callable[..., Stage]
PROVEN = (Effect.STANDING, Delivery.CONFIRMED, Proof.READ)
OBSERVED = {"mode": "observe"}


@pytest.fixture
def watched(staging: Staging) -> Stage:
    """A hall of which nothing is controlled yet."""
    return staging(a_town(connectors={"locks": OBSERVED, "lamps": OBSERVED}))


def observing(hall: Stage, *names: str, mode: str = "observe") -> None:
    """Have connections run in another mode from now on, as after an apply and a start."""
    hall.towns = [
        town.model_copy(
            update={
                "connections": {
                    name: one.model_copy(update={"mode": mode}) if name in names else one
                    for name, one in town.connections.items()
                }
            }
        )
        for town in hall.towns
    ]
    hall.restart()


def test_what_is_lit_by_others_as_it_should_be_is_told_as_standing(watched: Stage) -> None:
    watched.put()
    for zone, percent in (("court-1", 60), ("corridor", 60), ("entrance", 80)):
        watched.lamps.levels[zone] = Dim(percent=percent)
    watched.at("12:00")
    assert watched.state("court-1") == watched.state("entrance") == PROVEN
    assert watched.lamps.commands() == watched.locks.commands() == []


def test_how_a_lamp_differs_is_told_once_as_long_as_it_does(watched: Stage) -> None:
    watched.put()
    watched.at("12:40")
    seen = watched.lane("court-1")
    assert (seen.effect, seen.delivery, seen.detail) == (Effect.PLANNED, Delivery.DUE, "found 0 %, not 60 %")
    told = [one for one in watched.view().timeline if one.target == "lamps/court-1" and one.past]
    assert [one.detail for one in told] == ["found 0 %, not 60 %"]
    assert watched.problems() == []


def test_a_lamp_that_burns_on_when_nobody_wants_it_is_told(watched: Stage) -> None:
    watched.put()
    watched.lamps.levels["court-1"] = Dim(percent=60)
    watched.at("13:30")
    assert watched.lane("court-1").detail == "found 60 %, not released"
    watched.lamps.levels["court-1"] = Dim(percent=0)
    watched.at("14:00")
    assert watched.lane("court-1").effect == Effect.REMOVED


def test_a_code_that_is_not_there_is_told_and_not_granted(watched: Stage) -> None:
    watched.put()
    assert watched.lane(PIN).detail == "not there, and should be"
    watched.at("12:00")
    assert watched.locks.commands() == []
    assert {line.detail for line in watched.view().effects if line.target == f"locks/{PIN}"} == {
        "not there, and should be"
    }


def test_a_code_that_stood_and_is_taken_away_is_lost_and_comes_not_back(hall: Stage) -> None:
    hall.put()
    observing(hall, "locks")
    assert hall.state(PIN) == PROVEN
    hall.locks.remove(PIN)
    hall.locks.forget()
    hall.look_round()
    hall.look_round()
    assert (hall.lane(PIN).effect, hall.lane(PIN).delivery) == (Effect.LOST, Delivery.DUE)
    assert len(hall.events("effect.lost")) == 1
    assert hall.locks.commands() == []


def test_a_revoke_is_told_as_done_only_when_others_have_taken_the_code_away(hall: Stage) -> None:
    hall.put()
    observing(hall, "locks")
    hall.locks.forget()
    hall.cancel()
    assert (hall.lane(PIN).effect, hall.lane(PIN).detail) == (Effect.REMOVING, "still there, and should be gone")
    hall.locks.remove(PIN)
    hall.at("10:00")
    assert hall.state(PIN) == (Effect.REMOVED, Delivery.CONFIRMED, Proof.READ)
    assert hall.locks.commands() == []


def test_what_is_far_ahead_is_looked_at_more_seldom(watched: Stage) -> None:
    watched.put("B-1", **hour(24 * 60))
    watched.locks.forget()
    watched.at("11:00")
    assert len(watched.locks.calls) == 2
    watched.put("B-2")
    watched.locks.forget()
    watched.at("11:45")
    assert len([call for call in watched.locks.calls if call[1] == "hub-B-2"]) == 4


def test_what_waited_is_sent_when_the_connection_goes_live(watched: Stage) -> None:
    watched.put()
    watched.at("11:50")
    observing(watched, "locks", "lamps", mode="live")
    assert watched.locks.opens("outer", SATURDAY) == {PIN}
    assert watched.lamps.lit() == {"corridor": 60, "court-1": 60, "entrance": 80}


def test_an_observed_system_that_does_not_answer_is_a_problem_as_any(watched: Stage) -> None:
    watched.at("11:50")
    watched.locks.breaks(Fault.DOWN)
    watched.put()
    assert [(one.connection, one.code) for one in watched.problems()] == [("locks", "unreachable")]
