"""Systems that are down, say no, lie, or have a bug: one problem each; nothing else stops, and the newest wins."""

import asyncio
import json
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.delivery.errands.outcomes import Outcome
from hub.delivery.loop.carrying import UNREACHABLE
from hub.model.states import Delivery, Effect, Proof
from hub.store import problems
from hub.store.engine.database import Connection
from tests.builders import SATURDAY, a_town, occasion
from tests.delivery.fakes import Fault
from tests.delivery.harness import PIN, TOWN, Stage, hour

Staging = Callable[..., Stage]
PROVEN = (Effect.STANDING, Delivery.CONFIRMED, Proof.READ)


# ---------------------------------------------------------------- down


def test_a_system_that_was_down_for_two_hours_gets_one_call_per_target_with_the_newest_state(hall: Stage) -> None:
    hall.locks.breaks(Fault.DOWN)
    for n in range(1, 7):
        hall.put(f"B-{n}", **hour(120 + 10 * n))
    hall.at("09:30")
    hall.put("B-2", 2, **hour(180, of="hall.court-2"))
    hall.cancel("B-3")
    hall.at("10:00")
    hall.put("B-4", 2, **hour(200))
    hall.put("B-4", 3, **hour(210))
    hall.at("11:00")
    (problem,) = hall.problems()
    assert (problem.connection, problem.code, problem.waiting) == ("locks", "unreachable", 5)
    hall.locks.recovers()
    hall.locks.forget()
    hall.at("11:10")
    keys = {f"hub-B-{n}" for n in (1, 2, 4, 5, 6)}
    assert sorted(hall.locks.commands()) == sorted(("put", key) for key in keys)
    assert set(hall.locks.stands) == keys
    (window,) = {(w.starts_at, w.ends_at) for w in hall.locks.stands["hub-B-4"].windows}
    assert window[0] == datetime(2026, 11, 21, 15, 15, tzinfo=UTC)
    assert hall.problems() == []
    assert [one.code for one in hall.problems(ended=True)] == ["unreachable"]


def test_a_problem_that_took_over_what_waited_behind_another_ends_when_that_is_settled(hall: Stage) -> None:
    hall.lamps.breaks(Fault.DOWN, "court-1")
    hall.put()
    hall.at("12:00")
    (behind,) = hall.problems()

    def explained(connection: Connection) -> None:
        whole = problems.open_(connection, TOWN, "lamps", UNREACHABLE, detail="", now=hall.now())
        problems.absorb(connection, TOWN, "lamps", UNREACHABLE.code, whole, now=hall.now())

    async def while_it_is_in_hand() -> None:
        await hall.writer.call(explained)
        (before,) = await hall.operating.problems(TOWN)
        assert (before.id != behind.id, before.waiting) == (True, 1)

    hall.lamps.recovers("court-1")
    hall.lamps.meanwhile = while_it_is_in_hand
    hall.at("12:10")
    assert hall.lamps.meanwhile is None
    assert hall.problems() == []


def test_a_system_that_is_down_is_asked_by_one_at_a_time_ever_more_seldom(hall: Stage) -> None:
    hall.locks.breaks(Fault.DOWN)
    for n in range(1, 21):
        hall.put(f"B-{n}", **hour(24 * 60))
    hall.at("10:00")
    hall.locks.forget()
    hall.at("11:00")
    assert 10 <= len(hall.locks.calls) <= 14


def test_no_other_system_waits_for_one_that_is_down(hall: Stage) -> None:
    hall.locks.breaks(Fault.DOWN)
    hall.put("B-1")
    hall.put("B-2", **hour(of="hall.court-2"))
    hall.at("11:45")
    assert hall.lamps.lit() == {"corridor": 60, "court-1": 60, "court-2": 60, "entrance": 80}
    assert [problem.connection for problem in hall.problems()] == ["locks"]


def test_one_silent_lamp_stops_none_of_its_neighbours(hall: Stage) -> None:
    hall.lamps.breaks(Fault.DOWN, "court-1")
    hall.put("B-1", **hour(of="hall.whole"))
    hall.at("11:46")
    assert hall.lamps.lit() == {"corridor": 60, "court-2": 60, "court-3": 60, "entrance": 80}
    (problem,) = hall.problems()
    assert (problem.code, problem.waiting) == ("unreachable", 1)
    hall.lamps.recovers("court-1")
    hall.at("11:50")
    assert hall.lamps.percent("court-1") == 60
    assert hall.problems() == []


