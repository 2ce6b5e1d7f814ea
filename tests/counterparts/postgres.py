"""A PostgreSQL of the test's own: a cluster in a folder that goes when it goes, on a free port of this machine.

    with Postgres() as server: ...

Tried with 15.18 (Debian 12). It refuses to run as root, and is run as `postgres` or `nobody` then. The hub comes in as
an ordinary role that owns its databases, as it should elsewhere.
"""

import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
import pytest

from tests.conftest import MISSING
from tests.counterparts.ports import free_port

SECONDS_TO_START = 20.0
HUB = "hub"
"""The role that the hub has, without a password: the cluster believes whoever is on this machine."""
_QUICK = ("--fsync=off", "--full_page_writes=off", "--synchronous_commit=off")
"""What is written survives the server, and not the machine; the hub asks for synchronous commits all the same."""
_KEEP = '"$@" </dev/null & cat >/dev/null; kill -INT $!; wait $!'
"""Runs a program until nobody holds the other end: a test run that is killed leaves no server behind."""
_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin")
"""Where Debian, Fedora and macOS keep its programs, which are not on everybody's path."""


def programs() -> Path | None:
    """The folder with `initdb` and `postgres`."""
    on_path = shutil.which("initdb")
    besides = sorted((Path(found) for place in _PLACES for found in glob.glob(place)), reverse=True)  # noqa: PTH207
    folders = [*besides, *([Path(on_path).resolve().parent] if on_path else [])]
    return next((one for one in folders if all((one / name).exists() for name in ("initdb", "postgres"))), None)


class Postgres:
    """A cluster that can be stopped, killed, frozen and started again, on the same port, with what it held."""

    def __init__(self, *, durable: bool = False) -> None:
        """Prepare; `durable`: as everywhere else, for what is measured."""
        self._settings = () if durable else _QUICK
        self.port = free_port()
        self._numbers = count(1)
        self._keeper: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Make the cluster, and start it."""
        found = programs()
        if found is None:
            pytest.skip(f"{MISSING} postgresql")
        self._programs, self._folder = found, Path(tempfile.mkdtemp(prefix="knutpunkt-postgres-"))
        self._as = self._ordinary_user()
        try:
            self._run("initdb", "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        self.command(f"CREATE ROLE {HUB} LOGIN")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it, and remove its files."""
        self.stop()
        shutil.rmtree(self._folder)

    def _ordinary_user(self) -> dict[str, Any]:
        """How to start a program that root may not run."""
        if os.geteuid() != 0:
            return {}
        known = {one.pw_name: one for one in pwd.getpwall()}
        user = known.get("postgres") or known["nobody"]
        os.chown(self._folder, user.pw_uid, user.pw_gid)
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "cwd": self._folder}

    def _run(self, program: str, *words: str) -> None:
        subprocess.run(
            [self._programs / program, "-D", self._data, *words], check=True, capture_output=True, **self._as
        )

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def url(self, name: str = "postgres", *, role: str = HUB) -> str:
        """The address of a database."""
        return f"postgresql://{role}@127.0.0.1:{self.port}/{name}"

    def command(self, sql: str, database: str = "postgres") -> None:
        """Do something as the cluster's own administrator."""
        with psycopg.connect(self.url(database, role="postgres"), autocommit=True) as connection:
            connection.execute(sql.encode())

    def database(self, how: str = "", *, template: str = "template0") -> str:
        """Make a database that the hub owns; gives its address."""
        name = f"hub_{next(self._numbers)}"
        self.command(f"CREATE DATABASE {name} OWNER {HUB} TEMPLATE {template} {how}")
        return self.url(name)

    def start(self) -> None:
        """Start, and wait until it answers."""
        words = ["-p", str(self.port), "-k", str(self._folder), "--listen_addresses=127.0.0.1", *self._settings]
        postgres = [str(self._programs / "postgres"), "-D", str(self._data), *words]
        with (self._folder / "log").open("ab") as log:
            keeper = self._keeper = subprocess.Popen[bytes](
                ["sh", "-c", _KEEP, "sh", *postgres], stdin=subprocess.PIPE, stdout=log, stderr=log, **self._as
            )
        give_up = time.monotonic() + SECONDS_TO_START
        while not self._answers():
            if time.monotonic() > give_up or keeper.poll() is not None:
                raise AssertionError(f"postgres does not start: {self.log()[-2000:]}")
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url(role="postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    @property
    def pid(self) -> int:
        """The process that keeps it: what works in it are its children."""
        assert self._keeper, "it does not run"
        return self._keeper.pid

    def stop(self) -> None:
        """Let it end in order, whoever is connected; harmless when it does not run."""
        if self._keeper:
            assert self._keeper.stdin
            self._keeper.stdin.close()
            self._keeper.wait(SECONDS_TO_START)
            self._keeper = None

    def kill(self) -> None:
        """Take the power from it: every process of it, and none is left when this is over."""
        give_up = time.monotonic() + SECONDS_TO_START
        while going := self._processes():
            assert time.monotonic() < give_up, "postgres does not die"
            for process in going:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            time.sleep(0.005)
        self.stop()

    def _processes(self) -> list[int]:
        """All that work in its data; also those that were begun a moment ago."""
        found = []
        for place in Path("/proc").glob("[0-9]*/cwd"):
            with suppress(OSError):
                if place.readlink() == self._data:
                    found.append(int(place.parent.name))
        return found

    def files(self) -> dict[str, bytes]:
        """All that is on its disk, the log of its transactions too, byte by byte."""
        self.command("CHECKPOINT")
        found = [one for folder in ("base", "pg_wal") for one in (self._data / folder).rglob("*") if one.is_file()]
        return {str(one.relative_to(self._data)): one.read_bytes() for one in found}

    def log(self) -> str:
        """What it has logged."""
        return (self._folder / "log").read_text(errors="replace")
