"""The locks hold hashes and versions, and say nothing of where they were made."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ADDRESS = re.compile(
    r"://|\bindex\b|--find-links|\b[a-z0-9-]+\.(?:org|com|net|se|io|internal|local)\b|(?:^|\s)/\w", re.MULTILINE
)
PINNED = re.compile(r"^[a-z0-9][a-z0-9._-]*(\[[a-z,]+\])?==\S+( ; .+)? \\$")

locks = pytest.mark.parametrize(
    "name", ["requirements.lock", "requirements-dev.lock", "requirements-build.lock", "requirements-peers.lock"]
)


@locks
def test_a_lock_names_no_host_and_no_path(name: str) -> None:
    assert not ADDRESS.findall((ROOT / name).read_text(encoding="utf-8"))


@locks
def test_every_package_is_pinned_with_its_hashes(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    packages = [number for number, line in enumerate(lines) if line and not line.startswith((" ", "#"))]
    assert packages
    for number in packages:
        assert PINNED.match(lines[number]), lines[number]
        assert lines[number + 1].startswith("    --hash=sha256:")


def test_every_dependency_of_the_project_is_locked() -> None:
    project, peers = (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("\npeers = [")
    peers, rest = peers.split("\n]", 1)
    for told, lock in ((project + rest, "requirements-dev.lock"), (peers, "requirements-peers.lock")):
        wanted = re.findall(r'^    "([A-Za-z0-9_-]+)[^"]*>=', told, re.MULTILINE)
        locked = f"\n{(ROOT / lock).read_text(encoding='utf-8')}"
        assert wanted
        assert [n for n in wanted if f"\n{n.lower()}==" not in locked and f"\n{n.lower()}[" not in locked] == []
