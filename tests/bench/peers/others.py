"""The others, started in an environment of their own: what each is, how it is given work, and how it does it."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped] # published without types

from tests.bench.peers.runs import MissingError
from tests.bench.peers.spent import ended

HERE = Path(__file__).parents[3]
PROGRAMS = HERE / ".venv-peers" / "bin"
"""Made by `make bench PEERS=1`."""
_PACKAGE = "tests.bench.peers.programs"
_SECONDS = 600


@dataclass(frozen=True)
class Other:
    """One of them. `works`: the words of one worker, of which `processes` are started."""

    name: str
    module: str
    works: tuple[str, ...] = ()
    processes: int = 1
    prepares: bool = False

    @property
    def program(self) -> str:
        """Its program."""
        return f"{_PACKAGE}.{self.module}"

    def asked(self, environment: Mapping[str, str], *words: object) -> str:
        """Run its program to the end; gives what it says."""
        done = subprocess.run(
            [_python(), "-m", self.program, *map(str, words)], env=_within(environment), cwd=HERE, capture_output=True,
            text=True, timeout=_SECONDS, check=False,
        )  # fmt: skip
        if done.returncode:
            raise MissingError(f"{self.name}: {last_line(done.stderr)}")
        return done.stdout

    @contextmanager
    def working(self, environment: Mapping[str, str], log: Path) -> Iterator[list[psutil.Process]]:
        """Its workers, as long as it lasts."""
        words = [str(PROGRAMS / self.works[0]), *self.works[1:]] if self.works else [_python(), "-m", self.program]
        words += [] if self.works else ["work"]
        with log.open("ab") as said:
            started = [
                subprocess.Popen(words, env=_within(environment), cwd=HERE, stdout=said, stderr=said)
                for _ in range(self.processes)
            ]
        try:
            yield [psutil.Process(one.pid) for one in started]
        finally:
            for one in started:
                ended(one)


def last_line(said: str) -> str:
    """What a program said last, for a row that says why."""
    return (said.strip() or "it ended").splitlines()[-1][:300]


def _python() -> str:
    if not (PROGRAMS / "python").exists():
        raise MissingError("no .venv-peers: run make bench PEERS=1")
    return str(PROGRAMS / "python")


def _within(environment: Mapping[str, str]) -> dict[str, str]:
    ways = os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH", "")]))
    return os.environ | {"PYTHONPATH": ways, "C_FORCE_ROOT": "1", **environment}


_CELERY = ("--without-gossip", "--without-mingle", "--without-heartbeat")
CELERY = Other(
    "Celery + RabbitMQ",
    "celery_tasks",
    ("celery", "-A", f"{_PACKAGE}.celery_tasks", "worker", "-l", "ERROR", "-P", "solo", *_CELERY),
)
CELERY_OVER_HTTP = Other("FastAPI, Celery + RabbitMQ", "celery_endpoint")
"""What puts tasks for whoever books over HTTP; a worker is beside it."""
DRAMATIQ = Other("dramatiq", "dramatiq_tasks", ("dramatiq", f"{_PACKAGE}.dramatiq_tasks", "-p", "1", "-t", "8"))
PGQUEUER = Other("pgqueuer", "pgqueuer_tasks", processes=2, prepares=True)
PROCRASTINATE = Other("procrastinate", "procrastinate_tasks", processes=2, prepares=True)
DBOS = Other("DBOS durable workflows", "dbos_tasks", prepares=True)
