"""A system that does not answer: its gate shuts, a harmless question opens it, and nothing is late for longer."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from hub.clock import NEVER, SECOND
from hub.delivery.reach.gate import Entry, Gate
from hub.model.states import Delivery, Effect, Proof
from tests.builders import SATURDAY
from tests.delivery.fakes import Fault
from tests.delivery.harness import PIN, TOWN, Stage, hour

Staging = Callable[..., Stage]
NOW = 1_000_000 * SECOND
ABOUT = ("read", "about")


def shut() -> Gate:
    """Whose system was asked, and is not there."""
    gate = Gate(asks=True)
    assert gate.enter(1, NOW) is Entry.GO
    gate.failed(1, NOW, vouched=False)
    return gate


# ---------------------------------------------------------------- the gate


def test_one_call_and_the_system_itself_without_an_answer_shut_the_gate() -> None:
    gate = shut()
    assert (gate.is_open, gate.failing_since) == (False, NOW)
    assert gate.enter(2, NOW) is Entry.WAIT


def test_lanes_without_an_answer_shut_nothing_while_the_system_says_that_it_is_there() -> None:
    gate = Gate(asks=True)
    for lane in range(4):
        gate.failed(lane, NOW, vouched=True)
        gate.failed(lane, NOW, vouched=True)
    assert gate.is_open
    gate.failed(4, NOW, vouched=True)
    assert not gate.is_open, "five in a row is the system, whatever it says"


def test_while_shut_a_lane_may_only_ask() -> None:
    gate, now, waits = shut(), NOW, []
    for lane in range(3, 9):
        waits.append((gate.retry_at - now) // SECOND)
        now = gate.retry_at
        assert gate.enter(lane, now - 1) is Entry.WAIT
        assert gate.enter(lane, now) is Entry.ASK
        assert gate.enter(lane + 100, now) is Entry.WAIT
        gate.silent(now)
        gate.left(lane)
    assert waits == [5, 10, 20, 40, 80, 160]


def test_when_the_system_is_there_one_after_the_other_tries_and_an_answer_opens() -> None:
    gate = shut()
    now = gate.retry_at
    assert gate.enter(2, now) is Entry.ASK
    gate.answered(now)
    assert gate.enter(3, now) is Entry.WAIT
    gate.failed(2, now, vouched=None)
    assert gate.enter(3, now) is Entry.GO, "one dead lamp keeps nobody waiting"
    assert not gate.is_open
    gate.succeeded()
    assert gate.is_open


def test_two_that_try_in_vain_shut_it_for_longer() -> None:
    gate = shut()
    now = gate.retry_at
    gate.enter(2, now)
    gate.answered(now)
    for lane in (2, 3):
        gate.enter(lane, now)
        gate.failed(lane, now)
    assert gate.enter(4, now) is Entry.WAIT
    assert gate.retry_at == now + 10 * SECOND


def test_a_system_that_asks_for_time_is_not_asked_before_however_urgent() -> None:
    gate = Gate(asks=True)
    gate.failed(1, NOW, vouched=False, not_before=NOW + 420 * SECOND)
    assert gate.enter(2, NOW + SECOND, needed_by=NOW) is Entry.WAIT
    assert gate.retry_at == NOW + 420 * SECOND


def test_what_waits_while_another_asks_comes_again_no_sooner_than_that_can_end() -> None:
    gate = shut()
    now = gate.retry_at
    gate.enter(2, now)
    assert gate.enter(3, now, needed_by=NEVER) is Entry.WAIT
    assert gate.wait_until(now) == now + 10 * SECOND


# ---------------------------------------------------------------- in the hub


def test_while_the_gate_is_shut_nothing_is_attempted_but_the_harmless_question(hall: Stage) -> None:
    hall.locks.breaks(Fault.DOWN)
    hall.put("B-1", **hour(24 * 60))
    assert hall.locks.calls == [("put", PIN), ABOUT]
    for n in range(2, 30):
        hall.put(f"B-{n}", **hour(24 * 60))
    hall.at("11:00")
    assert hall.locks.commands() == [("put", PIN)]
    assert set(hall.locks.calls) == {("put", PIN), ABOUT}
    (problem,) = hall.problems()
    assert (problem.code, problem.waiting) == ("unreachable", 29)
    assert problem.since <= SATURDAY - timedelta(hours=3) + timedelta(seconds=10)
    assert problem.nearest == SATURDAY + timedelta(hours=23, minutes=45)


def test_what_a_system_refuses_never_shuts_its_gate(hall: Stage) -> None:
    hall.locks.breaks(Fault.REJECTS)
    for n in range(1, 9):
        hall.put(f"B-{n}")
    assert hall.running("locks").gate.is_open
    hall.locks.recovers()
    hall.put("B-9")
    assert hall.state("hub-B-9") == (Effect.STANDING, Delivery.CONFIRMED, Proof.READ)


def test_four_dead_lamps_are_four_problems_and_no_gate(hall: Stage) -> None:
    for lamp in ("court-1", "court-2", "court-3", "corridor"):
        hall.lamps.breaks(Fault.DOWN, lamp)
    hall.put(**hour(of="hall.whole"))
    hall.at("11:46")
    assert hall.lamps.lit() == {"entrance": 80}
    assert hall.running("lamps").gate.is_open
    assert len(hall.problems()) == 4


@pytest.mark.parametrize("minutes", [3, 47, 120])
def test_a_revoke_that_waits_is_done_within_a_minute_of_the_systems_return(hall: Stage, minutes: int) -> None:
    hall.put()
    hall.locks.breaks(Fault.DOWN)
    hall.cancel()
    for _ in range(minutes * 6):
        hall.after(seconds=10)
    hall.locks.recovers()
    for _ in range(7):
        hall.after(seconds=10)
    assert hall.locks.stands == {}
    assert hall.problems() == []


def test_a_door_that_is_needed_soon_is_granted_within_seconds_of_the_systems_return(hall: Stage) -> None:
    hall.locks.breaks(Fault.DOWN)
    hall.put("B-1", **hour(24 * 60))
    hall.at("11:30")
    hall.put("B-2")
    hall.at("11:44")
    hall.locks.recovers()
    hall.at("11:44:12")
    assert {PIN, "hub-B-2"} <= set(hall.locks.stands)


def test_a_check_that_answers_opens_the_gate_without_waiting(hall: Stage) -> None:
    hall.locks.breaks(Fault.DOWN)
    hall.put(**hour(24 * 60))
    hall.at("10:00")
    hall.locks.recovers()
    hall.run(hall.node.health.check_all())
    hall.settle()
    assert hall.state(PIN) == (Effect.STANDING, Delivery.CONFIRMED, Proof.READ)
    assert hall.problems() == []


def test_a_system_that_is_silent_when_checked_twice_is_not_called(hall: Stage) -> None:
    hall.locks.breaks(Fault.DOWN)
    for _ in range(2):
        hall.run(hall.node.health.check_all())
    hall.put()
    assert hall.locks.commands() == []
    assert [problem.code for problem in hall.problems()] == ["unreachable"]


def test_what_one_process_hears_opens_the_gate_of_the_others(hall: Stage) -> None:
    other = hall.run(hall.another_node())
    hall.locks.breaks(Fault.DOWN)
    hall.put("B-1", **hour(24 * 60))
    hall.at("09:20")
    gate = other.health.running(TOWN, "locks").gate
    for _ in range(7):
        gate.silent(hall.now())
    hall.locks.recovers()
    hall.at("09:21")
    assert hall.running("locks").gate.is_open
    hall.accept("B-2")
    hall.run(other.carry_once())
    assert "hub-B-2" not in hall.locks.stands, "this process does not know yet"
    hall.run(other.health.follow_pauses())
    hall.run(other.settle())
    assert "hub-B-2" in hall.locks.stands
    assert gate.is_open


def test_all_that_wonder_at_once_ask_the_system_once(hall: Stage) -> None:
    hall.locks.breaks(Fault.DOWN)
    for n in range(1, 7):
        hall.accept(f"B-{n}", **hour(24 * 60))
    hall.settle()
    assert hall.locks.calls.count(ABOUT) == 1


def test_a_question_that_another_gave_up_waiting_for_is_still_answered(hall: Stage) -> None:
    running = hall.running("locks")

    async def asked() -> bool:
        impatient = asyncio.create_task(running.answers())
        await asyncio.sleep(0)
        impatient.cancel()
        return await running.answers()

    assert hall.run(asked())


def test_what_waited_goes_in_the_order_in_which_it_is_needed_and_what_is_to_go_first(hall: Stage) -> None:
    hall.put("B-9", **hour(24 * 60))
    hall.locks.breaks(Fault.DOWN)
    for number, after in (("B-1", 50 * 60), ("B-2", 30 * 60), ("B-3", 26 * 60), ("B-4", 40 * 60)):
        hall.put(number, **hour(after))
    hall.cancel("B-9")
    hall.at("10:00")
    hall.locks.recovers()
    hall.locks.forget()
    hall.run(hall.node.health.check_all())
    hall.settle()
    sent = [key for _, key in hall.locks.commands()]
    assert sorted(sent) == [PIN, "hub-B-2", "hub-B-3", "hub-B-4", "hub-B-9"]
    assert sent[1:] == [key for key in ("hub-B-9", "hub-B-3", "hub-B-2", "hub-B-4", PIN) if key != sent[0]]
