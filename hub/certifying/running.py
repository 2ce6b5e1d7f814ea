"""Running the kit on a connector, and what came of each test."""

import contextlib
import io
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hub.errors import RefusedError

_TEST = """
from hub.conformance import conformance
from hub.discovery import load_connector, load_simulator

TestConnector = conformance(load_connector({name!r}), load_simulator({name!r}))
"""


@dataclass
class Ran:
    """What came of the tests, by the name of the test: how many passed, what failed and why, what is exempt and why."""

    passed: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    failed: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    exempt: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def pytest_runtest_logreport(self, report: Any) -> None:  # noqa: ANN401 - pytest's
        """Take one report; called by pytest."""
        name = report.nodeid.rsplit("::", 1)[-1].partition("[")[0]
        if report.failed:
            self.failed[name].append(_why(report))
        elif report.skipped:
            self.exempt[name].append(_reason(report))
        elif report.when == "call":
            self.passed[name] += 1

    def pytest_collectreport(self, report: Any) -> None:  # noqa: ANN401 - pytest's
        """What cannot even be collected."""
        if report.failed:
            self.failed["collecting"].append(_why(report))


def run(name: str) -> Ran:
    """Run every test of the kit that applies to the connector of that name.

    Raises:
        RefusedError: the kit is not installed.
    """
    try:
        import pytest  # noqa: PLC0415 - late: only who certifies needs it
    except ImportError as error:
        raise RefusedError("no-kit", "the kit needs pytest: pip install 'knutpunkt[kit]'") from error
    ran = Ran()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        path = Path(folder) / f"test_{Path(folder).name}.py"  # a name that no module of another run has
        path.write_text(_TEST.format(name=name), encoding="utf-8")
        options = ["-q", "--tb=line", "-p", "no:cacheprovider", "--rootdir", folder, "-c", "/dev/null", str(path)]
        pytest.main(options, plugins=[ran])
    return ran


def _why(report: Any) -> str:  # noqa: ANN401 - pytest's
    lines = str(getattr(report, "longreprtext", "")).strip().splitlines()
    where = [line for line in lines if line.startswith("kit: ")]
    why = [line for line in lines if not line.startswith("kit: ")]
    return "; ".join([*why[-1:], *where])[:500] or "failed"


def _reason(report: Any) -> str:  # noqa: ANN401 - pytest's
    told = report.longrepr
    return str(told[-1] if isinstance(told, tuple) else told).removeprefix("Skipped: ").removeprefix("exempt, ")