def test_what_is_needed_far_ahead_is_no_problem_at_its_first_failure(hall: Stage) -> None:
    hall.locks.breaks(Fault.DOWN)
    hall.put(**hour(24 * 60))
    assert hall.problems() == []
    assert hall.state(PIN) == (Effect.PLANNED, Delivery.RETRYING, None)
    hall.at("09:01")
    assert [problem.code for problem in hall.problems()] == ["unreachable"]


def test_what_is_needed_now_is_a_problem_at_once(hall: Stage) -> None:
    hall.at("11:50")
    hall.locks.breaks(Fault.DOWN)
    hall.put()
    assert [problem.code for problem in hall.problems()] == ["unreachable"]


def test_what_the_system_asks_for_is_waited_for(hall: Stage) -> None:
    hall.locks.breaks(Fault.BUSY)
    hall.put(**hour(24 * 60))
    hall.locks.forget()
    hall.at("09:06:59")
    assert hall.locks.calls == []
    hall.locks.recovers()
    hall.at("09:07:01")
    assert hall.state(PIN) == PROVEN


# ---------------------------------------------------------------- too late


def test_light_whose_time_has_passed_is_never_sent_and_is_told_of(hall: Stage) -> None:
    hall.lamps.breaks(Fault.DOWN)
    hall.put(**hour(minutes=60))
    hall.at("16:00")
    hall.lamps.recovers()
    hall.lamps.forget()
    hall.at("03:00", days=1)
    assert hall.lamps.lit() == {}
    told = {event.subject for event in hall.events("effect.expired")}
    assert told == {"lamps/court-1", "lamps/corridor", "lamps/entrance"}
    assert hall.problems() == []
    assert {hall.state(key)[0] for key in ("court-1", "corridor", "entrance")} == {Effect.REMOVED}


def test_a_grant_whose_time_has_passed_is_never_sent(hall: Stage) -> None:
    hall.locks.breaks(Fault.DOWN)
    hall.put()
    hall.at("14:00")
    hall.locks.recovers()
    hall.locks.forget()
    hall.at("14:30")
    assert ("put", PIN) not in hall.locks.commands()
    assert hall.locks.stands == {}
    assert hall.problems() == []


def test_a_light_off_is_never_too_late(hall: Stage) -> None:
    hall.put()
    hall.at("12:00")
    hall.lamps.breaks(Fault.DOWN)
    hall.at("16:00")
    assert hall.lamps.percent("court-1") == 60
    hall.lamps.recovers()
    hall.at("16:10")
    assert hall.lamps.lit() == {}


def test_a_revoke_is_never_dropped(hall: Stage) -> None:
    hall.put(**hour(minutes=600))
    hall.at("12:00")
    hall.locks.breaks(Fault.DOWN)
    hall.cancel()
    hall.at("18:00")
    assert hall.state(PIN)[:2] == (Effect.REMOVING, Delivery.RETRYING)
    assert {one.state for one in hall.view().effects if one.target == f"locks/{PIN}"} == {Effect.REMOVING}
    hall.locks.recovers()
    hall.at("18:10")
    assert hall.locks.stands == {}
    assert hall.state(PIN) == (Effect.REMOVED, Delivery.CONFIRMED, Proof.READ)
    assert hall.problems() == []


def test_a_light_that_failed_at_first_is_sent_within_a_minute_once_the_system_is_back(hall: Stage) -> None:
    hall.put()
    hall.lamps.breaks(Fault.DOWN)
    hall.at("12:30")
    hall.lamps.recovers()
    hall.at("12:31")
    assert hall.lamps.lit() == {"corridor": 60, "court-1": 60, "entrance": 80}


# ---------------------------------------------------------------- says no


