"""Break a connector in a copy, and see which test fails first."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.mutants.broken import ROOT, Mutant

COPIED = ("connectors", "tests")
LINKED = ("hub", "docs", "pyproject.toml")
GIVE_UP = 300
"""Seconds for one mutant; a test that never ends has caught it too."""


def caught_by(mutant: Mutant) -> str | None:
    """Give the first test that fails with the broken connector, or None."""
    with tempfile.TemporaryDirectory() as folder:
        there = Path(folder)
        for part in COPIED:
            shutil.copytree(ROOT / part, there / part, ignore=shutil.ignore_patterns("__pycache__"))
        for part in LINKED:
            (there / part).symlink_to(ROOT / part)
        (there / mutant.path).write_text(mutant.text())
        return first_failure(there, mutant.tests)


def first_failure(folder: Path, tests: str) -> str | None:
    """Run the tests there until one fails."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "--tb=no", "-p", "no:cacheprovider", "-p", "no:xdist", tests]
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(folder)}
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=GIVE_UP, check=False
        )
    except subprocess.TimeoutExpired:
        return "never ends"
    if done.returncode == 0:
        return None
    failed = re.search(r"^(?:FAILED|ERROR) (\S+?)(?:\[.*\])?(?: - .*)?$", done.stdout, re.MULTILINE)
    if not failed:
        raise RuntimeError(f"pytest ended with {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return failed[1].split("::")[-1]
