"""Races and corners: whatever comes between, no hall stays dark and no door open."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from hub.clock import DAY
from hub.model import Credential
from hub.model.closure import ClosureRequest
from hub.model.states import Delivery, Effect, Proof
from hub.sdk import Sighting
from hub.service.accept.waiting import Waiting
from hub.service.audit.acting import HUB
from hub.service.governing.closing import Closing
from hub.store import closures
from hub.store.dues import Dues, dues
from hub.store.engine.database import Connection
from tests.builders import SATURDAY, a_town, occasion
from tests.delivery.fakes import FakeLocks, Fault
from tests.delivery.harness import PIN, TOWN, Stage, hour

Staging = Callable[..., Stage]
PROVEN = (Effect.STANDING, Delivery.CONFIRMED, Proof.READ)
WEEK = 7 * 24 * 60


def test_the_loop_outlives_a_database_that_fails_for_a_moment(hall: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = asyncio.Event()

    def once(connection: Connection) -> Dues:
        if not failed.is_set():
            failed.set()
            raise OSError("disk full")
        return dues(connection)

    async def story() -> None:
        loop = asyncio.create_task(hall.node.dispatcher.run())
        await failed.wait()
        await hall.accepting()
        for _ in range(400):
            if hall.locks.commands() or loop.done():
                break
            await asyncio.sleep(0.01)
        hall.node.dispatcher.stop()
        await loop

    monkeypatch.setattr("hub.delivery.errands.leasing.dues", once)
    hall.run(story())
    assert hall.locks.commands() == [("put", PIN)]


def test_a_code_that_still_opens_is_not_told_as_removed_while_its_connection_is_paused(hall: Stage) -> None:
    hall.put()
    hall.run(hall.node.health.set_paused(TOWN, "locks", "operator"))
    done = hall.accept(revision=2, status="cancelled")
    hall.settle()
    assert PIN in hall.locks.stands
    (code,) = [effect for effect in hall.answer(done).effects if effect.target.startswith("locks/")]
    assert code.state == Effect.REMOVING


def test_a_season_is_in_force_when_what_is_due_of_it_stands(hall: Stage) -> None:
    occasions = [occasion(id=str(n), after=n * WEEK) for n in range(10)]
    done = hall.put(occasions=occasions)
    (code,) = [effect for effect in hall.view().effects if effect.target.startswith("locks/")]
    assert (code.state, code.delivery, code.proof) == PROVEN
    assert len(hall.events("booking.effective")) == 1
    assert not hall.read(Waiting(hall.readers, hall.clock)._pending, done)
    hall.at("11:50")
    lines = hall.run(hall.board.board(TOWN, hours=24 * 60)).lines
    tonight = {line.readiness for line in lines if line.needed_at < SATURDAY}
    beyond_the_horizon = {line.readiness for line in lines if line.needed_at > SATURDAY + timedelta(days=15)}
    assert (tonight, beyond_the_horizon) == ({"green"}, {"waiting"})


class Held:
    def __init__(self) -> None:
        self.begun, self.go_on = asyncio.Event(), asyncio.Event()

    async def __call__(self) -> None:
        self.begun.set()
        await self.go_on.wait()


def test_a_confession_is_heard_by_an_owner_that_only_looks(hall: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stopped node's revoke lands after the next owner has seen that the credential stands."""
    revoke, look, honest = Held(), Held(), FakeLocks.read_credential

    async def slow(self: FakeLocks, key: str) -> Sighting[Credential] | None:
        found = await honest(self, key)
        await look()
        return found

    async def story() -> None:
        old = hall.node
        hall.locks.meanwhile = revoke
        await hall.accepting(revision=2, status="cancelled")
        await old.dispatcher._take()
        await revoke.begun.wait()
        await hall.accepting(revision=3)
        hall.skip(seconds=61)
        hall.node = await hall.another_node()
        monkeypatch.setattr(FakeLocks, "read_credential", slow)
        await hall.node.dispatcher._take()
        await look.begun.wait()
        monkeypatch.setattr(FakeLocks, "read_credential", honest)
        revoke.go_on.set()
        await asyncio.wait(old.dispatcher._going)
        look.go_on.set()
        await asyncio.wait(hall.node.dispatcher._going)
        await old.connections.close()

    hall.put()
    hall.run(story())
    hall.settle()
    assert PIN in hall.locks.stands
    assert hall.state(PIN) == PROVEN


def closing(hall: Stage) -> Closing:
    return Closing(hall.writer, hall.readers, hall.seal, hall.rulebook, hall.clock)


def closure(resource: str, revision: int = 1, *, day: int = 21) -> ClosureRequest:
    return ClosureRequest.model_validate(
        {
            "revision": revision,
            "resource": resource,
            "starts_at": f"2026-11-{day}T00:00:00Z",
            "ends_at": f"2026-11-{day + 1}T00:00:00Z",
        }
    )


