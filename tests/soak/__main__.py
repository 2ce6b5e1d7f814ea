"""`python -m tests.soak [--kills 200] [--seed N] [--only NAME ...]`: run, and write the evidence.

Everything runs from what is committed: evidence names a commit, so a changed tree is refused.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.faults.troubles import TROUBLES

ROOT = Path(__file__).parents[2]
EVIDENCE = ROOT / "docs" / "evidence"
LONG = ("-o", "faulthandler_timeout=0")
"""A property that is tried on very many examples does not hang."""
PROPERTIES = (
    "tests/planner",
    "tests/model",
    "tests/service/test_arrival.py",
    "tests/service/test_dry_running.py",
    "tests/connectors/finance_peppol/test_billing.py",
    "tests/delivery/test_owed.py",
    "tests/delivery/test_sequences.py",
    "tests/faults/test_messages.py",
)
"""Where hypothesis is asked for ten times as many examples."""
MOMENTS = "tests/faults/test_moments.py"


@dataclass(frozen=True)
class Run:
    """One long run."""

    name: str
    command: list[str]
    in_memory: bool = False
    """Whether its files are in memory, where there is plenty: it would wait for the disk more than do anything."""


@dataclass(frozen=True)
class Showed:
    """What it showed."""

    name: str
    command: str
    passed: bool
    seconds: float
    told: str


def runs(kills: int, seed: int) -> list[Run]:
    """All of them."""
    python = sys.executable
    return [
        Run("kills", [python, "-m", "tests.faults", "--kills", str(kills), "--seed", str(seed)]),
        Run(
            "kills-postgresql",
            [python, "-m", "tests.faults", "--postgresql", "--kills", str(kills), "--seed", str(seed)],
        ),
        Run(
            "moments-postgresql", [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "postgresql", MOMENTS]
        ),
        Run(
            "nodes",
            [python, "-m", "tests.faults.nodes", "--bookings", "20000", "--kills", str(kills), "--seed", str(seed)],
            in_memory=True,
        ),
        *(
            Run(f"trouble-{name}", [python, "-m", "tests.faults.troubles", name, *_told(kills // 10, seed)])
            for name in TROUBLES
        ),
        Run("rows", [python, "-m", "tests.soak.rows", "--seed", str(seed)]),
        Run("shapes", [python, "-m", "tests.soak.shapes", "--seed", str(seed)]),
        Run("mutants", [python, "-m", "tests.mutants"]),
        Run("canary", [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/canary"]),
        Run(
            "properties",
            [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *LONG, f"--hypothesis-seed={seed}", *PROPERTIES],
        ),
    ]


def _told(rounds: int, seed: int) -> list[str]:
    return ["--rounds", str(max(1, rounds)), "--seed", str(seed)]


def main() -> int:
    """Run those that were chosen, write the evidence, and fail when any failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int(time.time()) % 1_000_000)
    parser.add_argument("--only", nargs="*", default=[])
    told = parser.parse_args()
    if changed := _git("status", "--porcelain"):
        print(f"commit first, evidence names a commit:\n{changed}")
        return 2
    showed = [_shown(run) for run in runs(told.kills, told.seed) if not told.only or run.name in told.only]
    path = _written(showed, told.seed)
    sound = all(one.passed for one in showed)
    print(f"{path.relative_to(ROOT)}: {'all as it should be' if sound else 'something failed'}")
    return 0 if sound else 1


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def _shown(run: Run) -> Showed:
    print(f"{run.name}: {' '.join(run.command[1:])}", flush=True)
    began, before = time.monotonic(), ["scripts/in-memory"] if run.in_memory else []
    environment = os.environ | {"HYPOTHESIS_PROFILE": "soak", "KNUTPUNKT_MOMENTS": "all"}
    done = subprocess.run(
        [*before, *run.command], cwd=ROOT, capture_output=True, text=True, check=False, env=environment
    )
    seconds = time.monotonic() - began
    print(f"{run.name}: {'passed' if done.returncode == 0 else 'FAILED'} in {seconds:.0f} s", flush=True)
    words = " ".join([*before, "python", *run.command[1:]])
    return Showed(run.name, words, done.returncode == 0, seconds, _essence(run.name, done.stdout + done.stderr))


def _essence(name: str, output: str) -> str:
    """What is worth keeping: the counts of a run, its closing lines, and every mutant with what caught it."""
    lines = output.strip().splitlines()
    most = {"mutants": 400, "properties": 3, "moments-postgresql": 3, "canary": 3}
    return "\n".join(lines[-most.get(name, 60) :])


def _written(showed: list[Showed], seed: int) -> Path:
    EVIDENCE.mkdir(parents=True, exist_ok=True)
    path = EVIDENCE / f"{datetime.now(UTC):%Y-%m-%d-%H%M}-soak.md"
    path.write_text("\n".join(_page(showed, seed)) + "\n", encoding="utf-8")
    return path


def _page(showed: list[Showed], seed: int) -> Iterator[str]:
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    told = {"commit": _git("rev-parse", "HEAD"), "seed": seed, "machine": machine}
    yield f"# Soak of {datetime.now(UTC):%Y-%m-%d %H:%M} UTC\n"
    yield f"```json\n{json.dumps(told, indent=1)}\n```\n"
    yield "| run | outcome | seconds |\n|---|---|---|"
    yield from (f"| {one.name} | {'passed' if one.passed else '**failed**'} | {one.seconds:.0f} |" for one in showed)
    for one in showed:
        yield f"\n## {one.name}\n\n`{one.command}`\n\n```text\n{one.told}\n```"


if __name__ == "__main__":
    sys.exit(main())