def test_refused_credentials_pause_the_connection_with_one_problem(hall: Stage) -> None:
    hall.locks.breaks(Fault.REFUSES)
    for n in range(1, 6):
        hall.put(f"B-{n}", **hour(60 * n))
    calls = len(hall.locks.calls)
    hall.at("11:30")
    assert len(hall.locks.calls) == calls
    (problem,) = hall.problems()
    assert (problem.connection, problem.code) == ("locks", "credentials")
    assert problem.waiting == 5
    (locks,) = [one for one in hall.run(hall.node.health.listed(TOWN)) if one.name == "locks"]
    assert (locks.state, locks.paused_by) == ("paused", "credentials")


def test_resuming_sends_what_waited(hall: Stage) -> None:
    hall.locks.breaks(Fault.REFUSES)
    hall.put("B-1")
    hall.put("B-2", **hour(120))
    hall.locks.recovers()
    hall.run(hall.node.health.set_paused(TOWN, "locks", None))
    hall.settle()
    assert set(hall.locks.stands) == {"hub-B-1", "hub-B-2"}
    assert hall.problems() == []


def test_a_pause_outlives_the_process(hall: Stage) -> None:
    hall.run(hall.node.health.set_paused(TOWN, "locks", "Eva"))
    hall.put()
    hall.restart()
    hall.at("12:00")
    assert hall.locks.calls == []
    assert hall.lamps.percent("court-1") == 60
    assert hall.problems() == []
    hall.run(hall.node.health.set_paused(TOWN, "locks", None))
    hall.settle()
    assert hall.locks.opens("outer", hall.clock.now()) == {PIN}


def test_what_is_rejected_waits_for_a_person_and_is_grouped_by_its_cause(hall: Stage) -> None:
    hall.lamps.breaks(Fault.REJECTS, "court-1")
    hall.put("B-1", **hour(of="hall.whole"))
    hall.at("12:00")
    assert hall.state("court-1")[:2] == (Effect.PLANNED, Delivery.STUCK)
    assert hall.state("court-2") == PROVEN
    (problem,) = hall.problems()
    assert (problem.code, problem.waiting) == ("rejected", 1)
    assert problem.detail == "no such thing as court-1"
    calls = len(hall.lamps.commands("court-1"))
    hall.at("12:50")
    assert len(hall.lamps.commands("court-1")) == calls


def test_one_cause_behind_many_is_one_problem(hall: Stage) -> None:
    hall.locks.breaks(Fault.FULL)
    for n in range(1, 5):
        hall.put(f"B-{n}", **hour(60 * n))
    (problem,) = hall.problems()
    assert (problem.code, problem.waiting) == ("rejected", 4)


def test_retrying_a_problem_tries_all_that_waits_behind_it(hall: Stage) -> None:
    hall.locks.breaks(Fault.FULL)
    for n in range(1, 5):
        hall.put(f"B-{n}", **hour(60 * n))
    (problem,) = hall.problems()
    hall.locks.recovers()
    assert hall.run(hall.operating.retry(TOWN, problem.id)) == 4
    hall.settle()
    assert len(hall.locks.stands) == 4
    assert hall.problems() == []


def test_what_was_retried_in_vain_is_a_problem_again(hall: Stage) -> None:
    hall.locks.breaks(Fault.FULL)
    hall.put()
    (first,) = hall.problems()
    hall.run(hall.operating.retry(TOWN, first.id))
    hall.settle()
    (second,) = hall.problems()
    assert second.id != first.id
    assert (second.code, second.waiting) == ("rejected", 1)


def test_what_was_rejected_is_tried_again_when_the_booking_changes(hall: Stage) -> None:
    hall.locks.breaks(Fault.FULL)
    hall.put()
    hall.locks.recovers()
    hall.put(revision=2, **hour(30))
    assert hall.state(PIN) == PROVEN
    assert hall.problems() == []


def test_a_cancelled_booking_that_was_rejected_leaves_no_problem(hall: Stage) -> None:
    hall.locks.breaks(Fault.FULL)
    hall.put()
    hall.locks.recovers()
    hall.cancel()
    assert hall.locks.stands == {}
    assert hall.problems() == []


# ---------------------------------------------------------------- lies, and bugs


