"""Several nodes on one PostgreSQL: what one accepts another carries."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from hub.delivery.outcomes import Outcome
from hub.model.states import Delivery, Effect, Proof
from hub.service.bookings import Bookings
from hub.settings import Pulse
from hub.store.bells import Bell
from hub.store.listening import Listening
from hub.store.writer import Writer
from tests.delivery.harness import PIN, Stage, hour, staged

LONGEST_SECONDS = 20
ASLEEP = Pulse(idle=timedelta(hours=1))
"""Nodes that look when they are told to, and never by themselves."""


@pytest.fixture
def hall(postgresql_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with staged(postgresql_database, tmp_path, monkeypatch, pulse=ASLEEP) as stage:
        yield stage


@asynccontextmanager
async def working(hall: Stage) -> AsyncIterator[asyncio.Queue[Outcome]]:
    """The hall's node carries and hears the others; gives what it has carried."""
    carried: asyncio.Queue[Outcome] = asyncio.Queue()
    worker = hall.node.worker
    worker.dispatcher.carried = carried.put_nowait
    going = asyncio.create_task(worker.dispatcher.run())
    loop = asyncio.get_running_loop()

    def heard(bell: Bell) -> None:
        loop.call_soon_threadsafe(worker.heard, bell)

    listening = Listening(hall.url, heard, but=hall.writer.name)
    try:
        yield carried
    finally:
        await asyncio.to_thread(listening.stop)
        worker.dispatcher.stop()
        await going


def test_what_one_node_accepts_wakes_another_that_sleeps(hall: Stage) -> None:
    async def story() -> None:
        elsewhere = Writer(hall.url)
        hall.bookings = Bookings(elsewhere, hall.readers, hall.seal, hall.rulebook, hall.clock)
        try:
            async with working(hall) as carried, asyncio.timeout(LONGEST_SECONDS):
                for number in ("B-1", "B-2", "B-3"):
                    await hall.accepting(number, **hour(60 * int(number[-1])))
                    while (await carried.get()).lane.key != f"hub-{number}":
                        pass
        finally:
            elsewhere.stop()

    hall.run(story())
    assert hall.state(PIN) == (Effect.STANDING, Delivery.CONFIRMED, Proof.READ)
    assert {f"hub-B-{n}" for n in (1, 2, 3)} <= set(hall.locks.stands)
