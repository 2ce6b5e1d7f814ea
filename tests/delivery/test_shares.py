"""How hard a system is pressed: as its connector declares or less, by all processes together."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.delivery.reach.shares import Shares, is_gone, own_name
from hub.delivery.reach.ways import NONE, WHOLE, NotYetError, NoWayError, Share, Ways
from hub.errors import RefusedError
from hub.settings import Pulse
from hub.store.engine.database import AwayError
from tests.builders import SATURDAY, a_town
from tests.configuration.folders import read, small, the_error
from tests.delivery import fakes
from tests.delivery.harness import PIN, TOWN, Node, Stage, hour

Staging = Callable[..., Stage]


# ---------------------------------------------------------------- what is whose


@given(st.integers(1, 200), st.integers(1, 20))
def test_the_parts_of_all_are_the_whole(whole: int, of: int) -> None:
    parts = [Share(place, of).part(whole) for place in range(of)]
    assert sum(parts) == whole
    assert max(parts) - min(parts) <= 1
    assert parts == sorted(parts, reverse=True)


@given(st.integers(1, 30), st.one_of(st.none(), st.integers(1, 30)), st.integers(1, 12))
def test_whoever_may_call_has_some_of_the_minute_too(at_once: int, per_minute: int | None, of: int) -> None:
    every = [Ways(at_once, per_minute, Share(place, of)) for place in range(of)]
    assert sum(one.part for one in every) == min(at_once, per_minute or at_once)
    assert sum(one._minute for one in every) == (per_minute or 0)
    assert all(one._minute for one in every if one.part and per_minute)


# ---------------------------------------------------------------- ways


async def settle() -> None:
    """Let all that can go on do so."""
    for _ in range(20):
        await asyncio.sleep(0)


class Callers:
    """Calls that last until they are let go, and how many were under way together."""

    def __init__(self, way: Ways) -> None:
        self.way, self.inside, self.most, self.refused = way, 0, 0, 0
        self.end = asyncio.Event()

    def call(self) -> "asyncio.Task[None]":
        return asyncio.create_task(self._call())

    async def _call(self) -> None:
        try:
            async with self.way.one():
                self.inside += 1
                self.most = max(self.most, self.inside)
                await self.end.wait()
                self.inside -= 1
        except NoWayError:
            self.refused += 1


def test_no_more_go_at_once_than_there_are_ways_and_all_go_in_the_end() -> None:
    async def play() -> int:
        callers = Callers(Ways(3))
        tasks = [callers.call() for _ in range(10)]
        await settle()
        assert callers.inside == 3
        callers.end.set()
        await asyncio.gather(*tasks)
        return callers.most

    assert asyncio.run(play()) == 3


def test_a_smaller_share_lets_nobody_in_before_enough_have_left_and_a_larger_one_at_once() -> None:
    async def play() -> None:
        way = Ways(4)
        first, then = Callers(way), Callers(way)
        tasks = [first.call() for _ in range(3)]
        await settle()
        way.divide(Share(0, 4))
        tasks += [then.call() for _ in range(3)]
        await settle()
        assert (first.inside, then.inside) == (3, 0)
        first.end.set()
        await settle()
        assert then.inside == 1
        way.divide(Share(0, 2))
        await settle()
        assert then.inside == 2
        then.end.set()
        await asyncio.gather(*tasks)

    asyncio.run(play())


def test_who_waits_when_all_is_taken_away_is_told_so() -> None:
    async def play() -> None:
        way = Ways(1)
        callers = Callers(way)
        tasks = [callers.call() for _ in range(3)]
        await settle()
        way.divide(NONE)
        await settle()
        assert (callers.inside, callers.refused) == (1, 2)
        callers.end.set()
        await asyncio.gather(*tasks)
        with pytest.raises(NoWayError):
            async with way.one():
                pass

    asyncio.run(play())


def test_who_gives_up_waiting_takes_no_way_along() -> None:
    async def play() -> None:
        way = Ways(1)
        callers = Callers(way)
        tasks = [callers.call() for _ in range(3)]
        await settle()
        tasks[1].cancel()
        callers.end.set()
        await settle()
        tasks[2].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        async with way.one():
            pass

    asyncio.run(play())


@contextmanager
def fast_clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """The machine's clock, which goes on only where somebody sleeps."""
    now = [0.0]

    async def sleep(seconds: float) -> None:
        now[0] += seconds

    with monkeypatch.context() as patched:
        patched.setattr("hub.delivery.reach.ways.running_seconds", lambda: now[0])
        patched.setattr("hub.delivery.reach.ways.sleep", sleep)
        yield now


