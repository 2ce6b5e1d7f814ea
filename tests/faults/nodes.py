"""Several nodes on one PostgreSQL: killed and frozen at random under load, and the database once; judged as one hub is.

`python -m tests.faults.nodes --bookings 20000 --kills 200 --seed 7`
"""

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Self

import aiohttp

from tests.counterparts.ports import free_port
from tests.counterparts.postgres import Postgres
from tests.faults import hub_process, skewed, systems
from tests.faults.clients import DONE, Client, Desk, Ledger
from tests.faults.hub_process import Place, end, start
from tests.faults.story import CLIENTS, ODDS, Story
from tests.faults.town import LAMPS, LEASE, LOCKS, write_entry_points, write_town
from tests.faults.verdict import Verdict

NODES = 3
AHEAD = 200
"""About so many occasions are far ahead: each look at the lock system is told all codes that stand there."""
FROZEN = 0.15
"""The share, after the first, that are stopped for longer than a lease and go on, instead of being killed."""


@dataclass
class Balancer(Desk):
    """The way to whichever node comes next."""

    addresses: list[str] = field(default_factory=list)
    dice: random.Random = field(default_factory=random.Random)

    async def put(self, booking: dict[str, Any], ledger: Ledger) -> bool:
        """Send one booking to some node; False when no answer came."""
        self.address = self.dice.choice(self.addresses)
        return await super().put(booking, ledger)


@dataclass
class Nodes(Story):
    """The nodes, the database, the systems and the ledger of one run. `async with Nodes.sharing(...)`."""

    server: Postgres = field(default_factory=Postgres)
    others: list[Place] = field(default_factory=list)
    """Every node."""
    running: dict[int, BaseProcess] = field(default_factory=dict)
    """By port."""
    frozen: int = 0

    @classmethod
    @asynccontextmanager
    async def sharing(
        cls, folder: Path, seed: int, server: Postgres, wrong: Sequence[float] = (0,) * NODES
    ) -> AsyncIterator[Self]:
        """Have everything running, and nothing lost; end all of it. `wrong`: by how much each node's clock is."""
        url, port = server.database(), free_port()
        places = [Place(folder, free_port(), url) for _ in wrong]
        for place, seconds in zip(places, wrong, strict=True):
            if seconds:
                skewed.set_to(place.skew, seconds)
        write_town(places[0].town, port)
        write_entry_points(places[0].offered)
        beside = start(systems.serve, port, seed)
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15)) as session:
            story = cls(places[0], port, session, server=server, others=places)
            try:
                await story.up(f"{story.systems}/_told")
                story.begin(places[0])  # it makes the tables and the keys
                await story.up(f"{places[0].address}/readyz")
                await story.all_up()
                addresses = [place.address for place in places]
                story.desk = Balancer(session, addresses[0], places[0].operator_key, addresses, random.Random(seed))
                yield story
            finally:
                end(beside)
                for process in story.running.values():
                    end(process)

    def begin(self, place: Place) -> None:
        """Start a node."""
        self.running[place.port] = start(hub_process.serve, place)

    def kill_one(self, place: Place) -> None:
        """Kill -9 a node."""
        end(self.running.pop(place.port))
        self.kills += 1

    async def freeze(self, place: Place) -> None:
        """Stop a node until others have all that was its, and let it go on."""
        pid = self.running[place.port].pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        self.frozen += 1
        await asyncio.sleep(LEASE.total_seconds() * 1.2)
        os.kill(pid, signal.SIGCONT)

    async def all_up(self) -> None:
        """Have every node serve."""
        for place in self.others:
            if place.port not in self.running:
                self.begin(place)
        for place in self.others:
            await self.up(f"{place.address}/readyz")

    async def restart_database(self) -> None:
        """Take the power from the database, and give it back."""
        await asyncio.to_thread(self.server.kill)
        await asyncio.sleep(0.5)
        await asyncio.to_thread(self.server.start)

    async def judged_twice(self) -> Verdict:
        """Judge; then have every idle node killed, and judge what they make of what they find; then ask them."""
        first = await self.judged()
        if first.wrong:
            return first
        for place in self.others:
            self.kill_one(place)
        await self.all_up()
        second = await self.judged()
        asked = [] if second.wrong else await self._asked()
        return Verdict([*second.wrong, *asked], first.judged + second.judged, first.seconds + second.seconds)

    async def _asked(self) -> list[str]:
        """What `knutpunkt verify` and `reconcile` find; nothing of it is allowed."""
        found = await self.desk.post("verify?wait=60")
        wrong = [f"VERIFY: {one}" for one in found["targets"]]
        if found["standing"] != found["as_said"] + found["moved_on"]:
            wrong.append(f"VERIFY: {found}")
        for name in (LOCKS, LAMPS):
            compared = await self.desk.post(f"connections/{name}:reconcile")
            wrong += [f"RECONCILE: {one}" for one in compared["findings"]]
            if compared["outcome"] != "compared":
                wrong.append(f"RECONCILE: {compared}")
        return wrong