def test_closures_put_together_suspend_what_each_of_them_touches(hall: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Snow: every court is closed at once."""
    courts = [f"hall.court-{n}" for n in (1, 2, 3)]
    for n, court in enumerate(courts):
        for k in range(3):
            hall.accept(f"B-{n}-{k}", **hour(60 * k, of=court))
    honest, overtaking = hall.writer.do, [closing(hall), closing(hall)]

    async def overtaken(work: Callable[..., Any], item: Any, **how: bool) -> Any:
        if work.__name__ == "replan" and overtaking:
            n = len(overtaking)
            await overtaking.pop().close(TOWN, f"snow-{n}", closure(courts[n]))
        return await honest(work, item, **how)

    monkeypatch.setattr(hall.writer, "do", overtaken)
    hall.run(closing(hall).close(TOWN, "snow-0", closure(courts[0])))
    assert hall.rows("SELECT count(*) FROM claims WHERE suspended = 0") == [(0,)]


def test_a_closure_that_was_moved_and_killed_in_the_middle_lets_go_of_what_it_held(hall: Stage) -> None:
    hall.accept()
    here = closing(hall)
    hall.run(here.close(TOWN, "snow", closure("hall.court-1")))
    known = hall.read(closures.find, TOWN, "snow")
    assert known
    moved = known._replace(revision=2, starts=known.starts + 4 * DAY, ends=known.ends + 4 * DAY)
    hall.run(hall.writer.call(here._judge, TOWN, moved, HUB))
    hall.run(closing(hall).finish())
    assert hall.rows("SELECT DISTINCT suspended FROM claims") == [(0,)]
    assert hall.rows("SELECT applied FROM closures") == [(1,)]


def test_a_booking_that_cannot_be_planned_stops_no_closure_and_is_a_problem_until_it_can(hall: Stage) -> None:
    for n in (1, 2):
        hall.accept(f"B-{n}", **hour(60 * n))
    ((body,),) = hall.rows("SELECT body FROM bookings WHERE number = 'B-1'")
    rewrite(hall, body.replace("confirmed", "no such status"))
    here = closing(hall)
    assert hall.run(here.close(TOWN, "snow", closure("hall.court-1"))).answer.bookings == 1
    claims = hall.rows("SELECT number, suspended FROM claims JOIN bookings b ON b.id = booking GROUP BY 1, 2")
    assert sorted(claims) == [("B-1", 0), ("B-2", 1)]
    (problem,) = hall.problems()
    assert (problem.code, problem.detail) == ("unplannable", "1 for closure snow: B-1")
    assert problem.remedy
    rewrite(hall, body)
    hall.run(here.close(TOWN, "snow", closure("hall.court-1", revision=2)))
    assert hall.problems() == []
    assert hall.rows("SELECT DISTINCT suspended FROM claims") == [(1,)]


def rewrite(hall: Stage, body: str) -> None:
    def write(connection: Connection) -> int:
        return connection.run("UPDATE bookings SET body = ? WHERE number = 'B-1'", (body,))

    hall.run(hall.writer.call(write))


def test_a_light_off_that_fails_is_not_retried_past_the_next_light_on(hall: Stage) -> None:
    hall.put()
    hall.put("B-2", **hour(116, activity="match"))
    hall.at("13:09")
    hall.lamps.breaks(Fault.DOWN, "court-1")
    hall.at("13:40:30")
    hall.lamps.recovers("court-1")
    hall.at("13:41")
    assert hall.lamps.percent("court-1") == 100


def test_what_is_needed_now_is_tried_within_a_minute_whatever_is_tried_before_a_shut_gate(hall: Stage) -> None:
    for n in range(3):
        hall.accept(f"FAR-{n}", **hour(WEEK + 100 * n))
    hall.locks.breaks(Fault.DOWN)
    hall.at("09:40:20")
    hall.put("NOW", **hour(-150))
    hall.locks.recovers()
    hall.at("09:41:20")
    assert "hub-NOW" in hall.locks.stands


def test_what_two_bookings_leave_together_is_told_free_once(hall: Stage) -> None:
    hall.accept("B-1")
    hall.accept("B-2")

    async def story() -> None:
        await asyncio.gather(*(hall.accepting(number, 2, status="cancelled") for number in ("B-1", "B-2")))

    hall.run(story())
    assert len(hall.events("time.released")) == 1


def test_closing_a_machine_shuts_no_door_that_its_court_needs(staging: Staging) -> None:
    town = a_town()
    access = town.facilities["hall"].access
    assert access
    served = {"serves": ("hall.court-1", "hall.machine")}
    doors = {name: door.model_copy(update=served) for name, door in access.doors.items()}
    facility = town.facilities["hall"].model_copy(update={"access": access.model_copy(update={"doors": doors})})
    hall = staging(town.model_copy(update={"facilities": {"hall": facility}}))
    hall.accept(extras=[{"resource": "hall.machine", "occasions": ["1"]}])
    hall.run(closing(hall).close(TOWN, "broken", closure("hall.machine")))
    assert hall.rows("SELECT DISTINCT suspended FROM claims WHERE door <> ''") == [(0,)]


def test_a_rejection_does_not_forget_that_a_lost_owner_may_have_granted(hall: Stage) -> None:
    async def killed() -> None:
        held = Held()
        hall.locks.meanwhile = held
        await hall.node.dispatcher._take()
        await held.begun.wait()
        for task in hall.node.dispatcher._going:
            task.cancel()

    hall.accept()
    hall.run(killed())
    hall.locks.breaks(Fault.REJECTS)
    hall.skip(seconds=91)
    hall.settle()
    assert hall.lane(PIN).delivery == Delivery.STUCK
    hall.locks.recovers()
    hall.locks.forget()
    hall.cancel()
    assert hall.locks.commands() == [("remove", PIN)]
