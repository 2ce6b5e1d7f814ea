"""A program of others' that a test starts, waits for, stops, kills and freezes: what each counterpart is made of.

with Program("knxd", [found("knxd"), "-e", "1.1.1", ...], until=lambda: listens(port)) as daemon: ...
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tests.conftest import MISSING

SECONDS_TO_START = 20.0
BESIDES_PATH = "/usr/sbin:/usr/local/sbin"
"""Where Debian keeps what only a daemon's owner starts, which is not on everybody's path."""
NODE_MODULES = Path(__file__).parent / "node" / "node_modules"


def found(program: str) -> str:
    """Give the path of a program; the test is skipped by name without it, and fails in CI."""
    path = shutil.which(program, path=f"{os.environ.get('PATH', '')}:{BESIDES_PATH}")
    if path is None:
        pytest.skip(f"{MISSING} {program}")
    return path


def node_package(name: str) -> Path:
    """Give the folder of an npm package of `tests/counterparts/node`; skipped by name without it, and fails in CI."""
    folder = NODE_MODULES / name
    if not folder.is_dir():
        pytest.skip(f"{MISSING} {name}")
    return folder


class Program:
    """One process, in a folder of its own that goes when it goes; what it prints is in `log()`."""

    def __init__(
        self, name: str, command: Sequence[str], *, until: Callable[[], bool], env: Mapping[str, str] | None = None
    ) -> None:
        """Prepare; `until` tells that it is ready, `env` is added to ours."""
        self.name, self.folder = name, Path()
        self._command, self._until, self._env = command, until, env or {}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start it."""
        self.folder = Path(tempfile.mkdtemp(prefix=f"knutpunkt-{self.name}-"))
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it, and remove its folder."""
        self.stop()
        shutil.rmtree(self.folder)

    def start(self) -> None:
        """Start, and wait until it is ready."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | self._env,
            )
        give_up = time.monotonic() + SECONDS_TO_START
        while not self._until():
            if time.monotonic() > give_up or self._process.poll() is not None:
                self.kill()
                raise AssertionError(f"{self.name} does not start: {self.log()[-2000:]}")
            time.sleep(0.01)

    def stop(self) -> None:
        """Let it end in order; harmless when it does not run."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Take the power from it."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Freeze it: it neither answers nor hangs up, until `resume`."""
        self._send(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._send(signal.SIGCONT)

    def log(self) -> str:
        """All that it has printed."""
        return (self.folder / "log").read_text(errors="replace")

    def _send(self, sign: signal.Signals) -> None:
        if self._process:
            with suppress(ProcessLookupError):
                self._process.send_signal(sign)

    def _end(self, how: signal.Signals) -> None:
        if self._process:
            self._send(signal.SIGCONT)
            self._send(how)
            try:
                self._process.wait(SECONDS_TO_START)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
