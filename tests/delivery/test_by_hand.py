"""What people do by hand in the systems: told, respected, and repaired once where a door is concerned."""

from datetime import timedelta

import pytest

from hub.model import Dim, Window
from hub.model.states import Delivery, Effect, Proof
from tests.builders import SATURDAY, occasion
from tests.delivery.harness import PIN, TOWN, Stage, hour

PROVEN = (Effect.STANDING, Delivery.CONFIRMED, Proof.READ)


# ---------------------------------------------------------------- credentials


def test_a_credential_that_vanished_is_granted_anew_once(hall: Stage) -> None:
    hall.put()
    del hall.locks.stands[PIN]
    hall.look_round()
    assert hall.state(PIN) == PROVEN
    assert PIN in hall.locks.stands
    assert hall.problems() == []
    assert [event.subject for event in hall.events("effect.lost")] == [f"locks/{PIN}"]


def test_one_that_vanished_again_is_a_problem_and_is_not_granted(hall: Stage) -> None:
    hall.put()
    for _ in range(2):
        hall.locks.stands.pop(PIN, None)
        hall.look_round()
    assert hall.state(PIN)[:2] == (Effect.LOST, Delivery.STUCK)
    assert hall.locks.stands == {}
    (problem,) = hall.problems()
    assert (problem.code, problem.waiting) == ("vanished", 1)
    hall.look_round()
    hall.restart()
    hall.at("12:00")
    assert hall.locks.stands == {}
    assert len(hall.events("effect.lost")) == 2


def test_one_that_was_given_up_is_not_granted_by_a_change_of_its_booking(hall: Stage) -> None:
    hall.put()
    for _ in range(2):
        hall.locks.stands.pop(PIN, None)
        hall.look_round()
    hall.put(revision=2, occasions=[occasion(after=30)])
    hall.look_round()
    assert hall.locks.stands == {}
    assert hall.state(PIN)[:2] == (Effect.LOST, Delivery.STUCK)
    assert [problem.code for problem in hall.problems()] == ["vanished"]


def test_an_operator_who_retries_grants_it_anew(hall: Stage) -> None:
    hall.put()
    for _ in range(2):
        hall.locks.stands.pop(PIN, None)
        hall.look_round()
    (problem,) = hall.problems()
    hall.run(hall.operating.retry(TOWN, problem.id))
    hall.settle()
    assert hall.state(PIN) == PROVEN
    assert hall.problems() == []


def test_a_credential_whose_times_were_changed_by_hand_is_put_right_once(hall: Stage) -> None:
    hall.put()
    longer = Window(door="outer", starts_at=SATURDAY, ends_at=SATURDAY + timedelta(days=300))
    changed = hall.locks.stands[PIN].model_copy(update={"windows": frozenset({longer})})
    hall.locks.stands[PIN] = changed
    hall.look_round()
    assert hall.locks.opens("outer", SATURDAY + timedelta(days=200)) == set()
    assert hall.state(PIN) == PROVEN
    hall.locks.stands[PIN] = changed
    hall.look_round()
    assert [problem.code for problem in hall.problems()] == ["vanished"]


def test_one_that_was_shut_off_is_a_problem_and_is_never_granted_anew(hall: Stage) -> None:
    hall.put()
    hall.locks.disabled.add(PIN)
    hall.look_round()
    assert hall.state(PIN)[:2] == (Effect.LOST, Delivery.STUCK)
    assert [problem.code for problem in hall.problems()] == ["disabled"]
    hall.locks.forget()
    hall.look_round()
    hall.put(revision=2, **hour(minutes=90))
    hall.restart()
    hall.at("12:00")
    assert hall.locks.commands() == []
    assert [problem.code for problem in hall.problems()] == ["disabled"]


def test_one_that_was_shut_off_is_taken_away_when_its_time_is_over(hall: Stage) -> None:
    hall.put()
    hall.locks.disabled.add(PIN)
    hall.look_round()
    hall.at("13:15")
    assert hall.locks.stands == {}
    assert hall.state(PIN) == (Effect.REMOVED, Delivery.CONFIRMED, Proof.READ)
    assert hall.problems() == []


def test_one_that_was_shut_off_is_taken_away_when_the_booking_is_cancelled(hall: Stage) -> None:
    hall.put()
    hall.locks.disabled.add(PIN)
    hall.look_round()
    hall.cancel()
    assert hall.locks.stands == {}
    assert hall.problems() == []


def test_one_that_was_switched_on_again_stands_when_an_operator_retries(hall: Stage) -> None:
    hall.put()
    hall.locks.disabled.add(PIN)
    hall.look_round()
    hall.locks.disabled.clear()
    (problem,) = hall.problems()
    hall.run(hall.operating.retry(TOWN, problem.id))
    hall.settle()
    assert hall.state(PIN) == PROVEN
    assert hall.locks.commands() == [("put", PIN)]


