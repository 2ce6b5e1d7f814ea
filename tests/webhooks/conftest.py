"""A hub with its webhooks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.webhooks.harness import Stage, staged


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """One municipality, which allows this machine by name."""
    with staged(tmp_path) as made:
        yield made
