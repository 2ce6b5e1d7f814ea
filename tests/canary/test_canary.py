"""Nothing that was planted shows outside encrypted columns and the systems that it is for; and what leaks is found.

The whole hub is told seeded secrets, its systems tell them back in all their errors, and every byte is searched of what
it logs, stores, counts, traces, shows, answers, sends and backs up. Then it is changed so that it leaks.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from hub.api.application import create_api
from tests.canary.changing import ROOT, Change, Found, changes
from tests.canary.looking import ASKED, NOT_ASKED
from tests.counts import IN_SOAK

pytestmark = pytest.mark.xdist_group("canary")  # each process of tests would tell the story for itself
CHANGES = changes()
KINDS = {
    "address", "answer", "audit", "backup", "command", "database", "dead letter", "error body", "event", "log",
    "metric", "page", "span", "webhook",
}  # fmt: skip


class Canary:
    """A process that tells the story, as the hub is and with a change."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.plain = self._answer()

    def with_(self, change: Change) -> Found:
        """What is found with a change."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps(change) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Found:
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, "the canary has died; what it said stands above"
        told: Any = json.loads(line)
        assert isinstance(told, list), told["error"]
        return Found(*told)


@pytest.fixture(scope="session")
def canary() -> Iterator[Canary]:
    command = [sys.executable, "-m", "tests.canary.leaking"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Canary(process)
        finally:
            process.kill()


def test_nothing_that_was_planted_shows(canary: Canary) -> None:
    assert [words for _, words in canary.plain.leaks] == []


def test_all_that_was_planted_was_there(canary: Canary) -> None:
    assert canary.plain.unseen == []


def test_every_kind_of_place_was_searched(canary: Canary) -> None:
    assert KINDS - canary.plain.kinds.keys() == set()


def chosen() -> list[Change]:
    """One for each kind of place that they leak to; in the soak all of them."""
    return CHANGES if IN_SOAK else list({one.found: one for one in reversed(CHANGES)}.values())


@pytest.mark.parametrize("change", chosen(), ids=lambda change: change.name)
def test_a_hub_that_leaks_is_found(canary: Canary, change: Change) -> None:
    found = canary.with_(change)
    assert change.found in {kind for kind, _ in found.leaks}, f"found in no {change.found}: {found.leaks}"


def test_every_route_that_can_be_asked_is_asked() -> None:
    paths = create_api().openapi()["paths"].items()
    there = {path for path, how in paths if "get" in how} - NOT_ASKED
    assert there == {f"/v1/{{municipality}}{route}" for route in ASKED}
