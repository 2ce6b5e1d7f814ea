"""A hall with its hub."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from hub.model.configuration import Configuration
from tests.builders import a_town
from tests.delivery.harness import Stage, staged


@pytest.fixture
def staging(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Stage]]:
    """Make a hub for the towns that a test wants, on each kind of database."""
    with ExitStack() as stack:

        def make(*towns: Configuration, **more: Any) -> Stage:
            return stack.enter_context(staged(database, tmp_path, monkeypatch, *towns, **more))

        yield make


@pytest.fixture
def hall(staging: Callable[..., Stage]) -> Stage:
    """One hall, three courts, a lock system and lamps."""
    return staging(a_town())