def test_a_lamp_that_does_not_obey_is_told_again_and_is_a_problem(hall: Stage) -> None:
    hall.lamps.breaks(Fault.DEAF, "court-1")
    hall.put()
    hall.at("11:46")
    assert hall.state("court-1")[:2] == (Effect.PLANNED, Delivery.RETRYING)
    (problem,) = hall.problems()
    assert (problem.code, problem.waiting) == ("not-so", 1)
    assert len(hall.lamps.commands("court-1")) >= 2
    hall.lamps.recovers("court-1")
    hall.at("11:48")
    assert hall.state("court-1") == PROVEN
    assert hall.problems() == []


def test_a_lock_that_does_not_obey_is_told_again(hall: Stage) -> None:
    hall.locks.breaks(Fault.DEAF)
    hall.put()
    assert hall.state(PIN)[:2] == (Effect.PLANNED, Delivery.RETRYING)
    hall.locks.recovers()
    hall.at("10:00")
    assert hall.state(PIN) == PROVEN


def test_a_revoke_is_done_only_when_the_grant_reads_as_gone(hall: Stage) -> None:
    hall.put()
    hall.locks.breaks(Fault.DEAF)
    hall.cancel()
    assert hall.state(PIN)[0] == Effect.REMOVING
    assert [problem.code for problem in hall.problems()] == ["still-there"]
    hall.at("09:30")
    assert hall.state(PIN)[0] == Effect.REMOVING
    hall.locks.recovers()
    hall.at("09:40")
    assert hall.state(PIN) == (Effect.REMOVED, Delivery.CONFIRMED, Proof.READ)
    assert hall.problems() == []


def test_a_light_off_is_done_only_when_the_lamp_reads_as_dark(hall: Stage) -> None:
    hall.put()
    hall.at("13:00")
    hall.lamps.breaks(Fault.DEAF, "court-1")
    hall.at("13:20")
    assert hall.state("court-1")[:2] == (Effect.REMOVING, Delivery.RETRYING)
    hall.lamps.recovers("court-1")
    hall.at("13:30")
    assert hall.state("court-1") == (Effect.REMOVED, Delivery.CONFIRMED, Proof.READ)


def test_a_connectors_bug_is_a_problem_and_stops_nothing_else(hall: Stage, caplog: pytest.LogCaptureFixture) -> None:
    hall.lamps.breaks(Fault.BUG, "court-1")
    with caplog.at_level(logging.DEBUG):
        hall.put("B-1", **hour(of="hall.whole"))
        hall.at("11:46")
    assert hall.lamps.lit() == {"corridor": 60, "court-2": 60, "court-3": 60, "entrance": 80}
    assert hall.locks.opens("outer", hall.clock.now()) == {PIN}
    (problem,) = hall.problems()
    assert (problem.connection, problem.code) == ("lamps", "connector-bug")
    assert "ZeroDivisionError" in problem.detail
    assert "hemligt" not in caplog.text + problem.detail
    hall.lamps.recovers("court-1")
    hall.at("11:50")
    assert hall.state("court-1") == PROVEN
    assert hall.problems() == []


def test_a_call_that_never_ends_is_given_up_and_looked_into(staging: Staging) -> None:
    hall = staging(a_town(connectors={"lamps": {"connector": "HastyLamps"}}))
    hall.put()
    hall.at("11:44")
    hall.lamps.breaks(Fault.HANGS, "court-1")
    hall.at("11:46")
    assert hall.lamps.lit() == {"corridor": 60, "entrance": 80}
    assert hall.state("court-1")[1] == Delivery.RETRYING
    hall.lamps.recovers("court-1")
    hall.at("11:50")
    assert hall.state("court-1") == PROVEN


def test_a_booking_for_a_connection_that_does_not_run_here_is_a_problem(hall: Stage) -> None:
    hall.put()
    hall.at("11:00")
    del hall.node.connections._running[TOWN, "lamps"]
    hall.at("11:46")
    (problem,) = hall.problems()
    assert (problem.connection, problem.code, problem.waiting) == ("lamps", "no-connection", 3)


# ---------------------------------------------------------------- problems


