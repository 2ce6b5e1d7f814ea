"""`pytest -m faults` runs what kills the hub, `-m "not faults"` the rest."""

from pathlib import Path

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Name the mark of the whole folder."""
    config.addinivalue_line("markers", "faults: tests that kill the hub, some seconds each")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all that is here."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("faults")
