"""The processes that are measured: the hub as it is served, one that sends nothing, an endpoint without a store."""

import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped] # published without types

from hub.store.engine.database import beside
from tests.bench import town
from tests.counterparts.ports import free_port

SECONDS_TO_START = 60.0
_CLI = "from hub.cli.main import main; main()"


@dataclass(frozen=True)
class Server:
    """A process that answers."""

    address: str
    process: psutil.Process
    seconds: float
    """From its start to its first answer."""

    @property
    def megabytes(self) -> float:
        """What it holds of memory now."""
        return float(self.process.memory_info().rss) / 2**20

    @contextmanager
    def watched(self) -> Iterator["Most"]:
        """Look at its memory all the while."""
        most, done = Most(self.megabytes), threading.Event()

        def look() -> None:
            while not done.wait(0.02):
                most.megabytes = max(most.megabytes, self.megabytes)

        watching = threading.Thread(target=look)
        watching.start()
        try:
            yield most
        finally:
            done.set()
            watching.join()


@dataclass
class Most:
    """The most that was seen."""

    megabytes: float


@contextmanager
def served(folder: Path, database: Path) -> Iterator[Server]:
    """`knutpunkt serve` of the town, on SQLite."""
    with serving(folder, f"sqlite:///{database}") as server:
        yield server


@contextmanager
def serving(folder: Path, url: str, *words: str) -> Iterator[Server]:
    """`knutpunkt serve` of the town."""
    with _command(folder, "serve", str(folder / "town"), "--database", url, *words) as server:
        yield server


@contextmanager
def carrying(folder: Path, url: str) -> Iterator[Server]:
    """`knutpunkt worker`, beside one that serves."""
    with _command(folder, "worker", "--database", url) as server:
        yield server


@contextmanager
def _command(folder: Path, *words: str) -> Iterator[Server]:
    port = free_port()
    told = ["-c", _CLI, *words, "--port", str(port), "--log-level", "warning"]
    with _running(told, folder, port, "/readyz") as server:
        yield server


@contextmanager
def accepting(folder: Path, database: Path | str, *, invoices: bool = True) -> Iterator[Server]:
    """The hub, whose worker looks for work and takes none; on an SQLite file, or a database's address."""
    port = free_port()
    url = database if isinstance(database, str) else f"sqlite:///{database}"
    words = ["-m", "tests.bench.accepting_hub", str(folder), url, str(port), str(invoices)]
    with _running(words, folder, port, "/readyz") as server:
        yield server


@contextmanager
def storeless(folder: Path) -> Iterator[Server]:
    """The same endpoint, model and answer; nothing is planned or kept."""
    port = free_port()
    with _running(["-m", "tests.bench.storeless", str(port)], folder, port, "/readyz") as server:
        yield server


@contextmanager
def storing(folder: Path, database: Path) -> Iterator[Server]:
    """The same endpoint, which stores the rows that the hub stored for the last booking of an SQLite file."""
    port = free_port()
    with _running(["-m", "tests.bench.peers.storing", str(database), str(port)], folder, port, "/readyz") as server:
        yield server


def operator_key(folder: Path, database: Path | str) -> str:
    """The key that the hub made at its first start."""
    path = folder / beside(database) if isinstance(database, str) else database
    return path.with_suffix(".operator-key").read_text().strip()


@contextmanager
def _running(words: list[str], folder: Path, port: int, path: str) -> Iterator[Server]:
    here = Path(town.__file__).parents[2]
    ways = [str(here), str(folder / "offered"), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, ways))}
    began = time.monotonic()
    process = subprocess.Popen([sys.executable, *words], env=environment, stdout=subprocess.DEVNULL, cwd=folder)
    try:
        address = f"http://127.0.0.1:{port}"
        _wait(address + path, process)
        yield Server(address, psutil.Process(process.pid), time.monotonic() - began)
    finally:
        process.terminate()
        process.wait(30)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own
                return
        except OSError:
            if process.poll() is not None or time.monotonic() > give_up:
                raise
            time.sleep(0.01)
