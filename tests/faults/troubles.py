"""Troubles that no process dies of: broker, network, disk and clocks, under load; judged as after a kill.

`python -m tests.faults.troubles disk --rounds 20 --seed 7`
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager, ExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from connectors.access_arx.simulator import PASSWORD
from connectors.control_mqtt.simulator import MqttSimulator
from hub.clock import DomainClock
from hub.model import Dim
from hub.sdk.mqtt.simulator import BrokerAt
from tests.counterparts.disk import SmallDisk
from tests.counterparts.mosquitto import Mosquitto
from tests.counterparts.network import CUT, HALF_OPEN, Network, rough
from tests.counterparts.postgres import Postgres
from tests.faults import skewed
from tests.faults.clients import DONE, Client
from tests.faults.nodes import Nodes
from tests.faults.story import ODDS, Story
from tests.faults.town import SILENCE_SECONDS, zone_keys

CLIENTS = 6
PASSWORDS = {"hub": PASSWORD, "gateway": "gateway-secret"}
ACCESS = "\n".join(f"user {name}\ntopic readwrite hall/#" for name in PASSWORDS)
HOUR = 3600.0
APART = (0.0, 45.0, -45.0)
"""Seconds by which the clocks of three nodes are wrong: a minute and a half from one to the other."""

Strike = Callable[[random.Random], Awaitable[None]]
Struck = tuple[Story, Strike]
Server = Callable[[], AbstractContextManager[Postgres]]


@asynccontextmanager
async def broker(folder: Path, seed: int, _server: Server) -> AsyncIterator[Struck]:
    """The lamps' broker is killed, and comes back a while later."""
    with Mosquitto(PASSWORDS, ACCESS) as mosquitto:
        settings = {
            "host": mosquitto.host, "port": mosquitto.port, "tls": False, "username": "hub",
            "password": "${env:ARX_PASSWORD}", "client_id": "hub", "keepalive": 1, "echo_within": 0.3,
            "state_topic": "hall/{zone}", "zones": {key: {} for key in zone_keys()}, "bridge_topic": "hall/bridge",
        }  # fmt: skip
        at = BrokerAt(mosquitto.host, mosquitto.port, "gateway", PASSWORDS["gateway"])
        gateway = MqttSimulator(DomainClock(), settings=settings, broker=at)
        await gateway.start()

        def shown() -> Mapping[str, int | None]:
            levels = {key: level.percent for key, level in gateway.zones().items() if isinstance(level, Dim)}
            return {key: percent or None for key, percent in levels.items()}

        async def strike(dice: random.Random) -> None:
            await asyncio.to_thread(mosquitto.kill)
            await asyncio.sleep(dice.uniform(0.2, 1.5))
            await asyncio.to_thread(mosquitto.start)

        try:
            async with Story.begun(folder, seed, broker=settings) as story:
                story.lamps = shown
                yield story, strike
        finally:
            await gateway.stop()


@asynccontextmanager
async def network(folder: Path, seed: int, _server: Server) -> AsyncIterator[Struck]:
    """The network between hub and systems lets down now and then, is cut, and swallows everything."""
    with ExitStack() as stack:
        between: list[Network] = []

        def way(port: int) -> int:
            between.append(stack.enter_context(Network(port, seed)))
            return between[0].port

        async with Story.begun(folder, seed, way=way) as story:
            yield story, lambda dice: _bad_weather(between[0], dice, share=0.3, seconds=1.0)


@asynccontextmanager
async def database_network(folder: Path, seed: int, server: Server) -> AsyncIterator[Struck]:
    """The same between hub and PostgreSQL; it swallows for longer than the hub waits for an answer.

    Who books waits for whatever comes of that: what is still under way when the books are judged would be wrong there.
    """
    with server() as postgres, Network(postgres.port, seed) as between:
        url = postgres.database().replace(f":{postgres.port}/", f":{between.port}/")
        async with Story.begun(folder, seed, url, patience=30) as story:
            yield story, lambda dice: _bad_weather(between, dice, share=0.02, seconds=SILENCE_SECONDS * 1.5)


async def _bad_weather(between: Network, dice: random.Random, *, share: float, seconds: float) -> None:
    weather, met = [(rough(share), 1.0), (CUT, 0.5), (HALF_OPEN, seconds)], between.met
    dice.shuffle(weather)
    for odds, length in weather:
        between.odds = odds
        await asyncio.sleep(length)
    between.odds = {}
    if between.met == met:
        raise TimeoutError("the trouble was never felt")