def test_a_problem_begins_and_ends_once_in_the_feed(hall: Stage) -> None:
    hall.at("11:40")
    hall.locks.breaks(Fault.DOWN)
    for n in range(1, 5):
        hall.put(f"B-{n}", occasions=[occasion(after=n)])
    hall.at("11:50")
    hall.locks.recovers()
    assert len(hall.problems()) == 1
    hall.at("11:55")
    started, ended = (
        [json.loads(event.body)["problem"] for event in hall.events(f"problem.{what}")] for what in ("started", "ended")
    )
    assert len(set(started)) == len(started)
    assert sorted(started) == sorted(ended)


def test_an_outage_is_one_problem_however_much_waits_and_whatever_is_needed_when(hall: Stage) -> None:
    """Doors that are needed now and in a week, a revoke, and a look: told once as it begins, and once as it ends."""
    hall.put("B-0")
    for n, after in enumerate((5, 45, 300, 24 * 60, 7 * 24 * 60)):
        hall.accept(f"B-{n + 1}", **hour(after))
    hall.at("11:50")
    hall.locks.breaks(Fault.DOWN)
    hall.look_round()
    hall.cancel("B-0")
    for n, after in enumerate((10, 60, 24 * 60), 10):
        hall.put(f"B-{n}", **hour(after))
    hall.at("12:40")
    (problem,) = hall.problems()
    assert (problem.connection, problem.code, problem.waiting) == ("locks", "unreachable", 9)
    assert (problem.since, problem.nearest) == (SATURDAY - timedelta(minutes=10), SATURDAY - timedelta(minutes=10))
    assert problem.minutes == -50, "the first door has been needed for so long"
    hall.locks.recovers()
    hall.at("12:42")
    assert hall.problems() == []
    told = [event.type for event in hall.events("problem.") if event.subject == "locks"]
    assert told == ["problem.started", "problem.ended"]


def test_a_problem_says_when_the_first_that_waits_is_needed(hall: Stage) -> None:
    hall.locks.breaks(Fault.FULL)
    hall.put("B-1", **hour(300))
    hall.put("B-2", **hour(60))
    (problem,) = hall.problems()
    assert problem.nearest == datetime(2026, 11, 21, 12, 45, tzinfo=UTC)
    assert problem.since == hall.clock.now()
    assert problem.nearest - problem.since == timedelta(hours=3, minutes=45)
    assert problem.minutes == 3 * 60 + 45
    hall.skip(seconds=30)
    assert [one.minutes for one in hall.problems()] == [3 * 60 + 44]


def test_a_problem_is_told_in_swedish_and_in_english(hall: Stage) -> None:
    hall.locks.breaks(Fault.FULL)
    hall.put()
    (swedish,) = hall.run(hall.operating.problems(TOWN, language="sv"))
    (english,) = hall.problems()
    assert (swedish.title, english.title) == ("Systemet säger nej", "The system says no")


def test_readiness_is_red_for_what_failed_and_green_only_for_what_was_read(hall: Stage) -> None:
    hall.lamps.breaks(Fault.REJECTS, "court-1")
    hall.put()
    hall.at("12:00")
    board = hall.run(hall.board.board(TOWN, hours=4))
    colours = {line.target: line.readiness for line in board.lines}
    assert colours == {
        f"locks/{PIN}": "green",
        "lamps/court-1": "red",
        "lamps/corridor": "green",
        "lamps/entrance": "green",
    }
    assert not board.ready


def test_light_that_stood_is_not_told_as_expired_for_a_look_that_failed(hall: Stage) -> None:
    hall.put()
    hall.at("12:00")
    hall.lamps.breaks(Fault.DOWN)
    hall.look_round()
    hall.at("14:00")
    hall.lamps.recovers()
    hall.at("14:30")
    assert hall.lamps.lit() == {}
    assert hall.events("effect.expired") == []


def test_light_that_a_pause_held_back_is_told_as_expired(hall: Stage) -> None:
    hall.run(hall.node.health.set_paused(TOWN, "lamps", "Eva"))
    hall.put()
    hall.at("14:00")
    hall.run(hall.node.health.set_paused(TOWN, "lamps", None))
    hall.at("15:00")
    assert hall.lamps.commands() == []
    assert len(hall.events("effect.expired")) == 3


def test_what_is_only_observed_does_not_expire(staging: Staging) -> None:
    hall = staging(a_town(connectors={"lamps": {"mode": "observe"}}))
    hall.put()
    hall.at("15:00")
    assert hall.events("effect.expired") == []


