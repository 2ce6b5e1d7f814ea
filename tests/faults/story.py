"""One run: start everything, book and kill in rounds, and judge at the end of each."""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Self

import aiohttp

from tests.counterparts.ports import free_port
from tests.databases import in_file
from tests.faults import hub_process, systems
from tests.faults.clients import Client, Desk, Ledger
from tests.faults.hub_process import Place, end, start
from tests.faults.moments import OF_SYSTEMS, Moment, name_of
from tests.faults.systems import Fate
from tests.faults.town import write_entry_points, write_town
from tests.faults.verdict import Judge, Verdict

CLIENTS = 16
ODDS = {Fate.DROPPED: 0.04, Fate.UNANSWERED: 0.04, Fate.LATE: 0.08}
SECONDS_TO_START = 20.0


@dataclass
class Story:
    """The hub, the systems and the ledger of one run. `async with Story.begun(...)`."""

    place: Place
    systems_port: int
    session: aiohttp.ClientSession
    ledger: Ledger = field(default_factory=Ledger)
    kills: int = 0
    hub: BaseProcess | None = None
    lamps: Callable[[], Mapping[str, int | None]] | None = None
    """What the lamps show, where the systems' process does not have them."""
    desk: Desk = field(init=False)

    @classmethod
    @asynccontextmanager
    async def begun(
        cls,
        folder: Path,
        seed: int,
        database: str = "",
        *,
        way: Callable[[int], int] = int,
        broker: Mapping[str, object] | None = None,
        patience: float = 15,
    ) -> AsyncIterator[Self]:
        """Have everything running, and nothing lost; end all of it.

        Args:
            folder: the hub's.
            seed: of what is lost.
            database: a PostgreSQL's, instead of a file.
            way: gives the port by which the hub comes to the systems' port.
            broker: where the lamps are, instead of there.
            patience: seconds that who books waits for an answer.
        """
        place, port = Place(folder, free_port(), database), free_port()
        write_town(place.town, way(port), broker)
        if not database:
            in_file(folder / "hub.db")
        write_entry_points(place.offered)
        others = start(systems.serve, port, seed)
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=patience)) as session:
            story = cls(place, port, session)
            try:
                await story.up(f"{story.systems}/_told")
                await story.restarted()
                story.desk = Desk(session, place.address, place.operator_key)
                yield story
            finally:
                end(others)
                if story.hub:
                    end(story.hub)

    @property
    def systems(self) -> str:
        """Where the systems answer."""
        return f"http://127.0.0.1:{self.systems_port}"

    async def restarted(self) -> None:
        """Start the hub, and wait until it serves."""
        self.launch()
        await self.up(f"{self.place.address}/readyz")

    def launch(self) -> None:
        """Start the hub."""
        self.hub = start(hub_process.serve, self.place)

    def kill(self) -> None:
        """Kill -9 the hub."""
        if self.hub:
            end(self.hub)
            self.kills += 1

    async def up(self, url: str) -> None:
        """Wait until somebody answers."""
        give_up = time.monotonic() + SECONDS_TO_START
        while True:
            try:
                async with self.session.get(url) as answer:
                    answer.raise_for_status()
                    return
            except (aiohttp.ClientError, TimeoutError):
                if time.monotonic() > give_up:
                    log = self.place.log.read_text()[-3000:] if self.place.log.exists() else ""
                    raise TimeoutError(f"{url} does not answer: {log}") from None
                await asyncio.sleep(0.02)

    async def lose(self, odds: dict[Fate, float]) -> None:
        """Have the systems lose and delay that share of the calls."""
        await self._post("_odds", odds)

    async def lay(self, place: str, moment: Moment, *whose: str) -> None:
        """Have the hub die at that moment, once; `whose`: with one of these words in the key at hand."""
        if moment in OF_SYSTEMS:
            pid = self.hub.pid if self.hub else None
            await self._post("_trap", {"place": place, "moment": moment, "pid": pid, "whose": whose})
        else:
            self.place.trap.write_text("\n".join([name_of(place, moment), *whose]))

    async def died(self) -> None:
        """Wait until the hub has died by itself, and start it again."""
        give_up = time.monotonic() + SECONDS_TO_START
        while self.hub and self.hub.is_alive():
            if time.monotonic() > give_up:
                raise TimeoutError("the hub never came by the trap")
            await asyncio.sleep(0.01)
        self.kills += 1
        await self.restarted()

    async def judged(self) -> Verdict:
        """Judge all that should be so, once the last late call has had its effect."""
        return await Judge(self.place, self.systems, self.systems_port, self.ledger, self.lamps).judge(self.desk)

    async def judged_twice(self) -> Verdict:
        """Judge; then kill the idle hub, and judge what it makes of what it finds."""
        first = await self.judged()
        if first.wrong:
            return first
        self.kill()
        await self.restarted()
        second = await self.judged()
        return Verdict(second.wrong, first.judged + second.judged, first.seconds + second.seconds)

    async def called(self, *which: str, each: int = 1) -> None:
        """Wait until so many calls of each of these kinds have come to the systems."""
        give_up = time.monotonic() + SECONDS_TO_START
        while not Counter(dict.fromkeys(which, each)) <= await self.calls():
            if time.monotonic() > give_up:
                raise TimeoutError(f"no call {which}")

    async def calls(self) -> Counter[str]:
        """What became of the calls that changed something."""
        async with self.session.get(f"{self.systems}/_told") as answer:
            return Counter(json.loads(await answer.text())["calls"])

    async def _post(self, path: str, told: Mapping[Any, object]) -> None:
        async with self.session.post(f"{self.systems}/{path}", json=told) as answer:
            answer.raise_for_status()


@dataclass
class Report:
    """What a run came to."""

    seed: int
    kills: int = 0
    rounds: int = 0
    promised: int = 0
    bookings: int = 0
    judged: int = 0
    seconds: float = 0.0
    answers: dict[str, int] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


async def run(
    folder: Path, *, seed: int, kills: int, each: int = 20, clients: int = CLIENTS, database: str = ""
) -> Report:
    """Kill that many times, judging after each few; stop at the first thing that is wrong."""
    began, report, dice = time.monotonic(), Report(seed), random.Random(seed)
    async with Story.begun(folder, seed, database) as story:
        booking = [Client(name, seed, story.ledger) for name in range(clients)]
        while story.kills < kills and not report.wrong:
            await _booked_and_killed(story, booking, dice, min(each, kills - story.kills))
            verdict = await story.judged_twice()
            report.wrong, report.judged = verdict.wrong, report.judged + verdict.judged
            report.rounds += 1
        report.kills, report.bookings = story.kills, len(story.ledger.promised)
        report.promised = sum(story.ledger.answers[status] for status in ("200", "202"))
        report.answers, report.calls = dict(story.ledger.answers), dict(await story.calls())
    report.seconds = round(time.monotonic() - began, 1)
    return report


async def _booked_and_killed(story: Story, clients: list[Client], dice: random.Random, kills: int) -> None:
    """A round under load; now and then the hub is killed again before it serves."""
    stopping = asyncio.Event()
    await story.lose(ODDS)
    going = [asyncio.create_task(client.go_on(story.desk, stopping)) for client in clients]
    for _ in range(kills):
        await asyncio.sleep(dice.uniform(0.05, 0.7))
        story.kill()
        if dice.random() < 0.15:
            story.launch()
        else:
            await story.restarted()
    await story.up(f"{story.place.address}/readyz")
    stopping.set()
    await asyncio.gather(*going)
    await story.lose({})
