"""A booking opens the door and lights the court, and both follow it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from hub.delivery.errands import awaiting
from hub.model import Dim
from hub.model.states import Delivery, Effect, Proof, Record
from tests.builders import SATURDAY, a_holder, a_town, occasion
from tests.delivery.fakes import Fault
from tests.delivery.harness import PIN, TOWN, Stage, hour

Staging = Callable[..., Stage]
PROVEN = (Effect.STANDING, Delivery.CONFIRMED, Proof.READ)


def test_a_booking_opens_its_doors_at_its_time_and_at_no_other(hall: Stage) -> None:
    hall.put()
    early, open_, late = (SATURDAY + timedelta(minutes=m) for m in (-16, -15, 70))
    for door in ("outer", "inner"):
        assert hall.locks.opens(door, early) == set()
        assert hall.locks.opens(door, open_) == {PIN}
        assert hall.locks.opens(door, late) == set()
    assert hall.state(PIN) == PROVEN


def test_the_light_follows_from_start_to_end(hall: Stage) -> None:
    hall.put()
    assert hall.lamps.lit() == {}
    hall.at("11:44:59")
    assert hall.lamps.lit() == {}
    hall.at("11:45")
    assert hall.lamps.lit() == {"corridor": 60, "court-1": 60, "entrance": 80}
    assert hall.state("court-1") == PROVEN
    hall.at("13:09:59")
    assert hall.lamps.percent("court-1") == 60
    hall.at("13:10")
    assert hall.lamps.lit() == {}
    assert hall.state("court-1") == (Effect.REMOVED, Delivery.CONFIRMED, Proof.READ)


def test_nothing_is_left_in_the_locks_when_the_time_has_passed(hall: Stage) -> None:
    hall.put()
    hall.at("13:10")
    assert hall.locks.stands == {}
    assert hall.state(PIN) == (Effect.REMOVED, Delivery.CONFIRMED, Proof.READ)
    assert hall.next_wake() > hall.now() + 10**15


def test_a_booking_that_is_on_already_is_carried_at_once(hall: Stage) -> None:
    hall.at("12:30")
    hall.put()
    assert hall.lamps.percent("court-1") == 60
    assert hall.locks.opens("outer", hall.clock.now()) == {PIN}


def test_a_booking_that_is_over_asks_nothing_of_anyone(hall: Stage) -> None:
    hall.at("14:00")
    hall.put()
    assert hall.locks.commands() == []
    assert hall.lamps.commands() == []


def test_a_moved_booking_takes_its_door_and_its_light_along(hall: Stage) -> None:
    hall.put()
    hall.at("11:50")
    hall.put(revision=2, **hour(120, of="hall.court-2"))
    assert hall.lamps.lit() == {}
    assert hall.locks.opens("outer", hall.clock.now()) == set()
    hall.at("14:00")
    assert hall.lamps.lit() == {"corridor": 60, "court-2": 60, "entrance": 80}
    assert hall.locks.opens("inner", hall.clock.now()) == {PIN}
    hall.at("16:00")
    assert hall.lamps.lit() == {}
    assert hall.locks.stands == {}


def test_a_moved_booking_keeps_its_code(hall: Stage) -> None:
    hall.put()
    code = hall.locks.pin(PIN)
    hall.put(revision=2, **hour(24 * 60))
    assert hall.locks.pin(PIN) == code


def test_a_shortened_booking_is_dark_sooner_and_shuts_sooner(hall: Stage) -> None:
    hall.put()
    hall.at("12:05")
    hall.put(revision=2, **hour(minutes=15))
    hall.at("12:24")
    assert hall.lamps.percent("court-1") == 60
    hall.at("12:25")
    assert hall.lamps.lit() == {}
    assert hall.locks.opens("outer", hall.clock.now()) == set()


def test_a_lengthened_booking_is_lit_on(hall: Stage) -> None:
    hall.put()
    hall.at("13:05")
    hall.lamps.forget()
    hall.put(revision=2, **hour(minutes=90))
    hall.at("13:39")
    assert hall.lamps.percent("court-1") == 60
    assert hall.lamps.commands() == []
    hall.at("13:40")
    assert hall.lamps.lit() == {}


def test_a_cancelled_booking_takes_back_the_door_code_and_the_light(hall: Stage) -> None:
    hall.put()
    hall.at("12:00")
    hall.cancel()
    assert hall.locks.stands == {}
    assert hall.lamps.lit() == {}
    assert hall.state(PIN) == (Effect.REMOVED, Delivery.CONFIRMED, Proof.READ)
    assert {one.state for one in hall.view().effects} == {Effect.REMOVED}


def test_cancelling_before_anything_was_sent_sends_nothing(hall: Stage) -> None:
    hall.accept()
    hall.accept(revision=2, status="cancelled")
    hall.settle()
    hall.at("14:00")
    assert hall.locks.commands() == []
    assert hall.lamps.commands() == []


def test_a_preliminary_booking_opens_nothing_until_it_is_confirmed(hall: Stage) -> None:
    hall.put(status="preliminary")
    hall.at("11:50")
    assert hall.locks.commands() == []
    assert hall.lamps.commands() == []
    hall.put(revision=2)
    assert hall.locks.opens("outer", hall.clock.now()) == {PIN}
    assert hall.lamps.percent("court-1") == 60


def test_between_adjacent_bookings_no_command_is_sent(hall: Stage) -> None:
    hall.put("B-1")
    hall.put("B-2", **hour(60))
    hall.put("B-3", **hour(120))
    hall.at("11:45")
    hall.lamps.forget()
    hall.at("15:09:59")
    assert hall.lamps.commands() == []
    hall.at("15:10")
    assert sorted(hall.lamps.commands()) == [("put", "corridor"), ("put", "court-1"), ("put", "entrance")]
    assert hall.lamps.lit() == {}


def test_adjacent_occasions_of_one_booking_are_one_grant(hall: Stage) -> None:
    hall.put(occasions=[occasion(id="a"), occasion(id="b", after=60)])
    hall.at("14:00")
    assert hall.locks.commands() == [("put", PIN)]


def test_the_higher_level_wins_while_it_lasts(hall: Stage) -> None:
    hall.put("B-1", **hour(minutes=180))
    hall.put("B-2", **hour(60, of="hall.whole", activity="match"))
    hall.at("12:44")
    assert hall.lamps.lit() == {"corridor": 60, "court-1": 60, "entrance": 80}
    hall.at("12:45")
    assert hall.lamps.lit() == {"corridor": 60, "court-1": 100, "court-2": 100, "court-3": 100, "entrance": 80}
    hall.at("14:10")
    assert hall.lamps.lit() == {"corridor": 60, "court-1": 60, "entrance": 80}


def test_a_shared_lamp_goes_dark_only_with_the_last(hall: Stage) -> None:
    hall.put("B-1")
    hall.put("B-2", **hour(of="hall.court-2"))
    hall.at("12:00")
    hall.cancel("B-1")
    assert hall.lamps.lit() == {"corridor": 60, "court-2": 60, "entrance": 80}
    hall.cancel("B-2")
    assert hall.lamps.lit() == {}


def test_a_new_revision_that_changes_no_effect_sends_nothing(hall: Stage) -> None:
    hall.put()
    hall.at("12:00")
    hall.locks.forget()
    hall.lamps.forget()
    assert not hall.put(revision=2, notify=["vaktmastare"]).answer.changed
    assert hall.locks.commands() == hall.lamps.commands() == []


def test_each_holders_code_opens_and_goes_with_its_holder(staging: Staging) -> None:
    hall = staging(a_town(strategy="per_holder"))
    lena, omar = a_holder("Lena"), a_holder("Omar")
    hall.put(**hour(holders=[lena, omar]))
    codes = {hall.locks.pin(key) for key in hall.locks.stands}
    assert len(codes) == 2
    hall.put(revision=2, **hour(holders=[omar]))
    assert len(hall.locks.stands) == 1
    (credential,) = hall.view().credentials
    assert (credential.holder, credential.value) == ("Omar", hall.locks.pin(next(iter(hall.locks.stands))))


# ---------------------------------------------------------------- not before its time


def test_a_grant_is_sent_when_its_push_horizon_has_come(staging: Staging) -> None:
    hall = staging(a_town(horizon_days=2))
    hall.put(**hour(5 * 24 * 60))
    assert hall.locks.commands() == []
    (one,) = [effect for effect in hall.view().effects if effect.target == f"locks/{PIN}"]
    assert (one.state, one.delivery) == (Effect.PLANNED, Delivery.WAITING)
    assert one.expected_at == SATURDAY + timedelta(days=3, minutes=-15)
    hall.at("11:44", days=3)
    assert hall.locks.commands() == []
    hall.at("11:45", days=3)
    assert hall.locks.commands() == [("put", PIN)]
    assert hall.state(PIN) == PROVEN


def test_windows_beyond_the_horizon_follow_when_theirs_has_come(staging: Staging) -> None:
    hall = staging(a_town(horizon_days=2))
    hall.put(occasions=[occasion(id="a"), occasion(id="b", after=5 * 24 * 60)])
    assert len(hall.locks.stands[PIN].windows) == 2
    hall.at("11:45", days=3)
    assert {window.starts_at for window in hall.locks.stands[PIN].windows} == {
        SATURDAY + timedelta(days=5, minutes=-15)
    }
    assert hall.locks.commands(PIN) == [("put", PIN), ("remove", PIN), ("put", PIN)]


def test_a_booking_that_changes_far_ahead_wakes_no_lock(staging: Staging) -> None:
    hall = staging(a_town(horizon_days=2))
    hall.put(**hour(5 * 24 * 60))
    hall.put(revision=2, **hour(6 * 24 * 60))
    hall.cancel(revision=3)
    hall.at("12:00", days=7)
    assert hall.locks.commands() == []


# ---------------------------------------------------------------- other kinds of systems


def test_what_is_only_observed_is_planned_and_never_sent(staging: Staging) -> None:
    hall = staging(a_town(connectors={"lamps": {"mode": "observe"}}))
    hall.put()
    hall.at("12:00")
    assert hall.lamps.commands() == []
    assert hall.lane("court-1").effect == Effect.PLANNED
    assert hall.locks.opens("outer", hall.clock.now()) == {PIN}


def test_a_lock_of_dates_is_told_at_the_start_and_at_the_end(staging: Staging) -> None:
    hall = staging(a_town(connectors={"locks": {"connector": "DayLocks"}}))
    hall.put(**hour(24 * 60))
    assert hall.locks.commands() == []
    hall.at("11:44", days=1)
    assert hall.locks.stands == {}
    hall.at("11:45", days=1)
    assert hall.locks.opens("outer", hall.clock.now()) == {PIN}
    assert hall.state(PIN) == PROVEN
    hall.at("13:10", days=1)
    assert hall.locks.stands == {}
    assert hall.locks.commands() == [("put", PIN), ("remove", PIN)]


def test_locks_that_tell_nothing_are_confirmed_by_their_receipt_and_never_green(staging: Staging) -> None:
    hall = staging(a_town(connectors={"locks": {"connector": "BlindLocks"}, "lamps": {"connector": "BlindLamps"}}))
    hall.put()
    hall.at("12:00")
    assert hall.state(PIN) == (Effect.STANDING, Delivery.CONFIRMED, Proof.RECEIPT)
    assert hall.state("court-1") == (Effect.STANDING, Delivery.CONFIRMED, Proof.RECEIPT)
    board = hall.run(hall.board.board(TOWN, hours=1))
    assert {line.readiness for line in board.lines} == {"yellow"}
    hall.at("14:00")
    assert hall.lamps.lit() == {}
    assert hall.locks.stands == {}


def test_a_zone_that_never_tells_is_sent_and_neither_fought_nor_found_otherwise(staging: Staging) -> None:
    hall = staging(a_town(connectors={"lamps": {"connector": "MuteLamps"}}))
    hall.put()
    hall.at("12:00")
    sent = (Effect.STANDING, Delivery.CONFIRMED, Proof.SENT)
    assert hall.state("court-1") == sent
    hall.lamps.levels["court-1"] = Dim(percent=5)
    hall.look_round()
    assert hall.state("court-1") == sent
    assert hall.lamps.percent("court-1") == 5, "nobody can know of the hand, so nobody fights it"
    assert hall.reconcile("lamps").findings == ()
    hall.restart()
    hall.settle()
    assert hall.problems() == []
    hall.at("14:00")
    assert hall.lamps.lit() == {}


def told(hall: Stage) -> list[str]:
    """What subscribers hear of a booking's code."""
    kinds = {"credential.ready", "credential.changed", "booking.effective", "effect.expired"}
    return [event.type for event in hall.events() if event.type in kinds]