def test_a_rejected_light_is_no_problem_when_its_time_has_passed(hall: Stage) -> None:
    hall.lamps.breaks(Fault.REJECTS, "court-1")
    hall.put()
    hall.at("13:09")
    assert len(hall.problems()) == 1
    hall.at("13:15")
    assert hall.problems() == []
    assert [event.subject for event in hall.events("effect.expired")] == ["lamps/court-1"]


def test_the_next_booking_of_a_rejected_light_is_tried(hall: Stage) -> None:
    hall.lamps.breaks(Fault.REJECTS, "court-1")
    hall.put("B-1")
    hall.put("B-2", **hour(240))
    hall.at("14:00")
    hall.lamps.recovers("court-1")
    hall.at("16:00")
    assert hall.lamps.percent("court-1") == 60


def test_what_was_put_off_in_the_moment_of_resuming_is_carried_at_once(
    hall: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lane is in hand, and was found paused; resuming is on disk before it is settled."""
    hall.run(hall.node.health.set_paused(TOWN, "locks", "Eva"))
    hall.accept()
    node = hall.node

    carry = node.dispatcher._carrier.carry

    async def slowly(*told: Any) -> Outcome:
        outcome = await carry(*told)
        await node.health.set_paused(TOWN, "locks", None)
        return outcome

    monkeypatch.setattr(node.dispatcher._carrier, "carry", slowly)
    hall.run(node.carry_once())
    monkeypatch.setattr(node.dispatcher._carrier, "carry", carry)
    hall.settle()
    assert hall.locks.opens("outer", SATURDAY) == {PIN}


def test_a_connection_that_is_busy_for_long_holds_up_no_other_check(hall: Stage) -> None:
    """As a gateway with a thousand messages before it: its check waits its turn."""
    health, lamps, locks = hall.node.health, hall.running("lamps"), hall.running("locks").place

    async def busy() -> tuple[int, int]:
        async with AsyncExitStack() as all_ways:
            for _ in range(lamps.connector.pace.calls_at_once):
                await all_ways.enter_async_context(lamps.ways.one())
            first = asyncio.create_task(health.check_all())
            while not hall.locks.calls or locks in health._looking:  # noqa: ASYNC110 - nobody tells that it is through
                await asyncio.sleep(0)
            await health.check_all()
            counted = len(hall.locks.calls), len(hall.lamps.calls)
        await first
        return counted

    assert hall.run(busy()) == (2, 0)
    assert len(hall.lamps.calls) == 1


def test_what_another_node_resumed_is_carried_by_this_one_too(hall: Stage) -> None:
    other = hall.run(hall.another_node())
    hall.run(hall.node.health.set_paused(TOWN, "locks", "Eva"))
    hall.run(other.health.set_paused(TOWN, "locks", None))
    hall.put()
    assert hall.locks.commands() == [], "this node does not know yet"
    hall.run(hall.node.health.follow_pauses())
    hall.settle()
    assert hall.locks.opens("outer", SATURDAY) == {PIN}


# ---------------------------------------------------------------- levels, not history


@pytest.mark.parametrize("what", ["the system was down", "the hub was stopped"])
def test_after_an_outage_a_lamp_is_told_the_level_of_now_once_and_nothing_of_what_has_passed(
    hall: Stage, what: str
) -> None:
    """Half light, dark, half again, full: of all those edges nothing is left but the level that holds."""
    for n, (after, activity) in enumerate([(0, "training"), (50, "training"), (80, "match")]):
        hall.accept(f"B-{n}", **hour(after, minutes=20, activity=activity))
    hall.at("11:40")
    hall.lamps.forget()
    if what == "the hub was stopped":
        hall.skip(hours=1, minutes=35)
        hall.restart()
    else:
        hall.lamps.breaks(Fault.DOWN)
        hall.at("13:13")
        hall.lamps.recovers()
        hall.lamps.forget()
        hall.at("13:15")
    assert hall.lamps.commands("court-1") == [("put", "court-1")]
    assert hall.lamps.percent("court-1") == 100
    assert hall.state("court-1") == PROVEN
