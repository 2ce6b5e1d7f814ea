"""The system that all deliver to: nginx in one process, which notes when each call came.

Under `/` it takes anything and says 204; under `/kept/` it keeps what is put, and gives it back. Tried with 1.22.1.
"""

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from tests.bench.peers.runs import MissingError
from tests.counterparts.mosquitto import BESIDES_PATH
from tests.counterparts.ports import free_port, listens

SECONDS_TO_START = 10.0
CHANGING = frozenset({"PUT", "POST"})

_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - what is kept there are files of a folder of our own
"""Where Linux keeps files in memory: a disk is not what is measured."""

_CONFIGURATION = """
daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log {folder}/error crit;
events {{ worker_connections 4096; }}
http {{
  log_format arrivals '$msec $request_method $uri';
  access_log {folder}/arrivals arrivals buffer=64k flush=50ms;
  keepalive_requests 10000000; client_body_buffer_size 16k;
  client_body_temp_path {kept}/bodies; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{ return 204; }}
    location /kept/ {{ root {kept}; dav_methods PUT DELETE; create_full_put_path on; }}
  }}
}}
"""


class Arrived(NamedTuple):
    """A call that would change something: when it came, to the millisecond, and to which address."""

    at: float
    path: str


class Sink:
    """Started, and read from its log; each reading gives what has come since the last."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.port = folder / "sink", free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._read = 0
        self._kept = Path()

    @property
    def address(self) -> str:
        """Where it answers 204."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        """Start it."""
        program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:{BESIDES_PATH}")
        if program is None:
            raise MissingError("nginx")
        self._folder.mkdir(parents=True)
        memory = _IN_MEMORY if os.access(_IN_MEMORY, os.W_OK) else self._folder
        self._kept = Path(tempfile.mkdtemp(prefix="knutpunkt-sink-", dir=memory))
        conf = self._folder / "conf"
        conf.write_text(_CONFIGURATION.format(folder=self._folder, kept=self._kept, port=self.port))
        self._process = subprocess.Popen([program, "-c", str(conf), "-p", str(self._folder)], stderr=subprocess.DEVNULL)
        give_up = time.monotonic() + SECONDS_TO_START
        while not listens(self.port):
            if time.monotonic() > give_up or self._process.poll() is not None:
                raise MissingError("nginx does not start")
            time.sleep(0.02)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it, and forget."""
        if self._process:
            self._process.terminate()
            self._process.wait(SECONDS_TO_START)
        shutil.rmtree(self._kept, ignore_errors=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def arrived(self) -> list[Arrived]:
        """What has come since this was last asked."""
        path = self._folder / "arrivals"
        with path.open("rb") as log:
            log.seek(self._read)
            whole, _, _ = log.read().rpartition(b"\n")
        if not whole:
            return []
        self._read += len(whole) + 1
        lines = (line.split(" ", 2) for line in whole.decode().splitlines())
        return [Arrived(float(at), path) for at, method, path in lines if method in CHANGING]

    def forget(self) -> None:
        """Remove what was kept."""
        shutil.rmtree(self._kept / "kept", ignore_errors=True)
        self.arrived()
