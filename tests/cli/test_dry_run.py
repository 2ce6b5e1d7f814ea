"""`knutpunkt import --dry-run`: the plan, its conflicts, and a token that holds the live run to it."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.live import booked, lines

PLAN = [booked("D-1", after=30_000), booked("D-2", after=30_030), booked("D-3", court=2, after=30_000)]


@pytest.fixture
def plan(tmp_path: Path) -> str:
    (tmp_path / "plan.ndjson").write_bytes(lines(PLAN))
    return str(tmp_path / "plan.ndjson")


def test_a_dry_run_names_conflicts_stores_nothing_and_its_token_gives_that_plan(run: Run, plan: str) -> None:
    *answers, last = (json.loads(line) for line in run("import", plan, "--dry-run", "--json").stdout.splitlines())
    assert [[conflict["number"] for conflict in answer.get("conflicts", [])] for answer in answers] == [[], ["D-1"], []]
    assert {claim["change"] for claim in answers[0]["difference"]} == {"added"}
    assert run("explain", "D-1").exit_code == 1, "nothing was stored"
    told = run("import", plan, "--dry-run")
    assert "line 2 D-2: D-1 has tennishallen.bana-1" in told.output
    token = last["summary"]["state_token"]
    assert f"--token {token}" in told.output
    live = run("import", plan, "--token", token)
    assert (live.exit_code, "3 lines: 3 accepted" in live.output) == (0, True)
    refused = run("import", plan, "--token", token)
    assert refused.exit_code == 2
    assert "state-changed" in refused.output
