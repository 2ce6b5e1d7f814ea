"""While a system is worked on nothing is asked of it, and nobody is alarmed; then what is needed first goes first."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from hub.model import Dim
from hub.model.standing import ReadinessAnswer
from hub.model.states import Delivery, Effect, Proof
from tests.builders import SATURDAY, a_town
from tests.delivery.fakes import Fault
from tests.delivery.harness import PIN, TOWN, Stage, hour

Staging = Callable[..., Stage]
PROVEN = (Effect.STANDING, Delivery.CONFIRMED, Proof.READ)
WINDOW: dict[str, Any] = {"maintenance": [{"weekdays": ["saturday"], "from": "11:00", "until": "13:30"}]}
"""Saturday 10:00 to 12:30 UTC."""


@pytest.fixture
def worked_on(staging: Staging) -> Stage:
    """A hall whose locks and lamps are worked on around noon."""
    return staging(a_town(connectors={"locks": WINDOW, "lamps": WINDOW}))


def test_in_the_window_nothing_is_asked_and_nobody_is_alarmed(worked_on: Stage) -> None:
    worked_on.put("B-1", **hour(24 * 60))
    worked_on.at("10:00")
    for system in (worked_on.locks, worked_on.lamps):
        system.breaks(Fault.DOWN)
        system.forget()
    worked_on.put("B-2")
    worked_on.cancel("B-1")
    worked_on.look_round()
    worked_on.run(worked_on.node.health.check_all())
    worked_on.look_after()
    worked_on.at("12:29")
    assert worked_on.locks.calls == worked_on.lamps.calls == []
    assert worked_on.problems() == worked_on.problems(ended=True) == []
    assert worked_on.running("locks").gate.is_open
    (locks, _) = worked_on.run(worked_on.node.health.listed(TOWN))
    assert locks.maintenance_until == SATURDAY + timedelta(minutes=30)


def test_after_the_window_what_waited_is_done(worked_on: Stage) -> None:
    worked_on.put("B-1", **hour(24 * 60))
    worked_on.at("10:00")
    worked_on.put("B-2")
    worked_on.cancel("B-1")
    worked_on.at("12:31")
    assert set(worked_on.locks.stands) == {"hub-B-2"}
    assert worked_on.lamps.lit() == {"corridor": 60, "court-1": 60, "entrance": 80}
    assert worked_on.state("court-1") == PROVEN


def test_what_is_to_go_and_what_is_needed_first_goes_first(worked_on: Stage) -> None:
    worked_on.put("B-0", **hour(20 * 60))
    worked_on.at("10:30")
    worked_on.locks.forget()
    for number, after in (("B-1", 50 * 60), ("B-2", 30 * 60), ("B-3", 60), ("B-4", 40 * 60)):
        worked_on.put(number, **hour(after))
    worked_on.cancel("B-0")
    worked_on.at("12:31")
    order = [key for _, key in worked_on.locks.commands()]
    assert order == ["hub-B-0", "hub-B-3", "hub-B-2", "hub-B-4", "hub-B-1"]


def test_light_whose_time_passes_within_the_window_is_never_sent(worked_on: Stage) -> None:
    worked_on.put(**hour(-90, minutes=60))
    worked_on.at("13:00")
    assert worked_on.lamps.commands() == []
    assert len(worked_on.events("effect.expired")) == 3


def test_a_call_that_loses_its_answer_as_the_window_begins_is_no_problem(worked_on: Stage) -> None:
    """It was under way when the system went down."""
    worked_on.at("09:59:59")
    worked_on.lamps.breaks(Fault.DOWN)

    async def it_begins() -> None:
        worked_on.skip(seconds=2)

    worked_on.locks.meanwhile = it_begins
    worked_on.locks.breaks(Fault.LOST)
    worked_on.put()
    assert worked_on.problems() == []
    assert worked_on.running("locks").gate.is_open
    worked_on.locks.recovers()
    worked_on.at("12:31")
    assert worked_on.state(PIN) == PROVEN


def test_what_was_wrong_before_the_window_and_is_after_it_is_one_problem(worked_on: Stage) -> None:
    worked_on.locks.breaks(Fault.DOWN)
    worked_on.at("09:50")
    worked_on.put("B-1", **hour(24 * 60))
    worked_on.at("12:29")
    (problem,) = worked_on.problems()
    worked_on.at("12:40")
    assert [one.id for one in worked_on.problems()] == [problem.id]
    worked_on.locks.recovers()
    worked_on.at("12:46")
    told = [event.type for event in worked_on.events("problem.") if event.subject == "locks"]
    assert told == ["problem.started", "problem.ended"]


def test_a_hand_that_changes_a_lamp_in_the_window_is_seen_after_it(worked_on: Stage) -> None:
    worked_on.put(**hour(-150, minutes=240))
    worked_on.at("09:50")
    assert worked_on.lamps.percent("court-1") == 60
    worked_on.at("10:30")
    worked_on.lamps.levels["court-1"] = Dim(percent=10)
    worked_on.look_round()
    assert worked_on.lane("court-1").effect == Effect.STANDING
    worked_on.at("12:31")
    assert worked_on.lane("court-1").effect == Effect.OVERRIDDEN


# ---------------------------------------------------------------- what is foreseen


def line(hall: Stage, target: str) -> ReadinessAnswer:
    told = hall.run(hall.board.board(TOWN, hours=24))
    return next(one for one in told.lines if one.target == target)


def test_an_effect_that_the_window_will_make_late_is_foreseen(worked_on: Stage) -> None:
    worked_on.put()
    light = line(worked_on, "lamps/court-1")
    assert (light.readiness, light.detail) == ("red", "needed 12:45, maintenance until 13:30")
    assert line(worked_on, f"locks/{PIN}").readiness == "green"
    told = worked_on.run(worked_on.board.board(TOWN, hours=24))
    assert not told.ready
    window = (SATURDAY - timedelta(hours=2), SATURDAY + timedelta(minutes=30))
    assert [(one.connection, one.why, one.since, one.until) for one in told.held] == [
        ("lamps", "maintenance", *window),
        ("locks", "maintenance", *window),
    ]


def test_a_code_that_is_asked_for_in_the_window_is_late_only_when_it_is_needed_in_it(worked_on: Stage) -> None:
    worked_on.at("10:30")
    worked_on.put("B-1")
    worked_on.put("B-2", **hour(90))
    assert line(worked_on, f"locks/{PIN}").detail == "needed 12:45, maintenance until 13:30"
    assert line(worked_on, "locks/hub-B-2").readiness == "waiting"


def test_a_window_that_makes_nothing_late_leaves_the_evening_ready(worked_on: Stage) -> None:
    worked_on.put(**hour(120))
    told = worked_on.run(worked_on.board.board(TOWN, hours=24))
    assert told.ready
    assert {one.why for one in told.held} == {"maintenance"}