def moments(way: Ways, now: list[float], count: int, cost: int = 1) -> list[int]:
    async def play() -> list[int]:
        found = []
        for _ in range(count):
            async with way.one(cost):
                found.append(round(now[0]))
        return found

    return asyncio.run(play())


def test_no_more_go_in_any_minute_than_may(monkeypatch: pytest.MonkeyPatch) -> None:
    with fast_clock(monkeypatch) as now:
        assert moments(Ways(8, 3), now, 7) == [0, 0, 0, 60, 60, 60, 120]


def test_a_command_and_its_looks_count_each(monkeypatch: pytest.MonkeyPatch) -> None:
    with fast_clock(monkeypatch) as now:
        assert moments(Ways(8, 4), now, 5, cost=2) == [0, 0, 60, 60, 120]


def test_what_of_a_minute_comes_from_another_counts_as_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with fast_clock(monkeypatch) as now:
        way = Ways(8, 6, Share(0, 2))
        assert moments(way, now, 3) == [0, 0, 0]
        way.divide(WHOLE)
        assert moments(way, now, 3) == [60, 60, 60]


def test_who_has_no_time_for_the_next_minute_is_told_when_it_comes_and_takes_nothing_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def play(way: Ways, now: list[float]) -> None:
        for _ in range(5):
            with pytest.raises(NotYetError) as told:
                async with way.one(2, last_start=30.0):
                    pass
            assert told.value.seconds == 60.0 - now[0]
            now[0] += 10
        for _ in range(2):
            async with way.one(2, last_start=90.0):
                assert now[0] == 60

    with fast_clock(monkeypatch) as now:
        way = Ways(1, 4)
        assert moments(way, now, 2, cost=2) == [0, 0]
        asyncio.run(play(way, now))


# ---------------------------------------------------------------- in the hub


