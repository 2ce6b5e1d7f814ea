"""What is kept of deliveries: each that changed or found something, and what was never done in time."""

import pytest

from hub.model import Dim
from hub.model.standing import DeliveryAnswer
from hub.model.states import Delivery, Effect, Proof
from hub.service.operators.choosing import Wish
from hub.store import deliveries
from hub.store.deliveries import Spell
from tests.delivery.fakes import Fault
from tests.delivery.harness import PIN, TOWN, Stage, hour

PROVEN = (Effect.STANDING, Delivery.CONFIRMED, Proof.READ)


def history(hall: Stage, key: str) -> list[str]:
    return [outcome for (outcome,) in hall.rows("SELECT outcome FROM deliveries WHERE lane = ?", hall.lane(key).id)]


def of_booking(hall: Stage, number: str, key: str) -> tuple[str, str]:
    (found,) = [one for one in hall.view(number).effects if one.target.endswith(f"/{key}")]
    return found.state, found.delivery


def listed(hall: Stage, state: Delivery) -> dict[str, DeliveryAnswer]:
    page = hall.run(hall.handling.listed(TOWN, Wish(state), after=0, limit=100))
    return {one.target: one for one in page.deliveries}


# ---------------------------------------------------------------- looks


def test_a_look_that_finds_all_as_it_was_is_no_history_and_its_moment_is_kept(hall: Stage) -> None:
    hall.put()
    hall.at("12:00")
    for clock in ("12:10", "12:20"):
        hall.at(clock)
        hall.look_round()
    for key in (PIN, "court-1"):
        assert hall.state(key) == PROVEN
        assert history(hall, key) == ["confirmed"]
        assert hall.lane(key).confirmed_at == hall.now()
    assert hall.lamps.calls.count(("read", "court-1")) == 3, "it did look"


def test_a_look_that_finds_something_is_history_once(hall: Stage) -> None:
    hall.put()
    hall.at("12:00")
    hall.lamps.levels["court-1"] = Dim(percent=20)
    for _ in range(3):
        hall.look_round()
    hall.lamps.levels["court-1"] = Dim(percent=60)
    for _ in range(3):
        hall.look_round()
    rows = hall.rows("SELECT outcome, proof FROM deliveries WHERE lane = ? ORDER BY id", hall.lane("court-1").id)
    assert rows == [("confirmed", "read"), ("overridden", None), ("confirmed", "read")]


def test_a_look_after_one_that_failed_is_history(hall: Stage) -> None:
    hall.put()
    hall.at("12:00")
    hall.lamps.breaks(Fault.DOWN, "court-1")
    hall.look_round()
    hall.lamps.recovers("court-1")
    hall.at("12:10")
    assert history(hall, "court-1") == ["confirmed", "retrying", "confirmed"]


def test_a_failure_that_repeats_itself_is_history_once_and_each_sending_is_always(hall: Stage) -> None:
    hall.lamps.breaks(Fault.DOWN, "court-1")
    hall.put()
    hall.at("12:30")
    assert history(hall, "court-1") == ["retrying"]
    assert hall.lane("court-1").attempts > 10
    hall.lamps.breaks(Fault.DEAF, "court-1")
    hall.lamps.forget()
    hall.at("12:50")
    assert history(hall, "court-1") == ["retrying"] * (1 + len(hall.lamps.commands("court-1")))
    hall.lamps.recovers("court-1")
    hall.at("13:10")
    assert history(hall, "court-1")[-1] == "confirmed"


def test_what_failed_is_red_also_while_it_is_being_tried_again(hall: Stage) -> None:
    hall.lamps.breaks(Fault.DEAF, "court-1")
    hall.put()
    hall.at("11:46")
    seen: list[str] = []

    async def look() -> None:
        board = await hall.board.board(TOWN, hours=1)
        seen.extend(line.readiness for line in board.lines if line.target == "lamps/court-1")

    hall.lamps.meanwhile = look
    hall.at("11:48")
    assert seen == ["red"]


def test_what_waits_for_a_system_that_is_down_still_says_what_went_wrong(hall: Stage) -> None:
    hall.lamps.breaks(Fault.DOWN)
    hall.put()
    hall.at("12:30")
    told = {key: hall.lane(key).detail for key in ("court-1", "corridor", "entrance")}
    assert set(told.values()) <= {None, *(f"{key}: no connection" for key in told)}
    tried = {key for _, key in hall.lamps.commands()}
    assert {key for key, detail in told.items() if detail} == tried
    (problem,) = hall.problems()
    assert problem.detail.endswith(": no connection")


def test_a_booking_of_a_hall_that_is_lit_already_is_told_effective_without_a_look(hall: Stage) -> None:
    hall.put("B-1")
    hall.at("12:00")
    hall.put("B-2", **hour(10, holders=[]))
    hall.put("B-3", **hour(60, holders=[]))
    assert [event.subject for event in hall.events("booking.effective")] == ["B-1", "B-2"]
    hall.at("12:50")
    assert [event.subject for event in hall.events("booking.effective")] == ["B-1", "B-2", "B-3"]


# ---------------------------------------------------------------- too late


