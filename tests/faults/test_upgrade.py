"""The code of the last version goes on against today's tables: nodes are replaced one by one, and nobody waits."""

import io
import json
import re
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from hub.cli.main import knutpunkt
from hub.store.engine.migrating import HEAD, version
from tests.builders import raw_booking
from tests.cli.test_serve import served
from tests.counterparts.postgres import Postgres

ROOT = Path(__file__).parents[2]
TOWN, HALL = "2480", "tennishallen.bana-1"


def git(*words: str) -> str:
    """What git says of this copy. Skips where it has no history: an archive."""
    told = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    if told.returncode:
        pytest.skip(f"this copy has no history: {told.stderr.strip()}")
    return told.stdout.strip()


def last_version() -> str:
    """The commit in which the changelog got its newest version, but for this one: no tag need be in this copy."""
    if git("rev-parse", "--is-shallow-repository") == "true":
        pytest.skip("this copy has a part of its history only")
    here = git("rev-parse", "HEAD")
    for heading in re.findall(r"^## \[\d.+", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE):
        told = git("log", "--reverse", "--format=%H", f"-S{heading}", "--", "CHANGELOG.md").splitlines()
        if told and told[0] != here:
            return told[0]
    pytest.skip("this copy has no history of a version")


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code of the last version, in a folder of its own."""
    folder = tmp_path_factory.mktemp("before")
    words = ["git", "archive", last_version(), "hub", "connectors", "mappings", "schemas", "examples"]
    told = subprocess.run(words, cwd=ROOT, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(told)) as archive:
        archive.extractall(folder, filter="data")
    if not any((folder / "hub" / "store").rglob("postgres.py")):
        pytest.skip("the last version that is tagged in this copy knew no PostgreSQL")
    return folder


@contextmanager
def serving(folder: Path, database: str, code: Path, town: Path) -> Iterator[str]:
    """A node with that code, and the folder of a municipality; gives its address."""
    words = (str(town), "--simulate", "--clock", "2026-11-22T12:00+01:00", "--json")
    with served(folder, *words, database=database, code=code) as (process, said):
        assert said, process.stderr and process.stderr.read()
        yield str(json.loads("".join(said))["address"])


class Core:
    """A booking core that is told which node to call."""

    def __init__(self, key: str) -> None:
        self._client = httpx.Client(headers={"Authorization": f"Bearer {key}"}, trust_env=False, timeout=30)
        self.revisions: dict[str, int] = {}
        self.told: list[tuple[str, int]] = []
        """Each number and revision that was answered."""

    def close(self) -> None:
        self._client.close()

    def put(self, address: str, number: str, **changes: Any) -> dict[str, Any]:
        """Put a booking's next revision; it must be taken."""
        self.revisions[number] = self.revisions.get(number, 0) + 1
        day = 24 + len(self.revisions) % 5
        occasion = {"starts_at": f"2026-11-{day}T{8 + len(self.revisions) % 12:02}:00:00+01:00"}
        occasion["ends_at"] = occasion["starts_at"].replace(":00:00+", ":45:00+")
        body = raw_booking(number=number, revision=self.revisions[number]) | changes
        body["occasions"] = [body["occasions"][0] | {"resource": HALL} | occasion]
        told = self._client.put(f"{address}/v1/{TOWN}/bookings/{number}", json=body)
        assert told.status_code in {200, 202}, told.text
        self.told.append((number, self.revisions[number]))
        answer: dict[str, Any] = told.json()
        return answer

    def accepted(self, address: str) -> list[tuple[str, int]]:
        """Each number and revision that the feed of a node tells."""
        told = self._client.get(f"{address}/v1/{TOWN}/events", params={"limit": 500})
        assert told.status_code == 200, told.text
        events = [event for event in told.json()["events"] if event["type"].endswith("booking.accepted")]
        return [(event["subject"], event["data"]["revision"]) for event in events]

    def get(self, address: str, number: str) -> dict[str, Any]:
        told = self._client.get(f"{address}/v1/{TOWN}/bookings/{number}")
        assert told.status_code == 200, told.text
        answer: dict[str, Any] = told.json()
        return answer


def test_a_node_of_the_last_version_goes_on_while_the_tables_change_and_beside_a_new_one(
    tmp_path: Path, before: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    database, town = postgres.database(), before / "examples" / "umea"
    with serving(tmp_path, database, before, town) as old, ExitStack() as stack:
        core = stack.enter_context(closing(Core((tmp_path / "knutpunkt.operator-key").read_text().strip())))
        core.put(old, "B-1")
        core.put(old, "B-2")
        assert version(database) is not None
        migrated = CliRunner().invoke(knutpunkt, ["migrate"], env={"KNUTPUNKT_DATABASE": database})
        assert migrated.exit_code == 0, migrated.output
        assert version(database) == HEAD
        core.put(old, "B-3")
        core.put(old, "B-1", status="cancelled")
        with serving(tmp_path, database, ROOT, town) as new:
            core.put(new, "B-2", status="cancelled")
            core.put(new, "B-4")
            core.put(old, "B-4", status="cancelled")
            core.put(old, "B-5")
            for number, revision in core.revisions.items():
                for node in (old, new):
                    assert core.get(node, number)["booking"]["revision"] == revision
            assert sorted(core.accepted(new)) == sorted(core.told) == sorted(core.accepted(old))