def code(hall: Stage) -> tuple[Effect | Record, Delivery, Proof | None]:
    """The code as the booking core sees it."""
    (seen,) = [one for one in hall.view().effects if one.target == f"locks/{PIN}"]
    return seen.state, seen.delivery, seen.proof


def test_a_mobile_key_stands_when_its_holder_has_accepted(staging: Staging) -> None:
    hall = staging(a_town(connectors={"locks": {"connector": "AppLocks"}}))
    hall.put()
    assert hall.state(PIN)[:2] == code(hall)[:2] == (Effect.PLANNED, Delivery.AWAITING_USER)
    assert hall.problems() == []
    assert told(hall) == [], "nobody can open a door yet"
    hall.locks.unaccepted.clear()
    hall.at("09:10")
    assert hall.state(PIN) == code(hall) == PROVEN
    assert hall.locks.commands() == [("put", PIN)]
    assert told(hall) == ["credential.ready", "booking.effective"]


def test_a_mobile_key_that_is_moved_before_it_is_accepted_is_put_again_and_awaited(staging: Staging) -> None:
    hall = staging(a_town(connectors={"locks": {"connector": "AppLocks"}}))
    hall.put()
    hall.put(revision=2, **hour(30))
    assert code(hall)[:2] == (Effect.PLANNED, Delivery.AWAITING_USER)
    hall.locks.unaccepted.clear()
    hall.at("09:10")
    assert code(hall) == PROVEN
    assert hall.locks.commands() == [("put", PIN), ("put", PIN)]
    assert told(hall) == ["credential.ready", "booking.effective"]


