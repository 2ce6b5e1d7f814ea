"""A RabbitMQ of our own: its node, files and ports are nobody else's, and it ends with the run.

Tried with 3.10.8 (Debian 12), whose programs stand beside the path.
"""

import os
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil  # type: ignore[import-untyped] # published without types

from tests.bench.peers.runs import MissingError
from tests.bench.peers.spent import ended
from tests.counterparts.ports import free_port, listens

SECONDS_TO_START = 60.0
_PLACES = "/usr/lib/rabbitmq/bin"


class Rabbit:
    """Started with its own `epmd`, so that a broker of this machine is not met."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "rabbit"
        self.port = free_port()
        self._started: list[subprocess.Popen[bytes]] = []

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}"

    @property
    def process(self) -> psutil.Process:
        """The broker."""
        return psutil.Process(self._started[-1].pid)

    def __enter__(self) -> Self:
        """Start it, and wait until it answers."""
        server = shutil.which("rabbitmq-server", path=_PLACES) or shutil.which("rabbitmq-server")
        epmd = shutil.which("epmd")
        if server is None or epmd is None:
            raise MissingError("rabbitmq-server")
        self._folder.mkdir()
        environment = self._environment()
        names = ["-port", environment["ERL_EPMD_PORT"], "-address", "127.0.0.1"]
        for words in ([epmd, *names], [server]):
            with (self._folder / "out").open("ab") as log:
                self._started.append(subprocess.Popen(words, env=environment, stdout=log, stderr=log))
        give_up = time.monotonic() + SECONDS_TO_START
        while not listens(self.port):
            if time.monotonic() > give_up or self._started[-1].poll() is not None:
                self.__exit__(None, None, None)
                raise MissingError("rabbitmq-server does not start")
            time.sleep(0.1)
        return self

    def _environment(self) -> dict[str, str]:
        folder, name = self._folder, f"bench-{os.getpid()}@localhost"
        (folder / "plugins").write_text("[].\n")
        return os.environ | {
            "HOME": str(folder),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(free_port()),
            "RABBITMQ_NODENAME": name,
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(folder / "kept"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
        }

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it, and remove its files."""
        for process in reversed(self._started):
            ended(process)
        self._started.clear()
        shutil.rmtree(self._folder, ignore_errors=True)
