"""The hub in a process of its own, forked from one that has imported it: ready in a tenth of a second, dead in none."""

import gc
import logging
import multiprocessing
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import alembic.command  # noqa: F401 - imported before the fork, and so not after it
import apscheduler.executors.asyncio
import apscheduler.triggers.date
import apscheduler.triggers.interval  # noqa: F401 - likewise
import certifi  # noqa: F401 - likewise
import fastapi.telemetry._runtime  # noqa: F401 - likewise
import httptools  # noqa: F401 - likewise
import psycopg  # noqa: F401 - likewise
import sqlalchemy.dialects.sqlite  # noqa: F401 - likewise
import uvicorn
import uvicorn.lifespan.on
import uvicorn.loops.uvloop
import uvicorn.protocols.http.httptools_impl
import uvloop  # noqa: F401 - likewise

from connectors.access_arx.simulator import PASSWORD
from hub.app import Hub
from hub.clock import SECOND, DomainClock
from hub.delivery.errands import awaiting
from hub.delivery.reach import retrying, shares
from hub.service.keeping import resealing
from hub.settings import Pulse, Settings
from hub.store.engine import driver, postgres
from tests.faults import connectors as _connectors  # noqa: F401 - likewise
from tests.faults import moments, skewed
from tests.faults.town import LEASE, SILENCE_SECONDS

_FORKS = multiprocessing.get_context("forkserver")
_BEFORE = [__name__, "tests.faults.systems"]
_FORKS.set_forkserver_preload(_BEFORE)


@dataclass(frozen=True)
class Place:
    """Where a hub lives: its folder outlives it, and so does its port; `server`: the database that it shares."""

    folder: Path
    port: int
    server: str = ""

    @property
    def database(self) -> str:
        """Its database's address."""
        return self.server or f"sqlite:///{self.folder}/hub.db"

    @property
    def key_file(self) -> Path:
        """Its key file, beside the database or in the working folder."""
        return self.folder / ("knutpunkt.key" if self.server else "hub.key")

    @property
    def operator_key(self) -> str:
        """The key that the first start has written."""
        return self.key_file.with_suffix(".operator-key").read_text().strip()

    @property
    def log(self) -> Path:
        """What it says."""
        return self.folder / (f"node-{self.port}.log" if self.server else "hub.log")

    @property
    def trap(self) -> Path:
        """Where a trap may lie."""
        return self.folder / (f"trap-{self.port}" if self.server else "trap")

    @property
    def skew(self) -> Path:
        """Where it may be told by how many seconds its machine's clock is wrong."""
        return self.folder / f"skew-{self.port}"

    @property
    def offered(self) -> Path:
        """Where its connectors are offered."""
        return self.folder / "offered"

    @property
    def town(self) -> Path:
        """The municipality's folder."""
        return self.folder / "town"

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"


def before_the_fork(module: str) -> None:
    """Have a module imported there too, once for all forks; said when it is imported itself."""
    _BEFORE.append(module)
    _FORKS.set_forkserver_preload(_BEFORE)


def start(target: Callable[..., None], *values: Any) -> BaseProcess:
    """Run a function in a fork."""
    process = _FORKS.Process(target=target, args=values, daemon=True)
    process.start()
    return process


def end(process: BaseProcess) -> None:
    """Kill -9, and wait until it is gone."""
    process.kill()
    process.join()


def serve(place: Place, clock: str = "") -> None:
    """Be the hub; `clock`: when the domain's begins, now where nothing is said."""
    gc.freeze()  # what was there before the fork is shared, and stays
    logging.basicConfig(
        filename=place.log, level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    logging.raiseExceptions = False  # a log on a disk that is full says nothing
    sys.path.insert(0, str(place.offered))
    os.chdir(place.folder)
    _hurry()
    moments.lay(place.trap)
    if place.skew.exists():
        skewed.by(place.skew)
    settings = Settings(database=place.database, pulse=Pulse(lease=LEASE, settled=LEASE))
    starts = DomainClock(datetime.fromisoformat(clock)) if clock else None
    hub = Hub(settings, [place.town], clock=starts, environment={"ARX_PASSWORD": PASSWORD})
    uvicorn.run(
        hub.web(),
        host="127.0.0.1",
        port=place.port,
        loop="uvloop",
        http="httptools",
        log_config=None,
        ws="none",
        access_log=False,
        timeout_graceful_shutdown=5,
    )


def _hurry() -> None:
    """A day's patience in seconds."""
    retrying.FIRST, retrying.LONGEST, retrying.LONGEST_WHEN_LATE = SECOND // 4, SECOND, SECOND
    awaiting._PATIENCE_SECONDS = 0.3
    resealing.ROWS, resealing.IDLE_SECONDS, resealing.PAUSE_SECONDS = 20, 0.1, 0.05
    shares.LEASE, shares.Shares.every = LEASE / 2, LEASE / 10
    driver.SILENCE_SECONDS = driver.SILENCE_SECONDS_READING = SILENCE_SECONDS
    driver.Heeding.silence, postgres.PATIENCE_SECONDS = SILENCE_SECONDS, 6.0
    driver._NETWORK["connect_timeout"] = 2
