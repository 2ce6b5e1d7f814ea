"""Killed in the middle of an import, twice: the file is sent again, and everything counts once."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from connectors.attendance_dak.simulator import DakExports
from hub.conformance.driver import SetClock
from hub.store import imports
from hub.store.database import connect

COUNT = 1500
_IMPORT = """
import asyncio, json, sys
from pathlib import Path
from hub.app import Hub
from hub.settings import Settings

async def main(town, database, path):
    hub = Hub(Settings(database=f"sqlite:///{database}"), [Path(town)])
    await hub.start()
    try:
        inlet = hub.intake.inlets.for_format("2480", "dak")
        with open(path, "rb") as file:
            report = await hub.intake.importing.live(inlet, file, "big.xml", "upload", "test")
        print(json.dumps(report.model_dump(mode="json")))
    finally:
        await hub.stop()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    town = tmp_path / "town"
    (town / "connections").mkdir(parents=True)
    (town / "municipality.yaml").write_text('key: "2480"\nname: Umeå\ntime_zone: Europe/Stockholm\nawaits: []\n')
    (town / "connections" / "dak.yaml").write_text("connector: attendance_dak\nmode: live\nsettings: {}\n")
    (tmp_path / "big.xml").write_bytes(b"".join(DakExports(SetClock()).pieces(COUNT)))
    return tmp_path


def importing(home: Path) -> "subprocess.Popen[str]":
    words = [sys.executable, "-c", _IMPORT, str(home / "town"), str(home / "hub.db"), str(home / "big.xml")]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=os.environ)


def kept(home: Path) -> int:
    connection = connect(f"sqlite:///{home / 'hub.db'}", read_only=True)
    try:
        ((count,),) = connection.rows("SELECT count(*) FROM gatherings")
        return int(count)
    finally:
        connection.close()


def kill_when(home: Path, least: int) -> int:
    """Start an import, and kill it as soon as so many gatherings are on disk."""
    give_up = time.monotonic() + 60
    with importing(home) as process:
        while (count := _count(home)) < least:
            assert process.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < give_up
        process.send_signal(signal.SIGKILL)
    return count


def _count(home: Path) -> int:
    try:
        return kept(home)
    except Exception:  # noqa: BLE001 - not there yet
        return 0


def test_an_import_that_is_killed_twice_counts_everything_once(home: Path) -> None:
    first = kill_when(home, 200)
    second = kill_when(home, first + 200)
    assert 0 < first < second < COUNT
    with importing(home) as process:
        out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    report: dict[str, Any] = json.loads(out.splitlines()[-1])
    assert report["items"] == COUNT
    assert report["doubles"] >= second - 200
    assert report["new"] + report["doubles"] == COUNT
    assert report["receipt"]["gatherings"] == COUNT
    assert kept(home) == COUNT
    connection = connect(f"sqlite:///{home / 'hub.db'}", read_only=True)
    ((rows,),) = connection.rows("SELECT count(*) FROM intake WHERE latest = 1")
    ((all_rows,),) = connection.rows("SELECT count(*) FROM intake")
    states = [one.state for one in imports.listed(connection, "2480", limit=9)]
    connection.close()
    assert (rows, all_rows) == (COUNT, COUNT), "no row is kept twice, and none is lost"
    assert states == ["done", "failed", "failed"], "what was broken off says so"
