"""`Prefer: wait`: who is held, who is not, and when nobody is held any longer."""

import asyncio
from collections.abc import Callable

import pytest

from hub.sdk import AccessLimits
from hub.service.accept import waiting
from hub.service.accept.bookings import Done
from hub.service.accept.waiting import LONGEST_SECONDS, Waiting
from tests.builders import a_town, occasion
from tests.delivery.fakes import FakeLocks
from tests.delivery.harness import Stage, hour


@pytest.fixture
def two_towns(staging: Callable[..., Stage]) -> Stage:
    return staging(a_town(), a_town(key="1480"))


async def held(held_by: Waiting, *of: Done) -> list[asyncio.Task[bool]]:
    """Answers that are held."""
    tasks = [asyncio.create_task(held_by.until_settled(done, seconds=LONGEST_SECONDS)) for done in of]
    await asyncio.sleep(0)
    return tasks


def test_only_so_many_answers_of_a_municipality_are_held_and_the_next_is_given_at_once(
    two_towns: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "MOST", 3)
    here = Waiting(two_towns.readers, two_towns.clock)

    async def story() -> None:
        mine = [await two_towns.accepting(f"B-{n}", **hour(60 * n)) for n in range(4)]
        theirs = await two_towns.accepting("B-0", town="1480")
        tasks = await held(here, *mine[:3], theirs)
        assert not await here.until_settled(mine[3], seconds=LONGEST_SECONDS), "there is no room, so it is not held"
        assert not any(task.done() for task in tasks), "those that are held are held on, and the other town's with them"
        await two_towns.node.settle()
        assert await asyncio.gather(*tasks) == [True] * 4
        assert await here.until_settled(mine[3], seconds=LONGEST_SECONDS), "there is room again"

    two_towns.run(story())


def test_nobody_is_held_when_the_hub_stops(hall: Stage) -> None:
    here = Waiting(hall.readers, hall.clock)

    async def story() -> None:
        (task,) = await held(here, await hall.accepting())
        here.stopping.set()
        async with asyncio.timeout(5):
            assert await task

    hall.run(story())


def test_a_caller_who_has_gone_takes_no_place(hall: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "MOST", 1)
    here, left = Waiting(hall.readers, hall.clock), asyncio.Event()

    async def gone() -> bool:
        return left.is_set()

    async def story() -> None:
        first, second = await hall.accepting("B-1"), await hall.accepting("B-2", **hour(60))
        going = asyncio.create_task(here.until_settled(first, seconds=LONGEST_SECONDS, gone=gone))
        await asyncio.sleep(0)
        assert not await here.until_settled(second, seconds=LONGEST_SECONDS)
        left.set()
        async with asyncio.timeout(5):
            await going
        assert await here.until_settled(second, seconds=0), "its place is free"

    hall.run(story())


def test_nobody_is_held_for_what_the_lock_has_no_room_for_yet(
    staging: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeLocks, "access_limits", AccessLimits(windows_per_door=1))
    hall = staging()
    here = Waiting(hall.readers, hall.clock)

    async def story() -> None:
        morning, evening = occasion(after=60), occasion(after=300) | {"id": "2"}
        (task,) = await held(here, await hall.accepting(occasions=[morning, evening]))
        assert not task.done()
        await hall.node.settle()
        async with asyncio.timeout(5):
            assert await task
        (sent,) = hall.locks.stands.values()
        assert len(sent.windows) == len({window.door for window in sent.windows}), "one at each door"

    hall.run(story())
