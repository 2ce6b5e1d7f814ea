"""A tinyproxy of the test's own: an HTTP proxy that asks for a password, in a folder that goes when it goes.

    with Tinyproxy() as proxy: ...          proxy.url, proxy.log(), proxy.stop()

Tried with 1.11.1 (Debian 12). Without a user it lets everybody through.
"""

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tests.conftest import MISSING
from tests.counterparts.mosquitto import SECONDS_TO_START
from tests.counterparts.ports import free_port, listens

PASSWORD = "w0rd-of-the-proxy"


class Tinyproxy:
    """Leads to this machine only."""

    def __init__(self, user: str | None = "hub") -> None:
        self.user, self.port = user, free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = Path()

    @property
    def url(self) -> str:
        """Its address, with user and password."""
        login = f"{self.user}:{PASSWORD}@" if self.user else ""
        return f"http://{login}127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        """Start it."""
        program = shutil.which("tinyproxy")
        if program is None:
            pytest.skip(f"{MISSING} tinyproxy")
        self._folder = Path(tempfile.mkdtemp(prefix="knutpunkt-tinyproxy-"))
        conf = [
            f"Port {self.port}",
            "Listen 127.0.0.1",
            "Timeout 20",
            "MaxClients 100",
            f'LogFile "{self._folder}/log"',
            "LogLevel Info",
        ]
        conf += [f"BasicAuth {self.user} {PASSWORD}"] if self.user else []
        (self._folder / "conf").write_text("\n".join(conf) + "\n")
        self._process = subprocess.Popen(
            [program, "-d", "-c", str(self._folder / "conf")],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={"PATH": os.environ["PATH"]},
        )  # fmt: skip
        give_up = time.monotonic() + SECONDS_TO_START
        while not listens(self.port):
            assert time.monotonic() < give_up, "tinyproxy does not start"
            assert self._process.poll() is None, self.log()
            time.sleep(0.01)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it, and remove its files."""
        self.stop()
        shutil.rmtree(self._folder)

    def stop(self) -> None:
        """End it; harmless when it does not run."""
        if self._process:
            self._process.terminate()
            self._process.wait(SECONDS_TO_START)
            self._process = None

    def log(self) -> str:
        """What it did."""
        return (self._folder / "log").read_text(errors="replace")

    def asked_for(self, what: str) -> bool:
        """Whether somebody asked it for that: `CONNECT localhost:443`."""
        return any(f": {what}" in line for line in self.log().splitlines() if "Request (file descriptor" in line)
