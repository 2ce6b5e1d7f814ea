"""OpenSSL's own server, which asks for a client certificate and tells on its page whose it got.

    with OpenSsl(authority) as server: ...          https://localhost:{server.port}/

Tried with 3.0 (Debian 12).
"""

import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest
import trustme

from tests.conftest import MISSING
from tests.counterparts.mosquitto import SECONDS_TO_START
from tests.counterparts.ports import free_port, listens


class OpenSsl:
    """One server; `asks`: whoever shows no certificate of the authority is turned away."""

    def __init__(self, authority: trustme.CA, *more: str, asks: bool = True) -> None:
        self.authority, self.port = authority, free_port()
        self._more = [*more, *(["-Verify", "2", "-verify_return_error"] if asks else [])]
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = Path()

    def __enter__(self) -> Self:
        """Start it."""
        program = shutil.which("openssl")
        if program is None:
            pytest.skip(f"{MISSING} openssl")
        self._folder = Path(tempfile.mkdtemp(prefix="knutpunkt-openssl-"))
        self.authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(self._folder / "server.pem")
        self.authority.cert_pem.write_to_path(self._folder / "ca.pem")
        words = ["s_server", "-accept", f"127.0.0.1:{self.port}", "-cert", "server.pem", "-CAfile", "ca.pem", "-www"]
        self._process = subprocess.Popen(
            [program, *words, "-quiet", *self._more],
            cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        give_up = time.monotonic() + SECONDS_TO_START
        while not listens(self.port):
            assert time.monotonic() < give_up, "openssl does not start"
            time.sleep(0.01)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it, and remove its files."""
        if self._process:
            self._process.terminate()
            self._process.wait(SECONDS_TO_START)
        shutil.rmtree(self._folder)
