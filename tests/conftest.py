"""What every test has: repeatable chance, and skips that are seen."""

import gc
import os
from collections import Counter, defaultdict
from collections.abc import Generator

import pytest
from _pytest.nodeid import NodeId
from hypothesis import settings

pytest_plugins = ["tests.databases"]

MISSING = "missing counterpart:"
"""How the reason of a skip begins when the machine lacks a program; in CI such a skip is a failure."""

settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("soak", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") == "true" else "dev"))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Have no garbage looked for while thousands of tests are made: nearly all of it stays."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_itemcollected(item: pytest.Item) -> None:
    """Have all of its name in a test's id, where schemathesis 4.32 leaves the operation out under pytest 9.2."""
    if item.parent and not item.nodeid.endswith(item.name):
        item._id = NodeId.parse(f"{item.parent.nodeid}::{item.name}")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have what is of one `xdist_group` go to one process: xdist 3.8 says so where pytest 9.2 does not look.

    Raises:
        pytest.UsageError: tests have one id; several processes would run one of them, and say nothing of the others.
    """
    for item in items:
        if told := vars(item).get("_nodeid"):
            item._id = NodeId.parse(told)
    alike = [name for name, times in Counter(item.nodeid for item in items).items() if times > 1]
    if alike:
        msg = f"tests of one id, of which one would run: {', '.join(alike)}"
        raise pytest.UsageError(msg)


def pytest_collection_finish() -> None:
    """What thousands of tests are made of stays: it is not searched for garbage again and again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn the skip for a missing counterpart into a failure where all of them must be there."""
    report = yield
    if os.environ.get("CI") == "true" and report.skipped and MISSING in reason_of(report):
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}: {reason_of(report)} (install it: scripts/ensure-test-services)"
    return report


def pytest_report_header() -> str:
    """Say which databases what is tested runs on."""
    from tests import databases  # noqa: PLC0415 - which needs what stands above

    return databases.told()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name every scenario that was played, and every skipped test with its reason."""
    played = {
        report.nodeid.partition("::test_")[2].partition("@")[0].replace("_", " "): outcome
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        if "/scenarios/" in report.nodeid and report.when == "call"
    }
    if played:
        terminalreporter.section("scenarios")
    for name in sorted(played, key=_by_number):
        terminalreporter.line(f"{played[name]:7} {name[0].upper()}{name[1:]}")
    hunted = [report for report in _of_mutants(terminalreporter) if "caught" in report.nodeid]
    if hunted:
        caught = sum(report.passed for report in hunted)
        all_of_them = sum("changes_one_place" in report.nodeid for report in _of_mutants(terminalreporter))
        terminalreporter.section("broken connectors")
        terminalreporter.line(
            f"{caught} of {len(hunted)} tried were caught; {all_of_them} in all, tried by `make soak`"
        )
    spent = _spent(terminalreporter)
    if spent:
        terminalreporter.section("dearest files")
    for name, seconds in spent[:10]:
        terminalreporter.line(f"{seconds:6.1f} s  {name}")
    skipped: list[pytest.TestReport] = terminalreporter.getreports("skipped")
    if skipped:
        terminalreporter.section("skipped, and why")
    for report in skipped:
        terminalreporter.line(f"{report.nodeid}: {reason_of(report)}")


def _spent(terminalreporter: pytest.TerminalReporter) -> list[tuple[str, float]]:
    """How long the tests of each file took, with what they asked for; the dearest first."""
    spent: defaultdict[str, float] = defaultdict(float)
    for report in [one for many in terminalreporter.stats.values() for one in many]:
        if isinstance(report, pytest.TestReport):
            spent[report.nodeid.partition("::")[0]] += report.duration
    return sorted(spent.items(), key=lambda one: -one[1])


def _of_mutants(terminalreporter: pytest.TerminalReporter) -> list[pytest.TestReport]:
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    return [one for one in reports if "/mutants/" in one.nodeid and one.when == "call"]


def _by_number(name: str) -> tuple[int, str]:
    """S2 before S10."""
    number = name[1:].split(maxsplit=1)[0]
    return (int(number) if number.isdigit() else 0, name)


def reason_of(report: pytest.TestReport) -> str:
    """Why a test was skipped."""
    return report.longrepr[2].removeprefix("Skipped: ") if isinstance(report.longrepr, tuple) else str(report.longrepr)