@asynccontextmanager
async def disk(_folder: Path, seed: int, _server: Server) -> AsyncIterator[Struck]:
    """The hub's disk is full, and has room again; every other time the hub is killed while it is full."""
    with SmallDisk() as small:
        async with Story.begun(small.folder, seed) as story:

            async def strike(dice: random.Random) -> None:
                small.limited = story.hub.pid if story.hub else None
                before = _refused(story)
                small.fill()
                await _until(lambda: _refused(story) > before + 2)
                if dice.random() < 0.5:
                    story.kill()
                    story.launch()
                await asyncio.sleep(0.5)
                small.free()
                if story.hub is None or not story.hub.is_alive():
                    story.launch()
                await story.up(f"{story.place.address}/readyz")

            yield story, strike


def _refused(story: Story) -> int:
    return story.ledger.answers["507"] + story.ledger.answers["503"]


async def _until(so: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 20
    while not so():
        if time.monotonic() > give_up:
            raise TimeoutError("the trouble was never felt")
        await asyncio.sleep(0.02)


@asynccontextmanager
async def clock(folder: Path, seed: int, _server: Server) -> AsyncIterator[Struck]:
    """The machine's clock is set forward and back by an hour, in either order, and then right."""
    async with Story.begun(folder, seed) as story:
        file = story.place.skew
        skewed.set_to(file, 0)
        story.kill()
        await story.restarted()

        async def strike(dice: random.Random) -> None:
            for wrong in dice.sample([HOUR, -HOUR], 2):
                skewed.set_to(file, wrong)
                await asyncio.sleep(1.5)
            skewed.set_to(file, 0)

        yield story, strike


@asynccontextmanager
async def clocks_apart(folder: Path, seed: int, server: Server) -> AsyncIterator[Struck]:
    """Three nodes on one PostgreSQL never agree on the time; systems lose calls meanwhile."""
    with server() as postgres:
        async with Nodes.sharing(folder, seed, postgres, wrong=APART) as story:

            async def strike(_dice: random.Random) -> None:
                await story.lose(ODDS)
                await asyncio.sleep(2)
                await story.lose({})

            yield story, strike


TROUBLES: dict[str, Callable[[Path, int, Server], AbstractAsyncContextManager[Struck]]] = {
    "broker": broker,
    "network": network,
    "database-network": database_network,
    "disk": disk,
    "clock": clock,
    "clocks-apart": clocks_apart,
}


@dataclass
class Report:
    """What a run came to."""

    trouble: str
    seed: int
    rounds: int = 0
    promised: int = 0
    bookings: int = 0
    judged: int = 0
    seconds: float = 0.0
    answers: dict[str, int] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


async def run(trouble: str, folder: Path, *, seed: int, rounds: int, server: Server = Postgres) -> Report:
    """Have it that many times, judging after each; stop at what is wrong first. `server`: where one is needed."""
    began, report, dice = time.monotonic(), Report(trouble, seed), random.Random(seed)
    async with TROUBLES[trouble](folder, seed, server) as (story, strike):
        edges = trouble != "clocks-apart"
        booking = [Client(name, seed, story.ledger, edges=edges) for name in range(CLIENTS)]
        while report.rounds < rounds and not report.wrong:
            await _booked(story, booking, strike, dice)
            verdict = await story.judged()
            report.wrong, report.judged = verdict.wrong, report.judged + verdict.judged
            report.rounds += 1
        report.bookings = len(story.ledger.promised)
        report.promised = sum(story.ledger.answers[str(int(status))] for status in DONE)
        report.answers, report.calls = dict(story.ledger.answers), dict(await story.calls())
    report.seconds = round(time.monotonic() - began, 1)
    return report


async def _booked(story: Story, booking: list[Client], strike: Strike, dice: random.Random) -> None:
    """Bookings are made and changed before, meanwhile and after."""
    stopping = asyncio.Event()
    going = [asyncio.create_task(client.go_on(story.desk, stopping)) for client in booking]
    await asyncio.sleep(dice.uniform(0.3, 0.6))
    await strike(dice)
    promised = len(story.ledger.promised)
    await asyncio.sleep(dice.uniform(0.1, 0.5))
    await _until(lambda: len(story.ledger.promised) >= promised)
    stopping.set()
    await asyncio.gather(*going)


def main() -> int:
    """Run, tell, judge."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.troubles", description="Make trouble, and judge.")
    parser.add_argument("trouble", choices=TROUBLES)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="keep the hub's folder here")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="knutpunkt-troubles-") as folder:
        report = asyncio.run(run(told.trouble, told.keep or Path(folder), seed=told.seed, rounds=told.rounds))
    report.wrong = report.wrong[:10]
    print(json.dumps(asdict(report), indent=1, ensure_ascii=False))
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