def test_a_mobile_key_that_nobody_accepts_is_told_as_expired_and_taken_back(staging: Staging) -> None:
    hall = staging(a_town(connectors={"locks": {"connector": "AppLocks"}}))
    hall.put()
    hall.at("13:30")
    assert hall.locks.stands == {}
    assert "effect.expired" in told(hall)
    assert "credential.ready" not in told(hall)


def test_a_mobile_key_of_which_nobody_can_say_whether_it_was_accepted_is_put_once_and_never_told_ready(
    staging: Staging,
) -> None:
    hall = staging(a_town(connectors={"locks": {"connector": "BlindAppLocks"}}))
    hall.put()
    hall.at("12:30")
    assert hall.locks.commands() == [("put", PIN)]
    assert code(hall)[:2] == (Effect.PLANNED, Delivery.AWAITING_USER)
    hall.at("13:30")
    assert hall.locks.stands == {}
    assert "credential.ready" not in told(hall)


def test_a_mobile_key_that_is_cancelled_before_it_is_accepted_is_taken_back(staging: Staging) -> None:
    hall = staging(a_town(connectors={"locks": {"connector": "AppLocks"}}))
    hall.put()
    hall.cancel()
    assert hall.locks.stands == {}
    assert code(hall)[0] == Effect.REMOVED
    assert told(hall) == ["booking.effective"], "of the cancelling"


