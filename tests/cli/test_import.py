import json
from pathlib import Path

import pytest

from tests.builders import occasion
from tests.cli.conftest import Run
from tests.live import booked, lines

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
    assert "line 1 ?: rejected [invalid-booking]" in told.output
    assert "/occasions/0/resource" in told.output
    assert "line 3 ?: rejected [invalid-json]" in told.output
    assert "3 lines: 1 accepted" in told.output


def test_conflicts_are_counted_and_never_refused(run: Run) -> None:
    told = run("import", "-", "--language", "sv", sent=lines([booked("I-96", after=2000), booked("I-97", after=2000)]))
    assert told.exit_code == 0
    assert "0 avvisade; 1 krockar" in told.output


def test_a_file_that_is_not_there_cannot_be_imported(run: Run, tmp_path: Path) -> None:
    assert run("import", str(tmp_path / "none")).exit_code == 2
