"""Backup and restore from the command line, of a hub that serves."""

import json
from pathlib import Path

import pytest

from hub.store.copies.archive import Backup
from tests.cli.conftest import Run
from tests.live import Live, booked


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "night.zip"


def test_a_serving_hub_is_backed_up_and_its_key_named(run: Run, live: Live, file: Path) -> None:
    with live.town() as town:
        town.put_booking(json.dumps(booked("BU-1", court=2)).encode(), "BU-1")
    told = run("backup", str(file))
    assert told.exit_code == 0, told.output
    (id_,) = Backup(file).manifest.key_file.ids
    assert f"hub.key with key {id_}" in told.stdout
    assert Backup(file).manifest.contents.counts["bookings"] >= 1


def test_what_is_left_to_do_is_told_in_order(run: Run, file: Path, tmp_path: Path) -> None:
    run("backup", str(file))
    told = run("restore", str(file), "--database", f"sqlite:///{tmp_path}/other.db", "--paused")
    assert told.exit_code == 0, told.output
    steps = told.stdout.partition("Now:\n")[2].splitlines()
    assert steps[0].startswith(f"1. Put the copy of the key file at {tmp_path}/other.key")
    assert any("knutpunkt verify" in step for step in steps)
    assert ":resume" in steps[-1]


def test_programs_get_the_manifest(run: Run, file: Path, tmp_path: Path) -> None:
    made = json.loads(run("backup", str(file), "--json").stdout)["manifest"]
    assert made == json.loads(Backup(file).manifest.model_dump_json())
    place = f"sqlite:///{tmp_path}/other.db"
    back = json.loads(run("restore", str(file), "--database", place, "--json").stdout)
    assert back["manifest"] == made
    assert back["epoch"] != made["contents"]["epoch"]
    assert back["missing_keys"] == made["key_file"]["ids"]


def test_the_database_of_a_hub_that_runs_is_not_replaced(run: Run, file: Path) -> None:
    run("backup", str(file))
    assert "--replace" in run("restore", str(file)).stderr
    told = run("restore", str(file), "--replace")
    assert (told.exit_code, "stop the hub first" in told.stderr) == (2, True)


def test_a_restore_wants_a_file_or_to_be_told_that_there_is_none(run: Run, file: Path) -> None:
    run("backup", str(file))
    for words in ((), (str(file), "--in-place")):
        told = run("restore", *words)
        assert (told.exit_code, "give FILE, or --in-place" in told.stderr) == (2, True)


def test_what_is_no_backup_is_refused(run: Run, file: Path, tmp_path: Path) -> None:
    file.write_bytes(b"no backup")
    told = run("restore", str(file), "--database", f"sqlite:///{tmp_path}/other.db")
    assert (told.exit_code, "no whole backup" in told.stderr) == (2, True)
    assert not (tmp_path / "other.db").exists()
