"""Fair between municipalities: the burst of one, over systems that hang, delays no other's door."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from hub.clock import HOUR
from hub.delivery.errands.leasing import Leased, lease
from hub.delivery.errands.outcomes import Outcome
from hub.delivery.loop import dispatcher as dispatching
from hub.delivery.loop.dispatcher import Kept
from hub.settings import Pulse
from hub.store.engine.database import Connection, Later
from hub.store.lanes import Take
from tests.builders import a_town
from tests.delivery.fakes import LAMPS, LOCKS, Fault
from tests.delivery.harness import TOWN, Stage

NEIGHBOURS = ("2481", "2482", "2483")
LANES = 10_000
LONGEST_SECONDS = 20
SMALL = Pulse(batch=40, idle=timedelta(hours=1))
"""A node with few places, which looks by itself only while something is due."""
INSERT = (
    "INSERT INTO lanes(municipality, connection, key, kind, due, effect, delivery, look, confirmed)"
    " VALUES(?, 'lamps', ?, 'dim', ?, 'standing', 'due', 1, '60')"
)


@pytest.fixture
def hall(staging: Callable[..., Stage]) -> Stage:
    """A town whose lamps hang, with all of them due for an hour already; and its neighbours."""
    made = staging(a_town(), *(a_town(key=town) for town in NEIGHBOURS), pulse=SMALL)
    LAMPS[f"{TOWN}/lamps"].breaks(Fault.HANGS)

    def insert(connection: Connection) -> None:
        connection.each(INSERT, [(TOWN, f"lamp-{n}", made.now() - HOUR) for n in range(LANES)])

    made.run(made.writer.call(insert))
    return made


async def ended(hall: Stage, dispatching: asyncio.Task[None]) -> None:
    """As a process that is killed: what hangs is not waited for."""
    dispatcher = hall.node.dispatcher
    dispatcher.stop()
    for task in tuple(dispatcher._going):
        task.cancel()
    await dispatching


def test_ten_thousand_lanes_of_one_town_hold_up_no_others_door(hall: Stage) -> None:
    carried: asyncio.Queue[Outcome] = asyncio.Queue()
    dispatcher = hall.node.dispatcher
    dispatcher.carried = carried.put_nowait

    async def story() -> int:
        while await dispatcher._take():
            pass
        dispatching = asyncio.create_task(dispatcher.run())
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                for town in NEIGHBOURS:
                    await hall.accepting(town=town)
                    while (await carried.get()).lane.municipality != town:
                        pass
                return dispatcher._of_towns[TOWN]
        finally:
            await ended(hall, dispatching)

    assert hall.run(story()) >= SMALL.batch // 3, "the town has its places meanwhile"
    for town in NEIGHBOURS:
        assert LOCKS[f"{town}/locks"].stands


def test_while_all_that_is_due_is_kept_out_nobody_asks_the_database_for_each_lane_that_is_done() -> None:
    lamps, locks = ("2480", "lamps"), ("2480", "locks")
    full, crowded, nobody = {lamps, locks}.__contains__, {"2480"}.__contains__, frozenset[str]().__contains__
    assert Kept(frozenset({lamps}), frozenset()).still(full, crowded)
    assert not Kept(frozenset({lamps, locks}), frozenset()).still({lamps}.__contains__, nobody)
    assert not Kept(frozenset({lamps}), frozenset({"2480"})).still(full, nobody)
    assert Kept(frozenset(), frozenset()).still(full, crowded), "and who makes it due again tells so"


def test_while_lanes_do_not_end_what_else_is_due_is_looked_for_four_times_a_second(
    hall: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[float, bool] = {}
    moment = 100.0

    def leased(connection: Connection, takes: list[Take]) -> Later[list[Leased]]:
        asked[moment] = takes[0].lanes_only
        return lease(connection, takes)

    monkeypatch.setattr(dispatching, "running_seconds", lambda: moment)
    monkeypatch.setattr(dispatching, "lease", leased)
    monkeypatch.setattr(hall.node.dispatcher, "_begin", lambda *_: None)
    for _ in range(5):
        assert hall.run(hall.node.dispatcher._take())
        moment += 0.1
    assert [*asked.values()] == [False, True, True, False, True]
