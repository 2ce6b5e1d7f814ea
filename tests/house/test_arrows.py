"""The arrows between the rooms are kept, and the picture of them is the contract."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_arrows_are_kept() -> None:
    """The contracts stand in pyproject.toml; `lint-imports` says which line breaks one."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout[-2000:] + told.stderr[-2000:]


def test_the_picture_in_the_contributors_guide_is_the_contract() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    layers = [re.findall(r"\w+", layer) for layer in contracts[0]["layers"]]
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    picture = re.search(r"```\n( +cli\n.*?)```", guide, re.DOTALL)
    assert picture
    assert [re.findall(r"\w+", line) for line in picture[1].splitlines()] == layers
