import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from connectors.attendance_dak.simulator import DakExports
from hub.conformance.driver import SetClock
from tests.builders import occasion
from tests.cli.conftest import Run
from tests.live import Live, booked, lines

TWENTY = [booked(f"I-{n}", court=n % 5 + 1, after=120 + 60 * (n // 5)) for n in range(20)]
UNKNOWN = booked("I-99", occasions=[occasion("tennishallen.bana-99")])


@pytest.fixture
def season(tmp_path: Path) -> str:
    (tmp_path / "season.ndjson").write_bytes(lines(TWENTY))
    return str(tmp_path / "season.ndjson")


def test_what_is_sent_again_is_unchanged(run: Run, season: str) -> None:
    assert run("import", season).exit_code == 0
    again = run("import", season)
    assert again.exit_code == 0
    assert "20 lines: 0 accepted, 20 unchanged" in again.output


def test_programs_get_an_answer_a_line_and_the_summary(run: Run, season: str) -> None:
    *answers, summary = (json.loads(line) for line in run("import", season, "--json").stdout.splitlines())
    assert [answer["line"] for answer in answers] == list(range(1, 21))
    assert summary["summary"]["lines"] == 20


def test_a_rejected_line_is_told_with_its_place_and_stops_no_other(run: Run) -> None:
    told = run("import", "-", sent=lines([UNKNOWN, booked("I-98")]) + b"no json\n")
    assert told.exit_code == 1
    assert "line 1 I-99: rejected [invalid-booking]" in told.output
    assert "/occasions/0/resource" in told.output
    assert "line 3 ?: rejected [invalid-json]" in told.output
    assert "3 lines: 1 accepted" in told.output


def test_conflicts_are_counted_and_never_refused(run: Run) -> None:
    told = run("import", "-", "--language", "sv", sent=lines([booked("I-96", after=2000), booked("I-97", after=2000)]))
    assert told.exit_code == 0
    assert "0 avvisade; 1 krockar" in told.output


def test_a_file_that_is_not_there_cannot_be_imported(run: Run, tmp_path: Path) -> None:
    assert run("import", str(tmp_path / "none")).exit_code == 2


@pytest.fixture
def attended(tmp_path: Path) -> Path:
    (tmp_path / "höst.xml").write_bytes(DakExports(SetClock()).with_a_bad_item(3)[0])
    return tmp_path / "höst.xml"


def test_a_dry_run_of_attendance_shows_counts_and_what_would_change(run: Run, attended: Path) -> None:
    dry = run("import", "--format", "dak", str(attended), "--dry-run")
    assert dry.exit_code == 1, "one of its gatherings is bad"
    assert dry.output.startswith("Would be read (nothing was stored)\n4 items: 4 new, 0 changed")
    assert "Receipt: 3 gatherings" in dry.output
    assert "Would change (3)\n  + F1 7/K000000 " in dry.output
    assert "Could not be understood (1)" in dry.output
    assert run("import", "--format", "dak", str(attended)).output.startswith("Read as import 1\n4 items: 4 new")
    attended.write_bytes(DakExports(SetClock()).file(2, changed=frozenset({1})))
    (told,) = [
        line for line in run("import", "--format", "dak", str(attended), "--dry-run").output.splitlines() if "~" in line
    ]
    assert told.startswith("  ~ F1 7/K000001 ")
    assert " -> " in told


def test_a_file_of_attendance_shows_on_a_terminal_how_much_of_it_is_sent(live: Live, attended: Path) -> None:
    here, there = pty.openpty()
    command = [
        sys.executable,
        "-c",
        "from hub.cli.main import main; main()",
        "import",
        "--format",
        "dak",
        str(attended),
    ]
    known = {
        "KNUTPUNKT_URL": live.url,
        "KNUTPUNKT_DATABASE": live.database,
        "LANG": "C",
        "TERM": "xterm",
        "COLUMNS": "100",
    }
    done = subprocess.run(
        [*command, "--dry-run"], stderr=there, stdout=subprocess.PIPE, env=os.environ | known, check=False
    )
    os.close(there)
    shown = os.read(here, 100_000).decode()
    os.close(here)
    assert done.returncode in {0, 1}, "1: its bad gathering is new here"
    assert "sending" in shown or "the hub reads" in shown
    assert "kB" in shown
    assert "\x1b[2K" in shown, "and is gone when it is done"
    assert b"4 items" in done.stdout
