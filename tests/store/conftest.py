"""A database with its tables."""

from pathlib import Path

import pytest

from tests.delivery.harness import empty_database


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The address of an empty database of this test's own."""
    file = tmp_path / "hub.db"
    file.write_bytes(empty_database())
    return f"sqlite:///{file}"