def test_twenty_over_a_connection_that_takes_six_a_minute_are_there_after_four(
    hall: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lease is shorter than a minute: whoever waits for the next one does not use it up."""
    for module in ("hub.delivery.reach.ways", "hub.delivery.loop.carrying", "hub.delivery.loop.dispatcher"):
        monkeypatch.setattr(f"{module}.running_seconds", lambda: hall.clock.now().timestamp(), raising=False)
    hall.running("locks").ways = Ways(1, 12)
    for n in range(20):
        hall.accept(f"B-{n}", **hour(60 * n))
    there = []
    for _ in range(4):
        hall.settle()
        there.append(len(hall.locks.stands))
        hall.skip(seconds=61)
    assert there == [6, 12, 18, 20]


@asynccontextmanager
async def counted(most: list[int], at_once: int, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Have every call wait a while for others, and count how many are under way together."""
    call, inside = fakes.System.call, 0

    async def slowly(self: fakes.System, *told: Any) -> Any:
        nonlocal inside
        inside += 1
        most.append(inside)
        for _ in range(2000):
            if inside >= at_once:
                break
            await asyncio.sleep(0)
        await settle()
        inside -= 1
        return await call(self, *told)

    with monkeypatch.context() as patched:
        patched.setattr(fakes.System, "call", slowly)
        yield


def shared(hall: Stage, count: int) -> list[tuple[Node, Shares]]:
    """So many processes, each of which knows of the others."""
    nodes = [hall.node, *(hall.run(hall.another_node()) for _ in range(count - 1))]
    made = [(node, Shares(hall.writer, node.connections, f"node-{n}")) for n, node in enumerate(nodes)]
    for node, share in made:
        node.dispatcher.without = lambda node=node: node.connections.without  # type: ignore[misc]
        hall.run(share.begin())
        hall.skip(seconds=1)
    for _ in range(5):
        hall.skip(seconds=2)
        beat(hall, *made)
    return made


def beat(hall: Stage, *who: tuple[Node, Shares]) -> None:
    for _, share in who:
        hall.run(share.beat())


def parts(made: list[tuple[Node, Shares]], name: str = "locks") -> list[int]:
    return [node.health.running(TOWN, name).ways.part for node, _ in made]


@pytest.mark.parametrize("at_once", [1, 2])
def test_a_device_that_allows_so_many_clients_gets_no_more_from_all_processes(
    staging: Staging, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    town = a_town(connectors={"locks": {"pace": {"calls_at_once": at_once}}})
    hall = staging(town, pulse=Pulse(batch=4))
    made, most = shared(hall, 3), list[int]()
    for n in range(1, 9):
        hall.accept(f"B-{n}", **hour(24 * 60))

    async def together() -> None:
        async with counted(most, at_once, monkeypatch):
            await asyncio.gather(*(node.settle() for node, _ in made))

    hall.run(together())
    assert len(hall.locks.stands) == 8
    assert 1 <= max(most) <= at_once
    assert parts(made) == [1, int(at_once > 1), 0]


def test_a_process_that_stops_leaves_its_share_at_once(hall: Stage) -> None:
    first, second = made = shared(hall, 2)
    assert parts(made) == [4, 4]
    hall.run(first[1].leave())
    beat(hall, second)
    assert parts([second]) == [8]
    hall.accept()
    hall.run(first[0].carry_once())
    assert hall.locks.calls == [], "nor does it call any more"


def test_a_process_that_is_not_heard_of_is_gone_after_eight_seconds_and_starts_no_call(hall: Stage) -> None:
    first, second = made = shared(hall, 2)
    hall.skip(seconds=7)
    beat(hall, second)
    assert parts(made) == [4, 4]
    hall.accept()
    hall.skip(seconds=2)
    beat(hall, second)
    assert second[0].health.running(TOWN, "locks").ways.part == 8
    assert not first[1].is_sure()
    hall.run(first[0].carry_once())
    assert hall.locks.calls == []
    hall.skip(seconds=1)
    hall.run(second[0].settle())
    assert hall.locks.opens("outer", SATURDAY) == {PIN}
    beat(hall, first)
    beat(hall, second)
    assert parts(made) == [0, 4], "it comes last, and waits until the other knows"


def test_a_new_process_waits_until_the_others_know_of_it(hall: Stage) -> None:
    (first,) = shared(hall, 1)
    assert parts([first]) == [8]
    node = hall.run(hall.another_node())
    second = (node, Shares(hall.writer, node.connections, "node-1"))
    hall.run(second[1].begin())
    assert parts([first, second]) == [8, 0]
    hall.skip(seconds=2)
    beat(hall, first, second)
    assert parts([first, second]) == [4, 0]
    for _ in range(3):
        hall.skip(seconds=2)
        beat(hall, first, second)
    assert parts([first, second]) == [4, 4]


def test_a_process_that_was_killed_on_this_machine_is_seen_to_be_gone_by_the_one_that_follows(hall: Stage) -> None:
    home, killed = own_name().rsplit("/", 2)[0], subprocess.Popen(["true"])
    alive = f"{home}/{os.getpid()}/other"
    killed.wait()
    for name in (f"{home}/{killed.pid}/abc", f"elsewhere/pid:[1]/{killed.pid}/abc"):
        hall.run(Shares(hall.writer, hall.node.connections, name).begin())
    follows = Shares(hall.writer, hall.node.connections, alive)
    hall.run(follows.begin())
    assert [name for (name,) in hall.rows("SELECT name FROM nodes ORDER BY since")] == [
        f"elsewhere/pid:[1]/{killed.pid}/abc",
        alive,
    ]
    assert not is_gone(alive)


def test_a_process_that_is_cut_off_from_the_database_hangs_up_when_others_may_be_in_its_place(
    hall: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = made = shared(hall, 2)
    mine = first[0].health.running(TOWN, "locks").connector

    async def away(*_told: object) -> None:
        raise AwayError("no way there")

    with monkeypatch.context() as cut:
        cut.setattr(first[1]._writer, "do", away)
        for seconds, connected in ((7, True), (2, False)):
            hall.skip(seconds=seconds)
            with pytest.raises(AwayError):
                beat(hall, first)
            hall.run(settle())
            assert (mine in hall.locks.clients) == connected
    beat(hall, second)
    assert parts(made) == [0, 8]


def test_of_a_system_with_one_client_only_the_process_that_has_it_is_connected(staging: Staging) -> None:
    hall = staging(a_town(connectors={"locks": {"pace": {"clients_at_once": 1}}}))
    hall.run(hall.node.connections.close())
    nodes = [Node(hall) for _ in range(3)]
    made = [(node, Shares(hall.writer, node.connections, f"node-{n}")) for n, node in enumerate(nodes)]
    hall.node = nodes[0]

    async def begin(node: Node, share: Shares) -> None:
        await share.begin()
        await node.open(hall.towns)

    def connected() -> list[bool]:
        hall.run(settle())
        return [node.health.running(TOWN, "locks").connector in hall.locks.clients for node in nodes]

    for one in made:
        hall.run(begin(*one))
        hall.skip(seconds=1)
    for _ in range(5):
        hall.skip(seconds=2)
        beat(hall, *made)
    assert (connected(), len(hall.locks.clients), parts(made)) == ([True, False, False], 1, [8, 0, 0])
    before = nodes[0].health.running(TOWN, "locks").connector
    hall.skip(seconds=9)
    for one in (made[1], made[2], made[0]):
        beat(hall, one)
        hall.skip(seconds=1)
    assert (connected(), parts(made)) == ([False, True, False], [0, 8, 0])
    assert hall.locks.clients == {nodes[1].health.running(TOWN, "locks").connector}
    for _ in range(5):
        hall.skip(seconds=2)
        beat(hall, *made)
    for node, share in (made[1], made[2]):
        hall.run(node.connections.close())
        hall.run(share.leave())
    beat(hall, made[0])
    assert connected() == [True, False, False]
    assert nodes[0].health.running(TOWN, "locks").connector is not before, "what was closed is not opened again"
    hall.put()
    assert hall.locks.opens("outer", SATURDAY) == {PIN}


def test_where_others_have_all_of_a_connection_a_test_of_it_is_refused_and_no_round_of_checks_fails(
    staging: Staging,
) -> None:
    hall = staging(a_town(connectors={"locks": {"pace": {"calls_at_once": 1}}}))
    _, (node, _) = shared(hall, 2)
    hall.locks.forget()
    with pytest.raises(RefusedError, match="other processes"):
        hall.run(node.health.check(node.health.running(TOWN, "locks")))
    with pytest.raises(RefusedError, match="other processes"):
        hall.run(node.reconciler.reconcile(TOWN, "locks"))
    hall.run(node.health.check_all())
    assert hall.locks.calls == []
    assert hall.problems() == []


# ---------------------------------------------------------------- what is written


@pytest.mark.parametrize("limit, told", [("calls_at_once", 9), ("calls_per_minute", 61)])
def test_a_system_is_never_pressed_harder_than_its_connector_declares(limit: str, told: int) -> None:
    trees = small()
    trees["connections/lamps.yaml"] |= {"connector": "paced", "pace": {limit: told}}
    error = the_error(read(trees), "raised-pace")
    assert (error.file, error.path) == ("connections/lamps.yaml", f"pace.{limit}")
    assert error.message == f"`PacedLamp` declares {told - 1}: write that or less, or leave it out"
    assert str(error).startswith("connections/lamps.yaml:")
    trees["connections/lamps.yaml"]["pace"] = {limit: told - 1}
    assert "raised-pace" not in {each.code for each in read(trees).findings}
