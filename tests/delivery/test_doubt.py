"""Calls without an answer, nodes that stop, lanes that change hands: looked into before anything is sent again."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import pytest

from hub.clock import SECOND
from hub.delivery.loop.carrying import quiet_after
from hub.delivery.reach.running import Running
from hub.model import Credential, Dim, Window
from hub.model.credential import Method
from hub.model.states import Delivery, Effect, Proof
from tests.builders import SATURDAY, a_town
from tests.delivery.fakes import Fault
from tests.delivery.harness import PIN, SKEW, TOWN, Stage, hour

Staging = Callable[..., Stage]
PROVEN = (Effect.STANDING, Delivery.CONFIRMED, Proof.READ)
LANDS_WITHIN = timedelta(seconds=30)
LEASE = timedelta(seconds=60)


# ---------------------------------------------------------------- no answer


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.UNANSWERED, Fault.LATE])
def test_after_a_call_without_answer_nothing_is_sent_or_read_until_it_must_have_landed(
    hall: Stage, fault: Fault
) -> None:
    hall.locks.breaks(fault)
    hall.put()
    assert hall.locks.calls == [("put", PIN), ("read", "about")], "the system is asked whether it is there, no more"
    hall.locks.recovers()
    hall.locks.forget()
    hall.after(seconds=29)
    assert hall.locks.calls == []
    hall.locks.land()
    hall.after(seconds=1)
    assert hall.locks.calls[:2] == [("read", "about"), ("read", PIN)]
    assert hall.state(PIN) == PROVEN


def test_a_new_revision_does_not_cut_the_silence_short(hall: Stage) -> None:
    hall.locks.breaks(Fault.LATE)
    hall.put()
    hall.locks.recovers()
    hall.locks.forget()
    hall.after(seconds=10)
    hall.put(revision=2, **hour(60))
    assert hall.locks.calls == []
    hall.locks.land()
    hall.after(seconds=20)
    (start,) = {window.starts_at for window in hall.locks.stands[PIN].windows}
    assert start == SATURDAY + timedelta(minutes=45)
    assert hall.state(PIN) == PROVEN


def test_what_was_done_without_an_answer_is_found_and_not_done_again(hall: Stage) -> None:
    hall.locks.breaks(Fault.UNANSWERED)
    hall.put()
    hall.locks.recovers()
    hall.at("09:10")
    assert hall.locks.commands() == [("put", PIN)]
    assert hall.state(PIN) == PROVEN


def test_what_never_arrived_is_sent_again(hall: Stage) -> None:
    hall.locks.breaks(Fault.LOST)
    hall.put()
    hall.locks.recovers()
    hall.at("09:10")
    assert hall.locks.commands() == [("put", PIN), ("put", PIN)]
    assert hall.state(PIN) == PROVEN


def test_a_revoke_without_an_answer_is_proven_by_a_look(hall: Stage) -> None:
    hall.put()
    hall.locks.breaks(Fault.LATE)
    hall.cancel()
    assert hall.state(PIN)[0] == Effect.REMOVING
    assert PIN in hall.locks.stands
    hall.locks.recovers()
    hall.locks.land()
    hall.at("09:10")
    assert hall.state(PIN) == (Effect.REMOVED, Delivery.CONFIRMED, Proof.READ)
    assert hall.locks.stands == {}


def test_a_grant_that_lands_after_the_booking_was_cancelled_is_taken_away(hall: Stage) -> None:
    hall.locks.breaks(Fault.LATE)
    hall.put()
    hall.locks.recovers()
    hall.cancel()
    hall.locks.land()
    assert PIN in hall.locks.stands
    hall.at("09:10")
    assert hall.locks.stands == {}
    assert hall.state(PIN) == (Effect.REMOVED, Delivery.CONFIRMED, Proof.READ)


def test_a_light_without_an_answer_is_looked_at_first(hall: Stage) -> None:
    hall.put()
    hall.at("11:44")
    hall.lamps.breaks(Fault.UNANSWERED, "court-1")
    hall.at("11:45")
    hall.lamps.recovers("court-1")
    hall.lamps.forget()
    hall.at("11:46")
    assert hall.lamps.calls == [("read", "court-1")]
    assert hall.state("court-1") == PROVEN


def test_the_silence_is_as_long_as_the_connector_says(hall: Stage) -> None:
    assert quiet_after(hall.running("locks")) == 30 * SECOND
    hall.locks.breaks(Fault.LATE)
    hall.put()
    ((until,),) = hall.rows("SELECT lease_until FROM lanes WHERE key = ?", PIN)
    assert until == hall.now() + SKEW + 30 * SECOND


# ---------------------------------------------------------------- something newer came while we sent


def test_a_revision_that_came_while_the_old_was_sent_is_sent_too(hall: Stage) -> None:
    async def moved() -> None:
        await hall.accepting(revision=2, **hour(120))

    hall.accept()
    hall.locks.meanwhile = moved
    hall.settle()
    assert hall.locks.commands() == [("put", PIN), ("put", PIN)]
    (start,) = {window.starts_at for window in hall.locks.stands[PIN].windows}
    assert start == SATURDAY + timedelta(minutes=105)
    assert hall.state(PIN) == PROVEN


def test_a_cancellation_that_came_while_the_grant_was_sent_takes_it_back(hall: Stage) -> None:
    async def cancelled() -> None:
        await hall.accepting(revision=2, status="cancelled")

    hall.accept()
    hall.locks.meanwhile = cancelled
    hall.settle()
    assert hall.locks.stands == {}
    assert hall.state(PIN) == (Effect.REMOVED, Delivery.CONFIRMED, Proof.READ)


def test_another_booking_of_the_same_lamp_while_it_was_lit_is_not_overlooked(hall: Stage) -> None:
    async def brighter() -> None:
        await hall.accepting("B-2", **hour(activity="match"))

    hall.put()
    hall.at("11:44")
    hall.lamps.meanwhile = brighter
    hall.at("11:45")
    assert hall.lamps.percent("court-1") == 100


# ---------------------------------------------------------------- lanes that change hands


class Held:
    """Stops a node inside its call, as a stopped process stands still."""

    def __init__(self) -> None:
        self.begun, self.go_on = asyncio.Event(), asyncio.Event()

    async def __call__(self) -> None:
        self.begun.set()
        await self.go_on.wait()


def test_a_dead_owners_lane_is_taken_over_when_its_lease_has_ended(hall: Stage) -> None:
    async def killed() -> None:
        held = Held()
        hall.locks.meanwhile = held
        await hall.node.dispatcher._take()
        await held.begun.wait()
        for task in hall.node.dispatcher._going:
            task.cancel()
        hall.node = await hall.another_node()

    hall.accept()
    hall.run(killed())
    hall.locks.forget()
    hall.after(seconds=59)
    assert hall.locks.calls == []
    assert hall.lane(PIN).delivery == Delivery.SENDING
    hall.after(seconds=1)
    assert hall.locks.calls[0] == ("read", PIN)
    assert hall.state(PIN) == PROVEN


def test_a_process_that_comes_back_waits_only_until_its_last_calls_have_landed(hall: Stage) -> None:
    async def killed() -> None:
        held = Held()
        hall.locks.meanwhile = held
        await hall.node.dispatcher._take()
        await held.begun.wait()
        for task in hall.node.dispatcher._going:
            task.cancel()

    hall.accept()
    hall.run(killed())
    hall.locks.forget()
    hall.restart()
    assert hall.locks.calls == []
    hall.after(seconds=30)
    assert hall.locks.calls[0] == ("read", PIN)
    assert hall.state(PIN) == PROVEN


def test_a_write_that_lands_after_takeover_is_put_right(hall: Stage) -> None:
    """The worst moment: held between check and call, taken over, and then the old write lands."""

    async def story() -> None:
        held = Held()
        hall.lamps.meanwhile = held
        old = hall.node
        await old.dispatcher._take()
        await held.begun.wait()
        hall.skip(hours=3)
        hall.node = await hall.another_node()
        await hall.node.settle()
        dark_by_the_new_owner = hall.lamps.lit()
        held.go_on.set()
        await asyncio.wait(old.dispatcher._going)
        assert dark_by_the_new_owner == {}
        assert hall.lamps.lit() != {}, "the old write has landed"
        await old.connections.close()

    hall.at("11:50")
    hall.accept()
    hall.run(story())
    hall.settle()
    assert hall.lamps.lit() == {}
    assert hall.next_wake() > hall.now() + 10**15


def test_a_confession_that_comes_before_the_new_owner_has_settled_makes_it_send_again(hall: Stage) -> None:
    async def story() -> None:
        first, second = Held(), Held()
        old = hall.node
        hall.locks.meanwhile = first
        await old.dispatcher._take()
        await first.begun.wait()
        hall.skip(seconds=61)
        hall.node = await hall.another_node()
        await hall.accepting(revision=2, **hour(120))
        hall.locks.meanwhile = second
        await hall.node.dispatcher._take()
        await second.begun.wait()
        first.go_on.set()
        await asyncio.wait(old.dispatcher._going)
        second.go_on.set()
        await asyncio.wait(hall.node.dispatcher._going)
        await old.connections.close()

    hall.accept()
    hall.run(story())
    generation = hall.lane(PIN).generation
    hall.settle()
    assert generation == 3, "accepted, moved, confessed"
    assert hall.state(PIN) == PROVEN
    (start,) = {window.starts_at for window in hall.locks.stands[PIN].windows}
    assert start == SATURDAY + timedelta(minutes=105)


@asynccontextmanager
async def all_ways(running: Running) -> AsyncIterator[None]:
    """Have a connection so busy that whoever comes must wait."""
    async with AsyncExitStack() as taken:
        for _ in range(running.ways.part):
            await taken.enter_async_context(running.ways.one())
        yield


def test_a_node_that_only_waited_confesses_nothing(hall: Stage) -> None:
    """What is put off has sent nothing, so the new owner's proof stands."""

    async def story() -> None:
        old = hall.node
        running = old.connections.find(TOWN, "locks")
        assert running
        async with all_ways(running):
            await old.dispatcher._take()
            await asyncio.sleep(0)
            hall.skip(seconds=61)
            hall.node = await hall.another_node()
            await hall.node.settle()
        await asyncio.wait(old.dispatcher._going)
        await old.connections.close()

    hall.accept()
    hall.run(story())
    assert hall.locks.commands() == [("put", PIN)]
    assert hall.state(PIN) == PROVEN
    assert hall.lane(PIN).generation == 1


