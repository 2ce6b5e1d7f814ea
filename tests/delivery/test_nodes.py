"""Several nodes on one PostgreSQL: what one accepts another carries."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from hub.app import Hub
from hub.delivery.errands.outcomes import Outcome
from hub.model.closure import ClosureRequest
from hub.model.states import Delivery, Effect, Proof
from hub.service.accept.bookings import Bookings
from hub.service.governing.closing import Closing
from hub.service.rulebook import Rulebook
from hub.settings import Pulse, Settings
from hub.store.engine.bells import Bell
from hub.store.engine.listening import Listening
from hub.store.engine.writer import Writer
from tests.builders import SATURDAY
from tests.cli.test_worker import a_town_without_systems
from tests.counterparts.postgres import Postgres
from tests.delivery.harness import PIN, TOWN, Stage, hour, staged

LONGEST_SECONDS = 20
DAY = timedelta(days=1)
REFUSE = """
    CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no table is changed'; END $$;
    CREATE EVENT TRIGGER refuse ON ddl_command_start EXECUTE FUNCTION refuse();
"""
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

    listening = Listening(hall.url, heard, but=[hall.writer.name])
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


def test_a_closure_of_one_node_holds_for_what_another_accepts_and_is_followed_by_it(hall: Stage) -> None:
    known = Rulebook(hall.seal)
    hall.run(known.load(hall.readers))
    hall.close_resource("snow", of="hall.court-1")
    assert known.rules(TOWN).closures == ()
    elsewhere = Writer(hall.url)
    hall.bookings = Bookings(elsewhere, hall.readers, hall.seal, known, hall.clock)
    try:
        hall.accept("B-1", **hour(60))
    finally:
        elsewhere.stop()
    hall.settle()
    assert hall.state(PIN)[0] is Effect.SUSPENDED
    hall.lift_closure("snow")
    assert [hall.run(known.follow(hall.readers)) for _ in range(2)] == [True, False]
    assert known.rules(TOWN).closures == ()
    hall.settle()
    assert hall.state(PIN)[0] is Effect.STANDING


def test_a_closure_wakes_the_nodes_that_are_to_follow_it(hall: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        followed = asyncio.Event()

        async def follow() -> None:
            followed.set()

        elsewhere = Writer(hall.url)
        hall.closing = Closing(elsewhere, hall.readers, hall.seal, hall.rulebook, hall.clock)
        try:
            monkeypatch.setattr(hall.node.worker, "follow", follow)
            async with working(hall), asyncio.timeout(LONGEST_SECONDS):
                await followed.wait()
                followed.clear()
                wanted = {"revision": 1, "resource": "hall.court-1", "starts_at": SATURDAY, "ends_at": SATURDAY + DAY}
                await hall.closing.close(TOWN, "snow", ClosureRequest.model_validate(wanted))
                await followed.wait()
        finally:
            elsewhere.stop()

    hall.run(story())


def test_a_node_that_starts_on_tables_that_are_there_changes_none(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every statement that would is refused."""
    monkeypatch.chdir(tmp_path)
    url = postgres.database()
    town = a_town_without_systems(tmp_path)

    async def start() -> None:
        hub = Hub(Settings(database=url), [town])
        await hub.start()
        await hub.stop()

    asyncio.run(start())
    postgres.command(REFUSE, url.rpartition("/")[2])
    with pytest.raises(psycopg.errors.RaiseException, match="no table"), psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE mine(a int)")
    asyncio.run(start())
