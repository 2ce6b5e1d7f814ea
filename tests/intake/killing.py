"""An import in a process of its own, which can be killed."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from hub.store.engine.database import connect

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


def a_home(folder: Path) -> Path:
    """A town that reads DAK; its file is to be `big.xml`."""
    (folder / "town" / "connections").mkdir(parents=True)
    town = 'key: "2480"\nname: Umeå\ntime_zone: Europe/Stockholm\nawaits: []\n'
    (folder / "town" / "municipality.yaml").write_text(town)
    (folder / "town" / "connections" / "dak.yaml").write_text("connector: attendance_dak\nmode: live\nsettings: {}\n")
    return folder


def importing(home: Path) -> "subprocess.Popen[str]":
    """Begin to import; it tells its report as JSON on the last line."""
    words = [sys.executable, "-c", _IMPORT, str(home / "town"), str(home / "hub.db"), str(home / "big.xml")]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=os.environ)


def kept(home: Path, what: str = "SELECT count(*) FROM gatherings") -> int:
    """A number that stands in the database; 0 while there is none."""
    try:
        connection = connect(f"sqlite:///{home / 'hub.db'}", read_only=True)
        try:
            ((count,),) = connection.rows(what)
            return int(count)
        finally:
            connection.close()
    except sqlite3.Error:
        return 0


def kill_when(home: Path, least: int, *, seconds: float = 60) -> int:
    """Start an import, and kill it as soon as so many gatherings are on disk."""
    give_up = time.monotonic() + seconds
    with importing(home) as process:
        while (count := kept(home)) < least:
            assert process.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < give_up, f"{count} of {least} after {seconds:g} s"
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    return count
