"""Killed in the middle of an import, twice: the file is sent again, and everything counts once."""

import json
from pathlib import Path
from typing import Any

import pytest

from connectors.attendance_dak.simulator import DakExports
from hub.conformance.driver import SetClock
from hub.store import imports
from hub.store.engine.database import connect
from tests.intake.killing import a_home, importing, kept, kill_when

COUNT = 1500


@pytest.fixture
def home(tmp_path: Path) -> Path:
    a_home(tmp_path)
    (tmp_path / "big.xml").write_bytes(b"".join(DakExports(SetClock()).pieces(COUNT)))
    return tmp_path


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
