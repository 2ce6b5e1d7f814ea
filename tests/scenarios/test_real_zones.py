"""Light and heat told through a whole hub, on devices that are not ours: what they hold is what is asserted.

Each protocol has one counterpart and one hub, whose days the stories share: each begins on a day of its own.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.demo.stage import Stage, stage
from tests.scenarios.killed import hub_at
from tests.scenarios.plants import NAME, PLANTS, REST, Plant, State, in_a_hurry, municipality
from tests.scenarios.plays import at, booking, cancel, events, occasion, put

PATIENCE_SECONDS = 120
PROBLEMS = ("problem.started", "problem.ended")


@pytest.fixture(
    scope="module", params=[pytest.param(name, marks=pytest.mark.xdist_group(f"{name} zones")) for name in PLANTS]
)
def plant(request: pytest.FixtureRequest) -> Iterator[Plant]:
    """A counterpart that the stories leave running."""
    with PLANTS[request.param]() as one:
        yield one


class House:
    """A hub whose clock is ours, between stories as well as in them."""

    def __init__(self, plant: Plant) -> None:
        self.plant = plant
        self.here: Stage
        self.client: httpx.AsyncClient
        self._open = AsyncExitStack()
        self._runner = asyncio.Runner()

    def play(self, story: Callable[[], Awaitable[None]]) -> None:
        """Tell a story."""

        async def told() -> None:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await story()

        self._runner.run(told())

    async def open(self, folder: Path, start: str) -> None:
        """Start the hub."""
        await self._open.enter_async_context(self.plant.alive())
        town = municipality(folder / "town", self.plant)
        self.here, address, key = await self._open.enter_async_context(
            stage(town, folder, at(start), 0, simulate=False)
        )
        headers = {"Authorization": f"Bearer {key}"}
        self.client = await self._open.enter_async_context(
            httpx.AsyncClient(base_url=f"{address}/v1/2480", headers=headers, timeout=40)
        )

    def close(self) -> None:
        """End it."""
        self._runner.run(self._open.aclose())
        self._runner.close()

    async def book(self, *bodies: dict[str, Any]) -> None:
        """Send bookings, and let what is due come to rest."""
        for body in bodies:
            await put(self.client, body)
        await self.here.quiet()

    async def until(self, moment: str | datetime) -> State:
        """Play until then; gives what the device holds."""
        await self.here.play_until(at(moment) if isinstance(moment, str) else moment)
        return await self.plant.state()

    async def in_trouble(self) -> None:
        """Wait until a problem is told; it must be that the gateway does not answer. There is no rest to wait for."""
        told = await self.here.problems()
        while not told:  # no longer than the story may take
            await asyncio.sleep(0.05)
            told = await self.here.problems()
        assert [(one.code, one.connection) for one in told] == [("unreachable", NAME)]


@pytest.fixture(scope="module")
def house(plant: Plant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A hub on the counterpart, from the day before the first story."""
    one = House(plant)
    with pytest.MonkeyPatch.context() as patience:
        patience.setattr(plant.connector, "pace", in_a_hurry(plant.connector))
        one.play(lambda: one.open(tmp_path_factory.mktemp("real"), "2026-10-24 07:00"))
        yield one
        one.close()


def test_s17_after_a_kill_zones_have_the_state_that_the_time_now_asks_for(plant: Plant, tmp_path: Path) -> None:
    async def becomes(state: State) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                if await plant.state() == state:
                    return
                await asyncio.sleep(0.05)

    async def story() -> None:
        async with plant.alive():
            municipality(tmp_path / "town", plant)
            async with hub_at("2026-10-20 17:30", plant.connector, tmp_path) as client:
                early = booking("K-1", occasion("plan.a", "2026-10-20 17:00", "2026-10-20 18:00"))
                late = booking("K-2", occasion("plan.b", "2026-10-20 18:00", "2026-10-20 19:00"))
                await put(client, early)
                await put(client, late)
                await becomes(State(a=True, b=0, heat=20))
                await plant.cut()
                match = occasion("plan.b", "2026-10-20 18:00", "2026-10-20 20:00", activity="match")
                late = booking("K-2", match, revision=2)
                await put(client, late)
                await cancel(client, early)
            assert await plant.state() == State(a=True, b=0, heat=20), "accepted, not sent, and killed"
            await plant.mend()
            async with hub_at("2026-10-20 19:30", plant.connector, tmp_path) as client:
                await becomes(State(a=False, b=100, heat=20))
                await cancel(client, late)
                await becomes(REST)

    asyncio.run(story())