def test_a_hint_from_the_system_is_followed_at_once(hall: Stage) -> None:
    hall.put()
    del hall.locks.stands[PIN]
    hall.hint("locks", PIN)
    assert PIN in hall.locks.stands


@pytest.mark.parametrize("key", [PIN, "hub-B-99", "cleaner"])
def test_a_hint_about_what_nobody_wants_does_nothing(hall: Stage, key: str) -> None:
    hall.put()
    hall.cancel()
    hall.locks.forget()
    hall.hint("locks", key)
    assert hall.locks.commands() == []


# ---------------------------------------------------------------- zones


def test_a_lamp_set_by_hand_is_told_of_and_left_until_the_next_edge(hall: Stage) -> None:
    hall.put()
    hall.at("12:00")
    hall.lamps.levels["court-1"] = Dim(percent=20)
    hall.look_round()
    hall.lamps.forget()
    assert hall.state("court-1")[:2] == (Effect.OVERRIDDEN, Delivery.CONFIRMED)
    assert hall.lane("court-1").detail == "found 20 %, not 60 %"
    (event,) = hall.events("effect.overridden")
    assert event.subject == "lamps/court-1"
    hall.look_round()
    hall.at("13:09")
    assert hall.lamps.percent("court-1") == 20
    assert hall.lamps.commands() == []
    assert len(hall.events("effect.overridden")) == 1
    hall.at("13:10")
    assert hall.lamps.lit() == {}
    assert hall.state("court-1") == (Effect.REMOVED, Delivery.CONFIRMED, Proof.READ)
    assert hall.problems() == []


def test_the_next_edge_between_bookings_sets_the_level_again(hall: Stage) -> None:
    hall.put("B-1")
    hall.put("B-2", **hour(60, activity="match"))
    hall.at("12:00")
    hall.lamps.levels["court-1"] = Dim(percent=0)
    hall.look_round()
    hall.at("12:44")
    assert hall.lamps.percent("court-1") == 0
    hall.at("12:45")
    assert hall.lamps.percent("court-1") == 100
    assert hall.state("court-1") == PROVEN


def test_a_booking_that_changes_the_level_ends_the_override(hall: Stage) -> None:
    hall.put()
    hall.at("12:00")
    hall.lamps.levels["court-1"] = Dim(percent=20)
    hall.look_round()
    hall.put(revision=2, **hour(activity="match"))
    assert hall.lamps.percent("court-1") == 100
    assert hall.state("court-1") == PROVEN


def test_a_lamp_that_was_set_back_by_hand_stands_again(hall: Stage) -> None:
    hall.put()
    hall.at("12:00")
    hall.lamps.levels["court-1"] = Dim(percent=20)
    hall.look_round()
    hall.lamps.levels["court-1"] = Dim(percent=60)
    hall.look_round()
    assert hall.state("court-1") == PROVEN


def test_an_override_outlives_the_process(hall: Stage) -> None:
    hall.put()
    hall.at("12:00")
    hall.lamps.levels["court-1"] = Dim(percent=20)
    hall.look_round()
    hall.restart()
    hall.at("13:00")
    assert hall.lamps.percent("court-1") == 20
    assert hall.state("court-1")[0] == Effect.OVERRIDDEN
    assert len(hall.events("effect.overridden")) == 1


def test_what_has_more_right_than_we_is_an_override_and_no_problem(hall: Stage) -> None:
    hall.lamps.stronger["court-1"] = Dim(percent=100)
    hall.put()
    hall.at("12:00")
    assert hall.state("court-1")[0] == Effect.OVERRIDDEN
    assert "panic button" in (hall.lane("court-1").detail or "")
    assert hall.problems() == []


def test_a_lamp_lit_by_hand_when_nobody_has_booked_is_nobodys_business(hall: Stage) -> None:
    hall.put()
    hall.at("14:00")
    hall.lamps.levels["court-1"] = Dim(percent=80)
    hall.lamps.forget()
    hall.look_round()
    hall.restart()
    assert hall.lamps.percent("court-1") == 80
    assert hall.lamps.commands() == []


def test_an_override_is_yellow_on_the_board(hall: Stage) -> None:
    hall.put()
    hall.at("12:00")
    hall.lamps.levels["court-1"] = Dim(percent=20)
    hall.look_round()
    board = hall.run(hall.board.board(TOWN, hours=1))
    assert {line.readiness for line in board.lines if line.target == "lamps/court-1"} == {"yellow"}
