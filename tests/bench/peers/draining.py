"""Draining: tasks are stored, then workers begin. The rate is of arrivals at the sink, from the first to the last.

What it costs of the processor is counted from the first arrival that was seen to the last; starting is not.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import psutil  # type: ignore[import-untyped] # published without types

from tests.bench.peers import arena, others, spent
from tests.bench.peers.arena import Locks
from tests.bench.peers.hubs import Hub
from tests.bench.peers.others import Other
from tests.bench.peers.rows import Row
from tests.bench.peers.runs import MissingError, Runs, in_turn, row
from tests.bench.peers.services import Services
from tests.bench.peers.sink import Sink

COUNT = 20_000
SLOW = 5
"""Those that take minutes for so many are given so much fewer."""
_LOOK_SECONDS = 0.02
_PATIENCE_SECONDS = 120.0
"""How long nothing may come."""


@dataclass(frozen=True)
class Drained:
    """What came of one run."""

    a_second: float
    microseconds: float
    """Of processor time for each, worker and broker or database together."""
    again: int
    """Calls beyond one each."""
    last: float
    """When the last came, in seconds since 1970."""

    def __str__(self) -> str:
        """For the terminal."""
        return f"{self.a_second:,.0f}/s, {self.microseconds:,.0f} us of processor each, {self.again} twice"


def watched(sink: Sink, count: int, processes: Callable[[], Sequence[psutil.Process]]) -> Drained:
    """Look until so many different calls have come."""
    first = last = 0.0
    paths: set[str] = set()
    calls, seen, before = 0, 0, 0.0
    give_up = time.monotonic() + _PATIENCE_SECONDS
    while len(paths) < count:
        time.sleep(_LOOK_SECONDS)
        came = sink.arrived()
        if came:
            give_up = time.monotonic() + _PATIENCE_SECONDS
            calls += len(came)
            paths.update(one.path for one in came)
            first, last = first or came[0].at, came[-1].at
            if not seen:
                seen, before = len(paths), spent.seconds(processes())
        elif time.monotonic() > give_up:
            raise MissingError(f"only {len(paths):,} of {count:,} arrived")
    used = spent.seconds(processes()) - before
    return Drained((count - 1) / max(last - first, 0.001), used / max(count - seen, 1) * 1e6, calls - count, last)


def of_hub(services: Services, count: int, *, workers: int = 0, reads: bool = False, kept: bool = False) -> Drained:
    """The hub: bookings are taken in while the connection is paused; then it is resumed. All must be confirmed after.

    `workers`: processes that carry on one PostgreSQL; 0: one process on SQLite. `kept`: at locks that keep what they
    are told; `reads`: and are read back.
    """
    sink, folder = services.sink, services.place()
    sink.forget()
    url = services.postgres.database() if workers else f"sqlite:///{folder}/hub.db"
    locks = Locks.over_http(f"{sink.address}{'/kept' if kept else ''}/codes/", reads=reads)
    hub = Hub(folder, url, locks, workers=workers)
    with hub.running():
        hub.pause()
        hub.take_in(map(arena.body, range(count // arena.HOLDERS)))
        with hub.carried():
            hub.wait_until_idle()
            hub.resume()
            used = [*hub.processes, *(services.database() if workers else [])]
            drained = watched(sink, count, lambda: used)
            hub.wait_until_confirmed(count)
    return drained


def of_other(services: Services, other: Other, count: int) -> Drained:
    """Another: tasks are put, then its workers are started."""
    sink, on_postgres = services.sink, other.prepares
    sink.forget()
    environment = {"SINK": sink.address}
    if on_postgres:
        environment["DATABASE"] = services.postgres.database()
        other.asked(environment, "prepare")
    else:
        environment["BROKER"] = services.rabbit.address
    broker = services.database() if on_postgres else [services.rabbit.process]
    other.asked(environment, "put", count, 0)
    with other.working(environment, services.folder / "others.log") as workers:
        return watched(sink, count, lambda: [*workers, *broker])


def on_sqlite(services: Services, rounds: int, count: int) -> list[Row]:
    """One process on SQLite, beside one worker each."""
    runs: dict[str, Runs[Drained]] = in_turn(rounds, {
        "hub": lambda: of_hub(services, count),
        "celery": lambda: of_other(services, others.CELERY, count),
        "dramatiq": lambda: of_other(services, others.DRAMATIQ, count),
    })  # fmt: skip
    measure = f"drain of {count:,} HTTP effects, SQLite, one process"
    return [
        row(measure, others.CELERY.name, runs["hub"], runs["celery"], _rate, unit="/s", must=2.0, aim=3.0),
        row(measure, others.DRAMATIQ.name, runs["hub"], runs["dramatiq"], _rate, unit="/s", must=2.0, aim=3.0),
        _cost_row("SQLite", runs["hub"], runs["celery"]),
    ]


def on_postgresql(services: Services, rounds: int, count: int) -> list[Row]:
    """Two processes on one PostgreSQL, beside two of each; the order of each lane is kept, which pgqueuer does not."""
    runs: dict[str, Runs[Drained]] = in_turn(rounds, {
        "hub": lambda: of_hub(services, count, workers=2),
        "pgqueuer": lambda: of_other(services, others.PGQUEUER, count),
        "procrastinate": lambda: of_other(services, others.PROCRASTINATE, count // SLOW),
        "celery": lambda: of_other(services, others.CELERY, count),
    })  # fmt: skip
    measure = f"drain of {count:,} HTTP effects, PostgreSQL, two processes, order kept"
    slow = f"{others.PROCRASTINATE.name} ({count // SLOW:,})"
    return [
        row(measure, f"{others.PGQUEUER.name} (no order)", runs["hub"], runs["pgqueuer"], _rate, unit="/s", must=0.7,
            aim=1.2),
        row(measure, slow, runs["hub"], runs["procrastinate"], _rate, unit="/s", must=8.0, aim=15.0),
        _cost_row("PostgreSQL", runs["hub"], runs["celery"]),
    ]  # fmt: skip


def read_back(services: Services, rounds: int, count: int) -> list[Row]:
    """Both, at locks that keep what they are told: each code is read after it was put, or not."""
    runs: dict[str, Runs[Drained]] = in_turn(rounds, {
        f"{where}, read-back {'on' if reads else 'off'}": partial(
            of_hub, services, count, workers=workers, reads=reads, kept=True
        )
        for where, workers in (("SQLite", 0), ("PostgreSQL", 2))
        for reads in (True, False)
    })  # fmt: skip
    measure = f"drain of {count:,} HTTP effects with read-back"
    return [
        row(f"{measure}, {where}", "itself without", runs[f"{where}, read-back on"],
            runs[f"{where}, read-back off"], _rate, unit="/s", must=0.4, aim=0.6)
        for where in ("SQLite", "PostgreSQL")
    ]  # fmt: skip


def _cost_row(where: str, hub: Runs[Drained], celery: Runs[Drained]) -> Row:
    measure = f"processor per delivery, hub and {where}"
    return row(measure, others.CELERY.name, hub, celery, _cost, unit="us", must=0.5, aim=0.3, more=False)


def _rate(drained: Drained) -> float:
    return drained.a_second


def _cost(drained: Drained) -> float:
    return drained.microseconds