def test_s18_lights_and_heat_are_right_to_the_minute_in_the_longer_night(house: House) -> None:
    async def story() -> None:
        await house.book(booking("N-1", occasion("plan.hela", "2026-10-25 01:30", "2026-10-25 04:00")))
        assert await house.until("2026-10-25 00:29") == REST
        assert await house.until("2026-10-25 00:30") == REST._replace(heat=20)
        assert await house.until("2026-10-25 01:29") == REST._replace(heat=20)
        assert await house.until("2026-10-25 01:30") == State(a=True, b=60, heat=20)
        for again in (0, 1):  # half past two comes twice
            assert await house.until(at("2026-10-25 02:30").replace(fold=again)) == State(a=True, b=60, heat=20)
        assert await house.until("2026-10-25 03:59") == State(a=True, b=60, heat=20)
        assert await house.until("2026-10-25 04:00") == State(a=True, b=60, heat=16)
        assert await house.until("2026-10-25 04:09") == State(a=True, b=60, heat=16)
        assert await house.until("2026-10-25 04:10") == REST

    house.play(story)


def test_s3_a_fair_that_moves_a_week_takes_its_light_and_heat_along(house: House) -> None:
    def fair(revision: int, first: int) -> dict[str, Any]:
        days = [f"2026-11-{day:02}" for day in range(first, first + 5)]
        occasions = [occasion(f"plan.{n}", f"{day} 09:00", f"{day} 17:00") for day in days for n in "ab"]
        return booking("F-1", *occasions, revision=revision)

    async def story() -> None:
        await house.until("2026-11-02 07:00")
        await house.book(fair(1, 2))
        assert await house.until("2026-11-02 08:30") == REST._replace(heat=20)
        assert await house.until("2026-11-02 12:00") == State(a=True, b=60, heat=20)
        await house.book(fair(2, 9))
        assert await house.plant.state() == REST, "what was lit for the old week is dark at once"
        for day in range(3, 7):
            assert await house.until(f"2026-11-{day:02} 12:00") == REST, day
        for day in range(9, 14):
            assert await house.until(f"2026-11-{day:02} 08:59") == REST._replace(heat=20), day
            assert await house.until(f"2026-11-{day:02} 16:59") == State(a=True, b=60, heat=20), day
            assert await house.until(f"2026-11-{day:02} 17:10") == REST, day

    house.play(story)


def test_s7_snow_darkens_and_cools_and_lifting_it_restores(house: House) -> None:
    times = {"starts_at": at("2026-11-16 00:00").isoformat(), "ends_at": at("2026-11-17 00:00").isoformat()}

    async def closure(name: str, resource: str) -> None:
        body = {"revision": 1, "resource": resource, "reason": "snö", **times}
        answer = await house.client.put(f"/closures/{name}", json=body)
        assert answer.status_code == 202, answer.text
        await house.here.quiet()

    async def lifted(name: str) -> State:
        assert (await house.client.delete(f"/closures/{name}")).status_code == 202
        await house.here.quiet()
        return await house.plant.state()

    async def story() -> None:
        when = ("2026-11-16 18:00", "2026-11-16 19:00")
        await house.until("2026-11-16 12:00")
        await house.book(*(booking(f"S-{name}", occasion(f"plan.{name}", *when)) for name in ("hela", "a", "b")))
        assert await house.until("2026-11-16 18:05") == State(a=True, b=60, heat=20)
        await closure("halva", "plan.a")
        assert await house.plant.state() == State(a=False, b=60, heat=20)
        await closure("hela", "plan.hela")
        assert await house.plant.state() == REST
        assert await lifted("halva") == REST, "the whole is still closed"
        assert await lifted("hela") == State(a=True, b=60, heat=20)
        assert await house.until("2026-11-16 19:10") == REST

    house.play(story)