def test_no_call_starts_when_the_lease_leaves_no_time_for_it(hall: Stage) -> None:
    async def story() -> None:
        running = hall.node.connections.find(TOWN, "locks")
        assert running
        async with all_ways(running):
            await hall.node.dispatcher._take()
            await asyncio.sleep(0)
            hall.skip(seconds=31)
        await asyncio.wait(hall.node.dispatcher._going)

    hall.accept()
    hall.run(story())
    assert hall.locks.calls == []
    hall.settle()
    assert hall.state(PIN) == PROVEN


def test_two_nodes_never_carry_the_same_lane(hall: Stage) -> None:
    async def both() -> None:
        other = await hall.another_node()
        await asyncio.gather(*(node.settle() for node in (hall.node, other)))
        await other.connections.close()

    for n in range(1, 21):
        hall.accept(f"B-{n}", **hour(24 * 60 + n))
    hall.run(both())
    assert sorted(hall.locks.commands()) == sorted(("put", f"hub-B-{n}") for n in range(1, 21))


# ---------------------------------------------------------------- on start


def test_on_start_all_that_stands_is_read_and_what_stands_is_not_sent_again(hall: Stage) -> None:
    hall.put()
    hall.at("12:00")
    hall.locks.forget()
    hall.lamps.forget()
    hall.restart()
    assert sorted(hall.lamps.calls) == [("read", "corridor"), ("read", "court-1"), ("read", "entrance")]
    assert hall.locks.calls == [("read", PIN)]