@dataclass
class Report:
    """What a run came to."""

    seed: int
    nodes: int = NODES
    bookings: int = 0
    promised: int = 0
    kills: int = 0
    frozen: int = 0
    database_restarts: int = 0
    judged: int = 0
    seconds: float = 0.0
    answers: dict[str, int] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


async def run(
    folder: Path, server: Postgres, *, seed: int, bookings: int, kills: int, clients: int = CLIENTS
) -> Report:
    """Have so many bookings made meanwhile, the database restarted in the middle, and judge."""
    began, report, dice = time.monotonic(), Report(seed), random.Random(seed)
    async with Nodes.sharing(folder, seed, server) as story:
        many, ahead = -(-bookings // clients), min(0.2, AHEAD / bookings)
        booking = [Client(name, seed, story.ledger, many=many, ahead=ahead) for name in range(clients)]
        stopping = asyncio.Event()
        await story.lose(ODDS)
        going = [asyncio.create_task(client.go_on(story.desk, stopping)) for client in booking]
        await _struck(story, dice, kills // 2)
        await story.restart_database()
        report.database_restarts = 1
        await _struck(story, dice, kills - kills // 2)
        await story.ledger.has_promised(bookings)
        stopping.set()
        await asyncio.gather(*going)
        await story.all_up()
        await story.lose({})
        verdict = await story.judged_twice()
        report.wrong, report.judged = verdict.wrong, verdict.judged
        report.kills, report.frozen = story.kills, story.frozen
        report.bookings = len(story.ledger.promised)
        report.promised = sum(story.ledger.answers[str(int(status))] for status in DONE)
        report.answers, report.calls = dict(story.ledger.answers), dict(await story.calls())
    report.seconds = round(time.monotonic() - began, 1)
    return report


async def _struck(story: Nodes, dice: random.Random, times: int) -> None:
    """Nodes at random, now and then one before the last is back."""
    for _ in range(times):
        await asyncio.sleep(dice.uniform(0.05, 0.7))
        place = dice.choice(story.others)
        if place.port not in story.running:
            story.begin(place)
        elif not story.frozen or dice.random() < FROZEN:
            await story.freeze(place)
        else:
            story.kill_one(place)
            if dice.random() < 0.7:
                story.begin(place)
                with suppress(TimeoutError):
                    await story.up(f"{place.address}/readyz")
    await story.all_up()


def main() -> int:
    """Run, tell, judge."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults.nodes", description="Kill nodes under load, and judge."
    )
    parser.add_argument("--bookings", type=int, default=200)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="keep the nodes' folder here")
    told = parser.parse_args()
    with Postgres() as server, tempfile.TemporaryDirectory(prefix="knutpunkt-nodes-") as folder:
        story = run(told.keep or Path(folder), server, seed=told.seed, bookings=told.bookings, kills=told.kills)
        report = asyncio.run(story)
    report.wrong = report.wrong[:10]
    print(json.dumps(asdict(report), indent=1, ensure_ascii=False))
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
