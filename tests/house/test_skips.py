"""A skip is seen, and one for a missing counterpart is a failure where all counterparts must be there."""

import os
import sys
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

CONFTEST = Path(__file__).parents[1] / "conftest.py"
SKIPS = """
import pytest

def test_with_a_broker():
    pytest.skip("missing counterpart: mosquitto")

@pytest.mark.skip(reason="this lamp has no echo")
def test_an_echo():
    pass

@pytest.fixture
def broker():
    pytest.skip("missing counterpart: mosquitto")

def test_with_a_fixture(broker):
    pass
"""


@pytest.fixture
def skipping(pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder of tests that skip, under our own conftest."""
    pytester.makeconftest(CONFTEST.read_text(encoding="utf-8"))
    pytester.makepyfile(SKIPS)
    return pytester


def run(skipping: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, ci: str) -> pytest.RunResult:
    """The outcome with CI set so."""
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    return skipping.runpytest_subprocess("-p", "no:cacheprovider")


def test_every_skip_is_named_with_its_reason(skipping: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(skipping, monkeypatch, "")
    result.assert_outcomes(skipped=3)
    result.stdout.fnmatch_lines(
        ["*::test_with_a_broker: missing counterpart: mosquitto", "*::test_an_echo: this lamp *"]
    )


def test_in_ci_a_missing_counterpart_is_a_failure(skipping: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(skipping, monkeypatch, "true")
    outcomes = result.parseoutcomes()
    assert (outcomes["skipped"], outcomes.get("failed", 0) + outcomes.get("errors", 0)) == (1, 2)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*install it: scripts/ensure-test-services*"])