def test_s9_half_and_whole_adjacent_and_overlapping_keep_their_light_and_heat(house: House) -> None:
    async def story() -> None:
        await house.until("2026-11-18 12:00")
        before = len(house.plant.sent())
        half = booking("H-1", occasion("plan.a", "2026-11-18 18:00", "2026-11-18 19:00"))
        whole = booking("H-2", occasion("plan.hela", "2026-11-18 19:00", "2026-11-18 20:00"))
        match = booking("H-3", occasion("plan.b", "2026-11-18 19:30", "2026-11-18 20:30", activity="match"))
        await house.book(half, whole, match)
        assert await house.until("2026-11-18 18:30") == State(a=True, b=0, heat=20)
        for minute in ("18:59", "19:00", "19:01"):
            assert (await house.until(f"2026-11-18 {minute}")).a, minute
        assert await house.until("2026-11-18 19:29") == State(a=True, b=60, heat=20)
        assert await house.until("2026-11-18 19:30") == State(a=True, b=100, heat=20)
        assert await house.plant.seen() == State(a=True, b=100, heat=20)
        await cancel(house.client, match)
        await house.here.quiet()
        assert await house.plant.state() == State(a=True, b=60, heat=20), "cancelling one never darkens the other"
        assert await house.until("2026-11-18 20:09") == State(a=True, b=60, heat=16)
        assert await house.until("2026-11-18 20:10") == REST
        assert len(house.plant.sent()) - before == 2, "half A was switched on once, and off once"

    house.play(story)


def test_s16_a_gateway_that_is_gone_for_two_hours_is_one_problem_and_gets_the_latest_state(house: House) -> None:
    async def story() -> None:
        await house.until("2026-11-20 12:00")
        running = booking("G-1", occasion("plan.hela", "2026-11-20 15:00", "2026-11-20 20:00"))
        evening = booking("G-2", occasion("plan.a", "2026-11-20 19:00", "2026-11-20 21:00"))
        await house.book(running, evening)
        assert await house.until("2026-11-20 15:30") == State(a=True, b=60, heat=20)
        before, known = len(house.plant.sent()), len(await events(house.client, *PROBLEMS))
        await house.plant.cut()
        await cancel(house.client, running)
        await house.in_trouble()
        for n, (moment, activity) in enumerate((("16:30", "match"), ("17:00", "training"), ("17:30", "match")), 1):
            house.here.clock.move_to(at(f"2026-11-20 {moment}"))
            late = occasion("plan.b", "2026-11-20 17:00", "2026-11-20 18:30", activity=activity)
            await put(house.client, booking("G-3", late, revision=n))
            await house.in_trouble()
        assert await house.plant.state() == State(a=True, b=60, heat=20), "nothing reaches it"
        await house.plant.mend()
        assert await house.until("2026-11-20 17:40") == State(a=False, b=100, heat=20)
        assert await house.here.problems() == []
        told = (await events(house.client, *PROBLEMS))[known:]
        assert [one["type"] for one in told] == ["problem.started", "problem.ended"]
        assert len(house.plant.sent()) - before == 1, "half A was switched off once"
        assert await house.until("2026-11-20 18:40") == State(a=False, b=0, heat=20), "heated for the evening"
        assert await house.until("2026-11-20 19:00") == State(a=True, b=0, heat=20)
        assert await house.until("2026-11-20 21:10") == REST

    house.play(story)


def test_s18_lights_and_heat_are_right_to_the_minute_in_the_shorter_night(house: House) -> None:
    async def story() -> None:
        await house.until("2027-03-27 12:00")
        await house.book(booking("N-2", occasion("plan.hela", "2027-03-28 01:30", "2027-03-28 04:00")))
        assert await house.until("2027-03-28 00:29") == REST
        assert await house.until("2027-03-28 00:30") == REST._replace(heat=20)
        assert await house.until("2027-03-28 01:30") == State(a=True, b=60, heat=20)
        assert at("2027-03-28 04:00").timestamp() - at("2027-03-28 01:30").timestamp() == 90 * 60
        assert await house.until("2027-03-28 03:59") == State(a=True, b=60, heat=20)
        assert await house.until("2027-03-28 04:09") == State(a=True, b=60, heat=16)
        assert await house.until("2027-03-28 04:10") == REST

    house.play(story)
