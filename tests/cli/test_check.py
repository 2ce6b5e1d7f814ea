import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.live import UMEA


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """Umeå with a connection misspelt in tennishallen."""
    folder = tmp_path / "umea"
    shutil.copytree(UMEA, folder)
    hall = folder / "facilities" / "tennishallen.yaml"
    hall.write_text(hall.read_text().replace("connection: arx-tennishallen", "connection: arx-tenishallen"))
    return folder


def test_a_folder_with_warnings_can_be_used(run: Run) -> None:
    told = run("check", str(UMEA))
    assert told.exit_code == 0
    assert "18 connections, 6 facilities, 19 resources" in told.output
    assert "Can be used." in told.output


def test_an_error_is_told_with_its_file_and_line(run: Run, broken: Path) -> None:
    told = run("check", str(broken))
    line = next(
        number
        for number, text in enumerate((broken / "facilities/tennishallen.yaml").read_text().splitlines(), 1)
        if "arx-tenishallen" in text
    )
    assert told.exit_code == 1
    assert f"{broken}/facilities/tennishallen.yaml:{line}:" in told.output
    assert "did you mean `arx-tennishallen`?" in told.output


def test_the_summary_is_in_swedish_for_who_wants_it(run: Run) -> None:
    assert "18 anslutningar" in run("check", str(UMEA), LANG="sv_SE.UTF-8").output
    assert "18 anslutningar" in run("check", str(UMEA), "--language", "sv").output


def test_programs_get_findings_and_counts(run: Run, broken: Path) -> None:
    told = json.loads(run("check", str(broken), "--json").stdout)
    assert told["ok"] is False
    assert told["read"]["resources"] == 19
    assert {"file", "line", "column", "severity", "code", "message", "path"} == set(told["findings"][0])


def test_a_folder_with_nothing_in_it_is_an_error(run: Run, tmp_path: Path) -> None:
    assert run("check", str(tmp_path)).exit_code == 1


def test_a_folder_that_is_not_there_cannot_be_checked(run: Run, tmp_path: Path) -> None:
    assert run("check", str(tmp_path / "none")).exit_code == 2
