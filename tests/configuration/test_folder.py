"""Folders on disk: what is read, what is left alone, and what cannot be read."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.configuration import Report, Severity, check_folder, read_files, read_folder
from hub.configuration.limits import LARGEST_FILE
from hub.errors import ConfigurationError
from hub.mapping.samples import shipped
from tests.configuration.folders import load_stub, small, written

Check = Callable[[], Report]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The small folder on disk."""
    for name, text in written(small()).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def check(folder: Path) -> Check:
    """A check of it, with its secret in the environment."""
    return lambda: check_folder(folder, environment={"LOCK": "x"}, load_class=load_stub)


def errors(report: Report) -> list[str]:
    """The errors of a report."""
    return [str(each) for each in report.findings if each.severity is Severity.ERROR]


def test_a_folder_is_read_from_disk_as_from_its_stored_files(folder: Path) -> None:
    on_disk = read_folder(folder, load_class=load_stub)
    assert on_disk.files == written(small())
    assert read_files(on_disk.files, load_class=load_stub).configuration == on_disk.configuration


def test_a_report_counts_what_was_read(folder: Path, check: Check) -> None:
    (folder / "mappings" / "letters").mkdir(parents=True)
    shutil.copy(shipped() / "attendance-csv" / "mapping.yaml", folder / "mappings" / "letters")
    report = check()
    assert report.ok
    assert (report.read.files, report.read.connections, report.read.resources, report.read.mappings) == (5, 2, 3, 1)
    assert (report.count(Severity.ERROR), report.count(Severity.WARNING)) == (0, 4)


def test_what_others_read_and_hidden_files_are_left_alone(folder: Path, check: Check) -> None:
    before = check().findings
    (folder / "README.md").touch()
    (folder / ".git").mkdir()
    (folder / "facilities" / ".hall.yaml.swp").touch()
    (folder / "templates").mkdir()
    assert check().findings == before


def test_a_stray_file_or_folder_is_warned_of(folder: Path, check: Check) -> None:
    (folder / "facilites").mkdir()
    (folder / "facilities" / "old").mkdir()
    (folder / "facilities" / "hall.yml").touch()
    strays = [each.file for each in check().findings if each.code == "unknown-file"]
    assert strays == ["facilites", "facilities/hall.yml", "facilities/old"]


def test_broken_utf8_is_told_with_line_and_column(folder: Path, check: Check) -> None:
    (folder / "facilities" / "hall.yaml").write_bytes(b"name: Hall\nkind: Sj\xf6n\n")
    assert errors(check()) == [
        "facilities/hall.yaml:2:9: error: byte 0xf6 is not UTF-8; save the file as UTF-8 [broken-utf8]"
    ]


def test_a_byte_order_mark_is_no_fault(folder: Path, check: Check) -> None:
    file = folder / "municipality.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert check().ok


def test_a_huge_file_is_not_read(folder: Path, check: Check) -> None:
    with (folder / "connections" / "lamps.yaml").open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    assert any("huge-file" in error for error in errors(check()))


def test_a_file_that_is_gone_while_it_is_read_is_a_finding(folder: Path, check: Check) -> None:
    (folder / "facilities" / "gone.yaml").symlink_to(folder / "nowhere")
    assert any(error.startswith("facilities/gone.yaml:1:1: error: cannot be read") for error in errors(check()))


def test_an_empty_folder_is_read_as_none(tmp_path: Path) -> None:
    report = check_folder(tmp_path, environment={})
    assert not report.ok
    assert "read none" in errors(report)[0]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    report = check_folder(tmp_path / "umeo", environment={})
    assert any("no such folder" in error for error in errors(report))


def test_a_variable_that_is_not_set_is_a_warning_on_its_line(folder: Path) -> None:
    report = check_folder(folder, environment={}, load_class=load_stub)
    (unset,) = [each for each in report.findings if each.code == "unset-secret"]
    assert report.ok
    assert (unset.file, unset.path) == ("connections/locks.yaml", "settings.password")
    line = (folder / unset.file).read_text(encoding="utf-8").splitlines()[unset.line - 1]
    assert "${env:LOCK}" in line


def test_a_folder_with_errors_gives_no_configuration_to_serve(folder: Path) -> None:
    (folder / "municipality.yaml").write_text("key: 2480\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"municipality\.yaml:1:1: error: `key` should be a text"):
        read_folder(folder, load_class=load_stub).required()
