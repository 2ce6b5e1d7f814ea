"""A certificate: which rules hold, by what proof, and so which tier is reached."""

import inspect
import tomllib
from collections.abc import Iterable, Mapping
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import Any, Literal

from hub.certifying.matrix import abilities, limits
from hub.certifying.rules import TIERS, Rule, rules
from hub.certifying.running import Ran, run
from hub.discovery import CONNECTORS, load_connector, load_simulator
from hub.errors import NotFoundError
from hub.model.frozen import Frozen

State = Literal["proven", "declared", "exempt", "failed", "missing"]
MAPPED = "mapped_files"
"""What a connection with a mapping document names; nobody's connector."""
_GOOD: frozenset[State] = frozenset({"proven", "declared", "exempt"})


class Judged(Frozen):
    """One rule. proven: by tests that ran now; declared: by the author, for a reader to check."""

    tier: str
    rule: str
    asks: str
    state: State
    detail: str = ""


class Certificate(Frozen):
    """What a procurement can ask for."""

    connector: str
    package: str
    package_version: str
    hub_version: str
    on: str
    abilities: tuple[str, ...]
    limits: Mapping[str, str]
    tier: str | None
    """The highest that is reached; None: not even the first."""
    passed: int
    failed: int
    failures: tuple[str, ...]
    """Each test that failed, and its last words."""
    exempt: Mapping[str, str]
    """Reasons, by what is exempt."""
    rules: tuple[Judged, ...]


def names_of(told: str) -> list[str]:
    """The connectors that a name means: one by its entry point, or all of an installed package.

    Raises:
        NotFoundError: nothing is installed under it.
    """
    offered = entry_points(group=CONNECTORS)
    if told == MAPPED:
        raise NotFoundError(
            f"{MAPPED} is as good as its mapping, which its samples prove: knutpunkt mapping test FOLDER"
        )
    if told in offered.names:
        return [told]
    package = told.replace("_", "-").lower()
    of_package = [one.name for one in offered if one.dist and one.dist.name.replace("_", "-").lower() == package]
    if not (mine := sorted(set(of_package) - {MAPPED})):
        there = ", ".join(sorted(offered.names)) or "none"
        msg = f"nothing installed is called {told!r}; there are: {there}. Install the package beside the hub first"
        raise NotFoundError(msg)
    return mine


def certify(name: str, *, on: str) -> Certificate:
    """Run the kit and judge; `on` is the date that stands on the certificate."""
    connector, ran = load_connector(name), run(name)
    load_simulator(name)
    quality = read_quality(Path(inspect.getfile(connector)).parent)
    able = abilities(connector)
    judged = tuple(_judged(rule, quality, ran, able) for rule in rules())
    (entry,) = entry_points(group=CONNECTORS, name=name)
    exempt = {test: "; ".join(dict.fromkeys(reasons)) for test, reasons in sorted(ran.exempt.items())}
    return Certificate(
        connector=name,
        package=entry.dist.name if entry.dist else "",
        package_version=entry.dist.version if entry.dist else "",
        hub_version=version("knutpunkt"),
        on=on,
        abilities=able,
        limits=limits(connector),
        tier=_tier(judged, ran),
        passed=sum(ran.passed.values()),
        failed=sum(map(len, ran.failed.values())),
        failures=tuple(f"{test}: {why}" for test, whys in ran.failed.items() for why in whys),
        exempt=exempt | {one.rule: one.detail for one in judged if one.state == "exempt"},
        rules=judged,
    )


def read_quality(folder: Path) -> dict[str, Any]:
    """What the author says of each rule; nothing where there is no file."""
    path = folder / "quality.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _judged(rule: Rule, quality: Mapping[str, Any], ran: Ran, able: Iterable[str]) -> Judged:
    said = quality.get(rule.tier, {}).get(rule.name)
    failures = [f"{test}: {why}" for test in rule.tests for why in ran.failed.get(test, ())]
    state: State
    if failures:
        state, detail = "failed", failures[0]
    elif said is None:
        state, detail = "missing", "quality.toml says nothing of it"
    elif isinstance(said, dict):
        state, detail = "exempt", str(said.get("exempt", ""))
    elif rule.of and not set(rule.of) & set(able):
        state, detail = "missing", f"said to be done, and it is none of {', '.join(rule.of)}: say why it is exempt"
    else:
        state, detail = _done(rule, ran)
    return Judged(tier=rule.tier, rule=rule.name, asks=rule.asks, state=state, detail=detail)


def _done(rule: Rule, ran: Ran) -> tuple[State, str]:
    """What is said to be done: proven by what ran now, or to be believed."""
    proofs = [f"{test} ({ran.passed[test]})" for test in rule.tests if ran.passed.get(test)]
    if rule.every and ran.passed:
        return "proven", f"each of {sum(ran.passed.values())} tests, at its end"
    if proofs:
        return "proven", ", ".join(proofs)
    left_out = [f"{test}: {reason}" for test in rule.tests for reason in ran.exempt.get(test, ())]
    if left_out:
        return "exempt", "; ".join(dict.fromkeys(left_out))
    return "declared", "for a reader to check"


def _lacks(one: Judged) -> bool:
    """Whether a rule keeps its tier from being reached: nobody is trusted whom no municipality has confirmed."""
    return one.state not in _GOOD or (one.rule == _CONFIRMED and one.state == "exempt")


_CONFIRMED = "confirmed-on-site"


def _tier(judged: tuple[Judged, ...], ran: Ran) -> str | None:
    """A failure anywhere, also in a test that proves no rule, leaves nothing."""
    reached = None
    for tier in TIERS:
        if any(ran.failed.values()) or any(_lacks(one) for one in judged if one.tier == tier):
            return reached
        reached = tier
    return reached


def as_markdown(told: Certificate) -> str:
    """The report."""
    head = [
        f"# {told.connector}",
        "",
        f"Package {told.package} {told.package_version}; hub {told.hub_version}; {told.on}.",
        "",
        f"**Tier: {told.tier or 'none'}.** {told.passed} tests of the kit passed, {told.failed} failed.",
        "",
        f"Abilities: {', '.join(told.abilities)}.",
        "",
        *(f"- {name}: {value}" for name, value in told.limits.items()),
    ]
    for tier in TIERS:
        head += ["", f"## {tier}", "", "| rule | what it asks | state | by what, or why not |", "|---|---|---|---|"]
        head += [
            f"| `{one.rule}` | {one.asks} | {one.state} | {one.detail.replace('|', '/')} |"
            for one in told.rules
            if one.tier == tier
        ]
    if told.failures:
        head += ["", "## What failed", "", *(f"- {one}" for one in told.failures)]
    lacking = [one for one in told.rules if _lacks(one)]
    if lacking:
        head += ["", "## What is missing for the next tier", "", *(f"- `{one.rule}`: {one.detail}" for one in lacking)]
    if told.exempt:
        head += ["", "## Exemptions", "", *(f"- {what}: {why}" for what, why in told.exempt.items())]
    return "\n".join(head) + "\n"
