"""From accepting to the wire: fifty a second, one effect each, to a process that has nothing else to do.

What is measured is the hub: requests are made beforehand, and written by a process that does nothing else. So are the
arguments of Celery's tasks, a number each; its own client is the only way into it, and so a part of it. Whoever books
over HTTP has no such client: beside that stands Celery behind an endpoint that takes the same bookings.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from tests.bench import town
from tests.bench.peers import lean, others
from tests.bench.peers.arena import Locks
from tests.bench.peers.hubs import Hub, puts
from tests.bench.peers.rows import Row
from tests.bench.peers.runs import MissingError, Runs, in_turn, row
from tests.bench.peers.services import Services
from tests.bench.peers.sink import Sink
from tests.counterparts.ports import free_port, listens

COUNT = 1_000
A_SECOND = 50
WARMING = 100
_FIRST = 1_000_000
"""Bookings before are of the warming."""
_LATER_SECONDS = 0.0005
"""The sink tells milliseconds that were whole: on average so much has passed since."""
_LOOK_SECONDS = 0.1
_PATIENCE_SECONDS = 30.0
_HEADERS = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Waits:
    """How long it took, in milliseconds; the sink tells each no more exactly than to one."""

    median: float
    p99: float

    def __str__(self) -> str:
        """For the terminal."""
        return f"median {self.median:.1f} ms, 99th percentile {self.p99:.1f} ms"


def waits(sink: Sink, begun: Mapping[int, float]) -> Waits:
    """Between the beginning of putting and the arrival of each."""
    came: dict[int, float] = {}
    give_up = time.monotonic() + _PATIENCE_SECONDS
    while begun.keys() - came.keys():
        if time.monotonic() > give_up:
            raise MissingError(f"only {len(came):,} of {len(begun):,} arrived")
        time.sleep(_LOOK_SECONDS)
        for one in sink.arrived():
            if found := re.search(r"/(?:t/|codes/hub-A-)(\d+)", one.path):
                came.setdefault(int(found[1]), one.at + _LATER_SECONDS)
    spans = sorted((came[number] - begun[number]) * 1000 for number in begun)
    return Waits(spans[len(spans) // 2], spans[len(spans) * 99 // 100])


def of_hub(services: Services, count: int, url: Callable[[str], str]) -> Waits:
    """Bookings over HTTP, timed from before each request is written."""
    sink, folder = services.sink, services.place()
    hub = Hub(folder, url(str(folder)), Locks.over_http(f"{sink.address}/codes/"))
    with hub.running():
        _paced(hub.address, hub.headers, range(WARMING))
        hub.wait_until_confirmed(WARMING)
        sink.forget()
        return waits(sink, _paced(hub.address, hub.headers, range(_FIRST, _FIRST + count)))


def _paced(address: str, headers: Mapping[str, str], numbers: range) -> dict[int, float]:
    """When each was begun."""
    requests = puts(address, headers, numbers, holders=1)
    with lean.Lean(address) as client:
        return dict(zip(numbers, client.paced(requests, A_SECOND), strict=True))


def of_celery(services: Services, count: int) -> Waits:
    """Tasks, timed from before each is put."""
    with _celery(services) as environment:
        others.CELERY.asked(environment, "put", WARMING, A_SECOND)
        waits(services.sink, dict.fromkeys(range(WARMING), 0.0))
        lines = others.CELERY.asked(environment, "put", count, A_SECOND).splitlines()
        return waits(services.sink, {int(number): float(began) for number, began in map(str.split, lines)})


def of_celery_over_http(services: Services, count: int) -> Waits:
    """Bookings over HTTP that become tasks, timed as the hub's are."""
    port = free_port()
    address = f"http://127.0.0.1:{port}/v1/{town.KEY}"
    with (
        _celery(services) as environment,
        others.CELERY_OVER_HTTP.working(environment | {"PORT": str(port)}, services.folder / "others.log"),
    ):
        _until_it_listens(port)
        _paced(address, _HEADERS, range(WARMING))
        waits(services.sink, dict.fromkeys(range(WARMING), 0.0))
        services.sink.forget()
        return waits(services.sink, _paced(address, _HEADERS, range(_FIRST, _FIRST + count)))


@contextmanager
def _celery(services: Services) -> Iterator[dict[str, str]]:
    """A worker, as long as it lasts; gives the environment of whoever puts tasks."""
    environment = {"SINK": services.sink.address, "BROKER": services.rabbit.address}
    with others.CELERY.working(environment, services.folder / "others.log"):
        yield environment


def _until_it_listens(port: int) -> None:
    give_up = time.monotonic() + _PATIENCE_SECONDS
    while not listens(port):
        if time.monotonic() > give_up:
            raise MissingError(f"{others.CELERY_OVER_HTTP.name}: it does not start")
        time.sleep(_LOOK_SECONDS)


def measured(services: Services, rounds: int, count: int) -> list[Row]:
    """Both databases, beside both ways into Celery."""
    runs: dict[str, Runs[Waits]] = in_turn(rounds, {
        "SQLite": lambda: of_hub(services, count, lambda folder: f"sqlite:///{folder}/hub.db"),
        "PostgreSQL": lambda: of_hub(services, count, lambda _: services.postgres.database()),
        others.CELERY.name: lambda: of_celery(services, count),
        others.CELERY_OVER_HTTP.name: lambda: of_celery_over_http(services, count),
    })  # fmt: skip
    return [
        row(f"accept to wire at {A_SECOND} a second, {what}, {where}", name, runs[where], runs[name],
            of, unit="ms", must=1.5, aim=0.7, more=False)
        for name in (others.CELERY.name, others.CELERY_OVER_HTTP.name)
        for where in ("SQLite", "PostgreSQL")
        for what, of in (("p50", _median), ("p99", _p99))
    ]  # fmt: skip


def _median(one: Waits) -> float:
    return one.median


def _p99(one: Waits) -> float:
    return one.p99
