"""What contestants share: a folder, the sink, a broker, a database server; each is started when first asked for."""

import os
import shutil
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil  # type: ignore[import-untyped] # published without types

from tests.bench.peers.rabbit import Rabbit
from tests.bench.peers.runs import MissingError
from tests.bench.peers.sink import Sink
from tests.counterparts.mosquitto import BESIDES_PATH, Mosquitto
from tests.counterparts.postgres import Postgres, programs


class Services:
    """All of it ends with the run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._opened = ExitStack()
        self._names = 0

    def __enter__(self) -> Self:
        """Begin; nothing is started yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all that was started."""
        self._opened.close()

    @cached_property
    def sink(self) -> Sink:
        """Where all deliver to."""
        return self._opened.enter_context(Sink(self.folder))

    @cached_property
    def rabbit(self) -> Rabbit:
        """A broker."""
        return self._opened.enter_context(Rabbit(self.folder))

    @cached_property
    def postgres(self) -> Postgres:
        """A database server whose commits are on disk."""
        if programs() is None:
            raise MissingError("postgresql")
        return self._opened.enter_context(Postgres(durable=True))

    def database(self) -> list[psutil.Process]:
        """The processes of the database server."""
        return [psutil.Process(self.postgres.pid)]

    def broker(self) -> Mosquitto:
        """A broker of MQTT, to be started by whoever asks."""
        if shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:{BESIDES_PATH}") is None:
            raise MissingError("mosquitto")
        return Mosquitto({"hub": "secret"}, "user hub\ntopic readwrite #\n", quick=True)

    def place(self) -> Path:
        """A new folder."""
        self._names += 1
        made = self.folder / f"place-{self._names}"
        made.mkdir()
        return made
