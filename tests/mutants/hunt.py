"""Break a connector in a copy, and see which test fails first."""

import json
import re
import select
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from tests.mutants.broken import ROOT, Mutant

LINKED = ("connectors", "tests", "hub", "docs", "pyproject.toml")
GIVE_UP = 300
"""Seconds for one mutant; a test that never ends has caught it too."""
_MINE = threading.local()


def caught_by(mutant: Mutant) -> str | None:
    """Give the first test that fails with the broken connector, or None."""
    with tempfile.TemporaryDirectory() as folder:
        there = Path(folder)
        for part in LINKED:
            (there / part).symlink_to(ROOT / part)
        _replace(there, mutant)
        return first_failure(there, mutant.tests)


def _replace(there: Path, mutant: Mutant) -> None:
    """Have one file another than it is, and everything around it as it is."""
    place = there
    for part in Path(mutant.path).parts[:-1]:
        place /= part
        real = place.resolve()
        place.unlink()
        place.mkdir()
        for one in real.iterdir():
            if one.name != "__pycache__":
                (place / one.name).symlink_to(one)
    changed = there / mutant.path
    changed.unlink()
    changed.write_text(mutant.text())


def first_failure(folder: Path, tests: str) -> str | None:
    """Run the tests there until one fails."""
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as file:
        code = _ran(folder, tests, file.name)
        told = file.read()
    if code is None:
        return "never ends"
    if code == 0:
        return None
    failed = re.search(r"^(?:FAILED|ERROR) (\S+?)(?:\[.*\])?(?: - .*)?$", told, re.MULTILINE)
    if not failed:
        raise RuntimeError(f"pytest ended with {code}: {told[-2000:]}")
    return failed[1].split("::")[-1]


def _ran(folder: Path, tests: str, told: str) -> int | None:
    """The exit code; None when it does not end."""
    server = _server()
    assert server.stdin
    assert server.stdout
    server.stdin.write(json.dumps({"folder": str(folder), "tests": tests, "told": told}) + "\n")
    server.stdin.flush()
    if not select.select([server.stdout], [], [], GIVE_UP)[0]:
        server.kill()
        del _MINE.server
        return None
    return int(server.stdout.readline())


def _server() -> "subprocess.Popen[str]":
    """One for each thread, which ends with this process."""
    if not hasattr(_MINE, "server"):
        command = [sys.executable, "-m", "tests.mutants.server"]
        _MINE.server = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    server: subprocess.Popen[str] = _MINE.server
    return server