def test_on_start_the_level_that_should_be_now_is_sent_and_not_what_was_missed(hall: Stage) -> None:
    hall.put("B-1")
    hall.put("B-2", **hour(120, activity="match"))
    hall.at("11:00")
    hall.skip(hours=3)
    hall.lamps.forget()
    hall.restart()
    assert hall.lamps.percent("court-1") == 100
    assert hall.lamps.commands("court-1") == [("put", "court-1")]


def test_a_hub_that_was_stopped_past_the_end_makes_it_dark_and_shuts(hall: Stage) -> None:
    hall.put()
    hall.at("12:00")
    hall.skip(hours=15)
    hall.restart()
    assert hall.lamps.lit() == {}
    assert hall.locks.stands == {}


def test_a_hub_that_was_stopped_through_the_whole_booking_lights_nothing(hall: Stage) -> None:
    hall.put()
    hall.at("11:00")
    hall.skip(hours=16)
    hall.restart()
    assert hall.lamps.commands() == []


def test_light_that_went_out_while_the_hub_was_stopped_is_told_of_and_left(hall: Stage) -> None:
    hall.put()
    hall.at("12:00")
    hall.skip(minutes=10)
    hall.lamps.levels["court-1"] = Dim(percent=0)
    hall.restart()
    assert hall.state("court-1")[0] == Effect.OVERRIDDEN
    assert len(hall.events("effect.overridden")) == 1


def test_what_others_have_made_in_the_lock_is_never_touched(hall: Stage) -> None:
    window = Window(door="outer", starts_at=SATURDAY, ends_at=SATURDAY + timedelta(days=900))
    theirs = Credential(key="cleaner", method=Method.PIN, value="not_told", windows=frozenset({window}))  # type: ignore[arg-type]
    hall.locks.stands["cleaner"] = theirs
    hall.put()
    hall.at("12:00")
    hall.restart()
    hall.cancel()
    hall.at("14:00")
    assert hall.locks.stands == {"cleaner": theirs}
    assert ("read", "cleaner") not in hall.locks.calls


def test_a_lease_leaves_time_for_what_may_land(staging: Staging) -> None:
    hall = staging(a_town())
    assert hall.pulse.lease == LEASE
    assert all(running.connector.pace.lands_within <= LEASE / 2 for running in hall.node.connections)
    assert hall.running("locks").connector.pace.lands_within == LANDS_WITHIN
