"""What is to be done later: adding it, and a thousand that are due together while a million are stored.

The hub's are accepted: a booking of the halls is five effects whose windows lie ahead; those due are codes of the
arena, sent two weeks before their window. APScheduler's are jobs. Both call the sink, whose log says when.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count as counted
from pathlib import Path

from tests.bench import town
from tests.bench.peers import arena
from tests.bench.peers.arena import Locks
from tests.bench.peers.draining import watched
from tests.bench.peers.hubs import Hub
from tests.bench.peers.others import HERE, last_line
from tests.bench.peers.rows import Row
from tests.bench.peers.runs import MissingError, Runs, in_turn, row
from tests.bench.peers.services import Services

STORED = 1_000_000
EFFECTS = 5
"""Of a booking of the halls: its court's, the corridor's and the entrance's light, two doors."""
DUE = 1_000
_ADDED, _JOBS = 10_000, 2_000
"""Bookings and jobs that are added to tell the rate."""
_AHEAD_SECONDS = 8
_NAME = "APScheduler's job store"
_JOURNALS = {f"{_NAME}, as it comes": "delete", f"{_NAME}, in WAL mode": "wal"}
"""Beside which, and how its file is kept: what its limits were set beside is the first, and the second is faster."""
_SECONDS = 1800


@dataclass(frozen=True)
class Timed:
    """One round: how many were added a second, and how late the last that was due was called, in milliseconds."""

    a_second: float
    late: float

    def __str__(self) -> str:
        """For the terminal."""
        return f"{self.a_second:,.0f}/s added, the last {self.late:,.0f} ms late"


class Later:
    """The hub on SQLite, with so many windows ahead."""

    def __init__(self, services: Services, hub: Hub, stored: int) -> None:
        self._services, self._hub = services, hub
        self._numbers, self._arena = counted(stored // EFFECTS), counted(0, DUE // arena.HOLDERS)
        self._most, self._gone = stored, 0
        self.megabytes = 0.0

    def round(self) -> Timed:
        """Add, then see what is due go."""
        added = min(_ADDED, self._most // EFFECTS)
        rate = self._hub.take_in(town.line(next(self._numbers)) for _ in range(added))
        sink, first = self._services.sink, next(self._arena)
        sink.forget()
        moment = datetime.fromtimestamp(int(time.time()) + _AHEAD_SECONDS, UTC)
        starts = moment + arena.AHEAD
        numbers = range(first, first + DUE // arena.HOLDERS)
        self._hub.take_in(arena.body(number, starts_at=starts) for number in numbers)
        if datetime.now(UTC) >= moment - timedelta(seconds=1):
            raise MissingError("accepting took longer than was thought")
        last = watched(sink, DUE, list).last
        self._gone += DUE
        self._hub.wait_until_confirmed(self._gone)
        self.megabytes = self._hub.nodes[0].megabytes
        return Timed(rate * EFFECTS, (last - moment.timestamp()) * 1000)


@contextmanager
def later(services: Services, stored: int) -> Iterator[Later]:
    """A hub that is filled as it serves, then started anew: what a node weighs is not what filling took."""
    folder = services.place()
    locks = Locks.over_http(f"{services.sink.address}/codes/")
    hub = Hub(folder, f"sqlite:///{folder}/hub.db", locks, halls=True)
    with hub.running():
        rate = hub.take_in(town.line(number) for number in range(stored // EFFECTS))
    print(f"  stored {stored:,} windows, {rate * EFFECTS:,.0f}/s", flush=True)
    with hub.running():
        yield Later(services, hub, stored)


def _asked(services: Services, *words: object) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.peers.apscheduler_jobs", *map(str, words)], capture_output=True, text=True,
        cwd=HERE, env=os.environ | {"SINK": services.sink.address}, timeout=_SECONDS, check=False,
    )  # fmt: skip
    if done.returncode:
        raise MissingError(f"{_NAME}: {last_line(done.stderr)}")
    return done.stdout


def _round_of_jobs(services: Services, path: Path, firsts: Iterator[int]) -> Timed:
    rate = float(_asked(services, "add", path, next(firsts), _JOBS))
    services.sink.forget()
    moment = float(_asked(services, "due", path, DUE))
    return Timed(rate, (watched(services.sink, DUE, list).last - moment) * 1000)


def measured(services: Services, rounds: int, stored: int) -> list[Row]:
    """Fill all three, then go round."""
    peers = {name: (services.place() / "jobs.db", counted(0, _JOBS)) for name in _JOURNALS}
    for name, (path, _) in peers.items():
        _asked(services, "fill", path, stored, _JOURNALS[name])
    with later(services, stored) as hub:
        runs: dict[str, Runs[Timed]] = in_turn(
            rounds,
            {"hub": hub.round}
            | {name: partial(_round_of_jobs, services, path, firsts) for name, (path, firsts) in peers.items()},
        )
    ours, windows = runs["hub"], f"{stored:,} windows stored"
    beside = [
        one
        for name in peers
        for one in (
            row("timed effects added through accepted bookings, SQLite", name, ours, runs[name],
                lambda one: one.a_second, unit="/s", must=12.0, aim=25.0),
            row(f"the last of {DUE:,} due together, {windows}", name, ours, runs[name], lambda one: one.late,
                unit="ms", must=0.2, aim=0.08, more=False),
        )
    ]  # fmt: skip
    return [
        *beside,
        Row(measure=f"memory of a node, {windows}, after that", against="", unit="MB", ours=[hub.megabytes],
            theirs=None, must=200.0, aim=None, more=False, missing=ours.missing),
    ]  # fmt: skip
