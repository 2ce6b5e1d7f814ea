"""The whole process, started as a person starts it."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.cli.conftest import Run
from tests.live import UMEA

COMMAND = [sys.executable, "-c", "from hub.cli.main import main; main()", "serve"]


def started(
    folder: Path, *words: str, database: str | None = None, code: Path | None = None
) -> "subprocess.Popen[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KNUTPUNKT_")}
    environment |= {"KNUTPUNKT_DATABASE": database or f"sqlite:///{folder / 'hub.db'}", "KNUTPUNKT_PORT": "0"}
    environment |= {"PYTHONPATH": str(code)} if code else {}
    return subprocess.Popen(
        [*COMMAND, *words], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder
    )


@contextmanager
def served(
    folder: Path, *words: str, database: str | None = None, code: Path | None = None
) -> Iterator[tuple["subprocess.Popen[str]", list[str]]]:
    with started(folder, *words, database=database, code=code) as process:
        assert process.stdout
        said = []
        for line in process.stdout:
            said.append(line.rstrip())
            if line.startswith(("}", "Serving")):
                break
        try:
            yield process, said
        finally:
            process.kill()


def test_serving_begins_with_where_and_ends_when_told(tmp_path: Path, new_database: str) -> None:
    words = (str(UMEA), "--simulate", "--clock", "2026-11-22T12:00+01:00", "--json")
    with served(tmp_path, *words, database=new_database) as (process, said):
        told = json.loads("".join(said))
        assert told["municipalities"]["2480"] | {"console": ""} == {
            "name": "Umeå kommun", "facilities": 6, "resources": 19, "connections": 18, "console": "",
        }  # fmt: skip
        assert httpx.get(told["address"] + "/healthz", trust_env=False).text == "ok\n"
        key_file = tmp_path / told["operator_key_file"]
        assert key_file.stat().st_mode & 0o777 == 0o600
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=30)
    assert (process.returncode, rest, errors) == (0, "", "")


def test_serving_says_who_is_served_and_where_the_key_lies(tmp_path: Path) -> None:
    with served(tmp_path, str(UMEA), "--simulate") as (process, (town, address)):
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
    assert town.startswith("Umeå kommun (2480): 6 facilities, 19 resources, 18 connections")
    assert "/docs" in address
    assert f"{tmp_path}/hub.operator-key" in address


def ended(folder: Path, *words: str) -> tuple[int, str]:
    with started(folder, *words) as process:
        return process.wait(timeout=30), process.stderr.read() if process.stderr else ""


def test_a_secret_that_is_not_set_is_told(tmp_path: Path) -> None:
    code, said = ended(tmp_path, str(UMEA))
    assert code == 2
    assert "${env:ACCESSY_CLIENT_SECRET}" in said
    assert "Traceback" not in said
    with closing(sqlite3.connect(tmp_path / "hub.db")) as database:
        assert database.execute("SELECT count(*) FROM configurations").fetchall() == [(0,)], "a start that failed"


def test_a_folder_with_errors_is_told_with_its_lines(tmp_path: Path) -> None:
    code, said = ended(tmp_path, str(tmp_path))
    assert code == 2
    assert "municipality.yaml" in said
    assert "Traceback" not in said


def test_a_port_that_is_taken_is_told(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        told = run("serve", str(UMEA), "--port", str(taken.getsockname()[1]))
    assert told.exit_code == 2
    assert "Error: cannot listen at 127.0.0.1" in told.stderr


def test_a_demo_at_a_taken_port_is_told(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        told = run("demo", "--port", str(taken.getsockname()[1]))
    assert told.exit_code == 2
    assert "choose with --port" in told.stderr


def test_a_folder_for_the_database_must_be_there(run: Run, tmp_path: Path) -> None:
    told = run("serve", str(UMEA), "--port", "0", "--database", f"sqlite:///{tmp_path}/none/hub.db")
    assert told.exit_code == 2
    assert f"sqlite:///{tmp_path}/none/hub.db" in told.stderr


@pytest.mark.parametrize("time", ["2026-11-22T12:00", "yesterday"])
def test_a_time_without_an_offset_is_refused(run: Run, time: str) -> None:
    told = run("serve", str(UMEA), "--clock", time)
    assert told.exit_code == 2
    assert "+01:00" in told.stderr
