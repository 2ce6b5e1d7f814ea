"""docs/quality.md, every connector's quality.toml and its files say the same."""

import ast
import importlib
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from hub.sdk import Connector, Misbehaviour, Simulator

ROOT = Path(__file__).parents[2]
RULES = ROOT / "docs" / "quality.md"
TIERS = ("runs", "operable", "trusted")
SHAPE = {
    "__init__.py",
    "config.py",
    "client.py",
    "translate.py",
    "connector.py",
    "simulator.py",
    "README.md",
    "quality.toml",
}
CONNECTORS = sorted(path.parent for path in (ROOT / "connectors").glob("*/connector.py"))
each_connector = pytest.mark.parametrize("folder", CONNECTORS, ids=lambda folder: folder.name)


def rules() -> dict[str, dict[str, str]]:
    """By tier, each rule's id with what proves it."""
    tiers = re.split(r"^## (\w+)$", RULES.read_text(), flags=re.MULTILINE)[1:]
    return {
        tier: dict(re.findall(r"^\| `([a-z-]+)` \|.*\| (.*) \|$", text, flags=re.MULTILINE))
        for tier, text in zip(tiers[::2], tiers[1::2], strict=True)
    }


def all_tests() -> set[str]:
    """Every test that there is, here and in the kit."""
    sources = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "hub" / "conformance").glob("*.py")]
    return {name for source in sources for name in re.findall(r"def (test_\w+)", source.read_text())}


def quality(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "quality.toml").read_text())


def test_the_rules_stand_in_three_tiers_about_a_dozen_each() -> None:
    assert tuple(rules()) == TIERS
    assert all(10 <= len(tier) <= 14 for tier in rules().values())
    named = [name for tier in rules().values() for name in tier]
    assert len(named) == len(set(named))


def test_every_test_that_proves_a_rule_exists() -> None:
    named = {test for tier in rules().values() for proof in tier.values() for test in re.findall(r"test_\w+", proof)}
    assert named - all_tests() == set()


@each_connector
def test_every_rule_stands_in_every_quality_file_and_nothing_else(folder: Path) -> None:
    listed = quality(folder)
    assert {tier: set(listed.get(tier, {})) for tier in TIERS} == {tier: set(of) for tier, of in rules().items()}
    assert set(listed) <= {*TIERS, "cannot"}


@each_connector
def test_every_rule_is_done_or_exempt_with_a_reason(folder: Path) -> None:
    for tier in TIERS:
        for rule, value in quality(folder)[tier].items():
            exempt = isinstance(value, dict) and set(value) == {"exempt"} and len(value["exempt"]) > 10
            assert value == "done" or exempt, f"{rule}: {value!r} is neither done nor exempt with a reason"


@each_connector
def test_what_a_simulator_cannot_play_is_said_with_a_reason(folder: Path) -> None:
    for how, reason in quality(folder).get("cannot", {}).items():
        assert how in set(Misbehaviour)
        assert len(reason) > 10


@each_connector
def test_every_connector_comes_in_by_its_entry_points(folder: Path) -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    for group, kind in (("hub.connectors", Connector), ("hub.simulators", Simulator)):
        module, _, name = groups[group][folder.name].partition(":")
        assert issubclass(getattr(importlib.import_module(module), name), kind)


@each_connector
def test_every_connector_has_the_fixed_shape(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} >= SHAPE


@each_connector
def test_a_simulator_shares_no_code_with_its_connector(folder: Path) -> None:
    """A large one is several files, `simulated_*.py` beside it, under the same rule."""
    parts = sorted(folder.glob("simulated_*.py"))
    own = {f"connectors.{folder.name}.{part.stem}" for part in parts}
    used = {name for file in (folder / "simulator.py", *parts) for name in imported(file)}
    assert not [name for name in used - own if name.startswith("connectors.")]


@each_connector
def test_the_client_knows_nothing_canonical(folder: Path) -> None:
    assert "hub.model" not in imported(folder / "client.py")


@each_connector
def test_every_connector_stands_before_the_kit(folder: Path) -> None:
    tried = ROOT / "tests" / "connectors" / folder.name
    assert any("= conformance(" in path.read_text() for path in tried.glob("test_*.py"))


def imported(source: Path) -> set[str]:
    """The modules that a file imports."""
    tree = ast.parse(source.read_text())
    plain = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
