"""A process that carries and serves nobody, and one that serves and carries nothing."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from hub.errors import RefusedError
from hub.store.engine.alone import alone_with
from tests.builders import a_town, files_of
from tests.cli.conftest import Run
from tests.cli.test_serve import served
from tests.live import UMEA

PEOPLE = "postgresql://hub@127.0.0.1:1/hub"


def a_town_without_systems(folder: Path) -> Path:
    town = a_town()
    files = files_of(town.model_copy(update={"connections": {}, "facilities": {}}))
    (folder / "town").mkdir()
    for name, text in files.items():
        (folder / "town" / name).write_text(text)
    return folder / "town"


@contextmanager
def worker(folder: Path, database: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-c", "from hub.cli.main import main; main()", "worker", "--json"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KNUTPUNKT_")}
    environment |= {"KNUTPUNKT_DATABASE": database}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_worker_beside_one_that_serves_tells_its_health_and_ends_when_told(
    tmp_path: Path, postgresql_database: str
) -> None:
    town = a_town_without_systems(tmp_path)
    with (
        served(tmp_path, str(town), "--no-worker", "--json", database=postgresql_database) as (serving, _),
        worker(tmp_path, postgresql_database) as working,
    ):
        assert working.stdout
        lines = iter(working.stdout.readline, "}\n")
        told = json.loads("".join([*lines, "}"]))
        assert told["municipalities"] == ["2480"]
        assert httpx.get(told["address"] + "/readyz", trust_env=False).text.startswith("ok")
        assert httpx.get(told["address"] + "/v1/2480/bookings", trust_env=False).status_code == 404
        assert httpx.get(told["address"] + "/metrics", trust_env=False).status_code == 401
        key = (tmp_path / "knutpunkt.operator-key").read_text().strip()
        figures = httpx.get(told["address"] + "/metrics", headers={"Authorization": f"Bearer {key}"}, trust_env=False)
        assert "knutpunkt_oldest_due_seconds" in figures.text
        for process in (working, serving):
            process.send_signal(signal.SIGTERM)
            rest, errors = process.communicate(timeout=30)
            assert (process.returncode, rest, errors) == (0, "", "")


def test_a_worker_on_an_empty_database_is_told_what_comes_first(run: Run, new_database: str) -> None:
    told = run("worker", "--database", new_database)
    assert told.exit_code == 2
    assert "knutpunkt serve" in told.stderr


def test_a_worker_makes_no_key_file_of_its_own(
    run: Run, postgresql_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = run("worker", "--database", postgresql_database)
    assert (told.exit_code, "no key file" in told.stderr) == (2, True)
    assert list(tmp_path.glob("*.key")) == []


@pytest.mark.parametrize("more", [("--database", "sqlite:///hub.db"), ("--database", PEOPLE, "--simulate")])
def test_who_serves_only_needs_others_who_carry(run: Run, more: tuple[str, ...]) -> None:
    told = run("serve", str(UMEA), "--no-worker", *more)
    assert told.exit_code == 2
    assert "knutpunkt worker" in told.stderr


def test_a_second_hub_on_an_sqlite_database_is_turned_away(run: Run) -> None:
    told = run("serve", str(UMEA), "--simulate", "--port", "0")
    assert told.exit_code == 2
    assert "another hub runs on" in told.stderr
    assert "PostgreSQL" in told.stderr


def test_who_lets_go_of_an_sqlite_database_leaves_it_to_the_next(tmp_path: Path) -> None:
    database = tmp_path / "hub.db"
    for _ in range(2):
        with alone_with(database), pytest.raises(RefusedError, match="has one"), alone_with(database):
            pass
    assert [(file.name, oct(file.stat().st_mode & 0o777)) for file in tmp_path.iterdir()] == [("hub.lock", "0o600")]
