"""A Mosquitto of the test's own: TLS, passwords and an access list, in a folder that goes when it goes.

    with Mosquitto({"hub": "secret"}, access="user hub ...") as broker: ...

Tried with 2.0.11 (Debian 12). As root it would drop to its own user, and then cannot read its password file: so it is
told to stay. A subscription to a forbidden topic is granted, and nothing comes of it.
"""

import os
import shutil
import signal
import ssl
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest
import trustme

from tests.conftest import MISSING
from tests.counterparts.ports import free_port, listens

SECONDS_TO_START = 10.0
BESIDES_PATH = "/usr/sbin:/usr/local/sbin"
"""Where Debian keeps the broker, which is not on everybody's path."""

_SAVES = ("max_inflight_messages 0", "max_queued_messages 0")


class Mosquitto:
    """A broker that can be stopped, killed and started again; it keeps what it must, on the same ports."""

    def __init__(self, accounts: Mapping[str, str], access: str, *, asks: bool = False, quick: bool = False) -> None:
        """Prepare, with a password for each account and the access list in Mosquitto's own words.

        `asks`: over TLS only who shows a certificate of `authority` is let in. `quick`: it logs errors only, and saves
        as it does by itself, for what is measured.
        """
        self.accounts = dict(accounts)
        self._access = access
        self.host = "localhost"
        self.port, self.tls_port = free_port(), free_port()
        self.authority, self._asks = trustme.CA(), asks
        self._quick = quick
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = Path()

    def __enter__(self) -> Self:
        """Write its files, and start it."""
        program = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:{BESIDES_PATH}")
        if program is None:
            pytest.skip(f"{MISSING} mosquitto")
        self._program = program
        self._folder = Path(tempfile.mkdtemp(prefix="knutpunkt-mosquitto-"))
        self._write()
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it, and remove its files."""
        self.stop()
        shutil.rmtree(self._folder)

    @property
    def tls(self) -> ssl.SSLContext:
        """Trusts this broker's own authority, and no other."""
        context = ssl.create_default_context(cadata=self.authority.cert_pem.bytes().decode())
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    def start(self) -> None:
        """Start, and wait until it listens."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen([self._program, "-c", str(self._folder / "conf")], stderr=log)
        give_up = time.monotonic() + SECONDS_TO_START
        while not all(listens(port) for port in (self.port, self.tls_port)):
            if time.monotonic() > give_up or self._process.poll() is not None:
                self.stop()
                raise AssertionError(f"mosquitto does not start: {self.log()[-2000:]}")
            time.sleep(0.01)

    def stop(self) -> None:
        """Let it end in order, its sessions written; harmless when it does not run."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Take the power from it."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Freeze it: it neither answers nor hangs up, until `resume`."""
        if self._process:
            self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        if self._process:
            self._process.send_signal(signal.SIGCONT)

    def log(self) -> str:
        """All that it has logged, with one line for each packet."""
        return (self._folder / "log").read_text(errors="replace")

    def _end(self, how: signal.Signals) -> None:
        if self._process:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGCONT)
                self._process.send_signal(how)
            self._process.wait(SECONDS_TO_START)
            self._process = None

    def _write(self) -> None:
        folder = self._folder
        certificate = self.authority.issue_cert("localhost", "127.0.0.1")
        self.authority.cert_pem.write_to_path(folder / "ca.pem")
        certificate.cert_chain_pems[0].write_to_path(folder / "server.pem")
        certificate.private_key_pem.write_to_path(folder / "server.key")
        (folder / "access").write_text(self._access)
        (folder / "passwords").touch(mode=0o600)
        for user, password in self.accounts.items():
            subprocess.run(["mosquitto_passwd", "-b", str(folder / "passwords"), user, password], check=True)
        (folder / "conf").write_text(self._configuration())

    def _configuration(self) -> str:
        folder = self._folder
        return "\n".join(
            [
                "user root" if os.geteuid() == 0 else "",
                "per_listener_settings false",
                "allow_anonymous false",
                f"password_file {folder}/passwords",
                f"acl_file {folder}/access",
                "persistence true",
                f"persistence_location {folder}/",
                *(_SAVES if self._quick else ("autosave_interval 1", "autosave_on_changes true")),
                f"listener {self.port} 127.0.0.1",
                f"listener {self.tls_port} 127.0.0.1",
                f"cafile {folder}/ca.pem",
                f"certfile {folder}/server.pem",
                f"keyfile {folder}/server.key",
                f"require_certificate {str(self._asks).lower()}",
                "log_dest stderr",
                "log_type error" if self._quick else "log_type all",
                "",
            ]
        )