@pytest.mark.parametrize("fault", [Fault.DOWN, Fault.UNANSWERED, Fault.LOST, Fault.DEAF, Fault.REJECTS])
def test_light_that_never_came_is_expired_in_the_list_and_for_its_booking(hall: Stage, fault: Fault) -> None:
    hall.lamps.breaks(fault, "court-1")
    hall.put()
    hall.at("13:00")
    assert listed(hall, Delivery.EXPIRED) == {}
    hall.lamps.recovers()
    hall.lamps.breaks(fault if fault is Fault.REJECTS else Fault.DOWN, "court-1")
    hall.at("13:30")
    hall.lamps.recovers("court-1")
    hall.at("14:00")
    assert list(listed(hall, Delivery.EXPIRED)) == ["lamps/court-1"]
    assert of_booking(hall, "B-1", "court-1") == (Effect.REMOVED, Delivery.EXPIRED)
    assert of_booking(hall, "B-1", "corridor") == (Effect.REMOVED, Delivery.CONFIRMED)
    assert [event.subject for event in hall.events("effect.expired")] == ["lamps/court-1"]
    assert history(hall, "court-1").count("expired") == 1
    assert hall.problems() == []


def test_a_code_that_never_reached_its_lock_is_expired_when_its_time_has_passed(hall: Stage) -> None:
    hall.locks.breaks(Fault.DOWN)
    hall.put()
    hall.at("15:00")
    hall.locks.recovers()
    hall.at("16:00")
    assert list(listed(hall, Delivery.EXPIRED)) == [f"locks/{PIN}"]
    assert of_booking(hall, "B-1", PIN) == (Effect.REMOVED, Delivery.EXPIRED)
    assert history(hall, PIN).count("expired") == 1


def test_what_expired_is_told_once_and_rests_so_though_it_takes_long_to_clear_it_away(hall: Stage) -> None:
    hall.lamps.breaks(Fault.LOST, "court-1")
    hall.put()
    hall.at("16:00")
    assert hall.state("court-1")[:2] == (Effect.REMOVING, Delivery.RETRYING)
    assert of_booking(hall, "B-1", "court-1")[0] == Effect.REMOVING
    hall.lamps.recovers("court-1")
    hall.at("17:00")
    assert hall.state("court-1") == (Effect.REMOVED, Delivery.EXPIRED, Proof.READ)
    assert of_booking(hall, "B-1", "court-1") == (Effect.REMOVED, Delivery.EXPIRED)
    assert len(hall.events("effect.expired")) == history(hall, "court-1").count("expired") == 1


def test_the_next_booking_of_the_court_is_not_expired_and_the_one_before_still_is(hall: Stage) -> None:
    hall.lamps.breaks(Fault.DOWN, "court-1")
    hall.put("B-1")
    hall.put("B-2", **hour(240))
    hall.at("13:15")
    hall.lamps.recovers("court-1")
    hall.at("14:00")
    assert hall.state("court-1")[:2] == (Effect.PLANNED, Delivery.EXPIRED)
    assert of_booking(hall, "B-2", "court-1") == (Effect.PLANNED, Delivery.WAITING)
    hall.at("16:30")
    assert of_booking(hall, "B-2", "court-1") == (Effect.STANDING, Delivery.CONFIRMED)
    assert hall.state("court-1") == PROVEN
    hall.at("18:00")
    assert hall.state("court-1") == (Effect.REMOVED, Delivery.CONFIRMED, Proof.READ)
    assert of_booking(hall, "B-1", "court-1") == (Effect.REMOVED, Delivery.EXPIRED)
    assert of_booking(hall, "B-2", "court-1") == (Effect.REMOVED, Delivery.CONFIRMED)


def test_a_booking_that_had_its_light_is_not_expired_because_the_next_one_had_not(hall: Stage) -> None:
    hall.put("B-1")
    hall.put("B-2", **hour(60, activity="match"))
    hall.at("12:30")
    hall.lamps.breaks(Fault.DOWN, "court-1")
    hall.at("14:15")
    hall.lamps.recovers("court-1")
    hall.at("15:00")
    assert of_booking(hall, "B-1", "court-1") == (Effect.REMOVED, Delivery.CONFIRMED)
    assert of_booking(hall, "B-2", "court-1") == (Effect.REMOVED, Delivery.EXPIRED)


def test_a_booking_whose_light_came_late_is_not_expired(hall: Stage) -> None:
    hall.lamps.breaks(Fault.DOWN, "court-1")
    hall.put()
    hall.at("12:30")
    hall.lamps.recovers("court-1")
    hall.at("14:00")
    assert of_booking(hall, "B-1", "court-1") == (Effect.REMOVED, Delivery.CONFIRMED)


def test_a_booking_that_was_cancelled_before_its_light_came_is_not_expired(hall: Stage) -> None:
    hall.lamps.breaks(Fault.DOWN, "court-1")
    hall.put()
    hall.at("12:30")
    hall.cancel()
    hall.at("14:00")
    hall.lamps.recovers("court-1")
    hall.at("15:00")
    assert of_booking(hall, "B-1", "court-1") == (Effect.REMOVED, Delivery.CONFIRMED)
    assert hall.events("effect.expired") == []


def test_what_was_carried_in_one_moment_is_told_in_its_order(hall: Stage) -> None:
    for revision in (1, 2, 3):
        hall.put(revision=revision, **hour(30 * revision))
    spell = Spell(hall.lane(PIN).id, 0, hall.now() + 1)
    carried = hall.read(lambda connection: deliveries.of_lanes(connection, TOWN, [spell], limit=9))
    assert [one.generation for one in carried] == [1, 2, 3]
    assert len({one.at for one in carried}) == 1