def test_what_is_coming_is_waited_for_and_seen(hall: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(awaiting, "_PATIENCE_SECONDS", 3.0)
    hall.locks.looks_until_there = hall.lamps.looks_until_there = 2
    hall.put()
    hall.at("12:00")
    assert hall.state(PIN) == PROVEN
    assert hall.state("court-1") == PROVEN
    assert hall.locks.commands() == [("put", PIN)]


def test_what_is_long_in_coming_is_not_confirmed_before_it_stands(hall: Stage) -> None:
    hall.locks.looks_until_there = 3
    hall.put()
    assert hall.state(PIN)[0] == Effect.PLANNED
    hall.at("11:00")
    assert hall.state(PIN) == PROVEN
    assert hall.locks.commands() == [("put", PIN)]


def test_what_is_still_coming_when_it_is_needed_is_a_problem(hall: Stage) -> None:
    hall.locks.looks_until_there = 1000
    hall.put()
    hall.at("11:44")
    assert hall.problems() == []
    hall.at("11:50")
    (problem,) = hall.problems()
    assert (problem.code, problem.waiting) == ("not-as-granted", 1)


def test_a_night_when_clocks_change_is_lit_to_the_minute(staging: Staging) -> None:
    hall = staging(a_town(horizon_days=400))
    autumn = {"starts_at": "2027-10-31T01:00:00+02:00", "ends_at": "2027-10-31T04:00:00+01:00"}
    hall.put(occasions=[occasion() | autumn])
    night = datetime(2027, 10, 30, 23, tzinfo=UTC)
    hall.clock.moment = night - timedelta(minutes=15)
    hall.settle()
    assert hall.lamps.percent("court-1") == 60
    hall.clock.moment = night + timedelta(hours=4, minutes=9)
    hall.settle()
    assert hall.lamps.percent("court-1") == 60
    hall.clock.moment += timedelta(minutes=1)
    hall.settle()
    assert hall.lamps.lit() == {}


def test_a_light_is_not_told_gone_before_it_is_out(hall: Stage) -> None:
    hall.put()
    hall.at("12:30")
    hall.lamps.breaks(Fault.DOWN, "court-1")
    hall.accept(revision=2, status="cancelled")
    assert state_of(hall, "lamps/court-1") == "removing"
    hall.settle()
    assert state_of(hall, "lamps/court-1") == "removing"
    hall.lamps.recovers("court-1")
    hall.at("12:40")
    assert hall.lamps.percent("court-1") == 0
    assert state_of(hall, "lamps/court-1") == "removed"


def test_a_light_that_another_needs_is_gone_for_who_cancelled_when_that_is_settled(hall: Stage) -> None:
    hall.put("B-1")
    hall.put("B-2", **hour(of="hall.whole"))
    hall.at("12:30")
    hall.cancel("B-1")
    assert hall.lamps.percent("court-1") > 0
    assert state_of(hall, "lamps/court-1") == "removed"


def state_of(hall: Stage, target: str, number: str = "B-1") -> str:
    (effect,) = [one for one in hall.view(number).effects if one.target == target]
    return str(effect.state)
