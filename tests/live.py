"""A whole hub behind a live uvicorn: Umeå, simulated, its clock at noon on a Sunday in November."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from hub.app import Hub
from hub.client import At, Client
from hub.clock import DomainClock
from hub.model.answers import BookingView
from hub.settings import Settings
from tests.builders import occasion, raw_booking

UMEA = Path(__file__).parents[1] / "examples" / "umea"
TOWN = "2480"
NOON = datetime(2026, 11, 22, 11, tzinfo=UTC)
"""Sunday 22 November, 12:00 in Stockholm."""
_PATIENCE = 15.0
_TO_START = 60.0
"""Seconds: a whole town of simulated systems begins, perhaps beside much else."""


@dataclass(frozen=True)
class Live:
    """A hub that runs, and how to reach it."""

    url: str
    key: str
    database: str

    @contextmanager
    def town(self, key: str | None = None) -> Iterator[At]:
        """Its only municipality, with the operator's key or another."""
        with Client(key or self.key, self.url) as client:
            yield client.at(TOWN)


@contextmanager
def running(folder: Path) -> Iterator[Live]:
    """A hub with its database in the folder."""
    settings = Settings(database=f"sqlite:///{folder / 'hub.db'}", simulate=True)
    hub = Hub(settings, [UMEA], clock=DomainClock(NOON))
    config = uvicorn.Config(
        hub.web(),
        loop="uvloop",
        http="httptools",
        lifespan="on",
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread = threading.Thread(target=server.run, args=([listening],), name="live hub", daemon=True)
        thread.start()
        try:
            until(lambda: server.started, "the hub starts", seconds=_TO_START)
            yield Live(url, hub.operator_key_file.read_text().strip(), settings.database)
        finally:
            hub.end_streams()
            server.should_exit = True
            thread.join(60)
            assert not thread.is_alive(), "the hub does not stop"


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with running(tmp_path_factory.mktemp("live")) as hub:
        yield hub


def until(so: Callable[[], object], what: str, *, seconds: float = _PATIENCE) -> None:
    """Wait for another thread's work."""
    deadline = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < deadline, f"in vain: {what}"
        threading.Event().wait(0.02)


def booked(number: str, *, court: int = 1, after: float = 300, **more: Any) -> dict[str, Any]:
    """An hour of badminton, `after` minutes from the hub's noon."""
    one = occasion(f"tennishallen.bana-{court}", after=after, since=NOON)
    return raw_booking(number, **({"occasions": [one]} | more))


def settled(town: At, number: str, *targets: str) -> BookingView:
    """The booking when these connections stand for it, read back in their systems."""

    def standing() -> bool:
        effects = town.get_booking(number).effects
        return all(e.proof == "read" for e in effects if e.target.startswith(targets))

    until(standing, f"{number} stands in {targets}")
    return town.get_booking(number)


def lines(bookings: Sequence[dict[str, Any]]) -> bytes:
    """Bookings, one a line."""
    return "".join(json.dumps(booking) + "\n" for booking in bookings).encode()
