"""A database with its tables."""

import pytest


@pytest.fixture
def url(database: str) -> str:
    """The address of an empty database of this test's own, of each kind."""
    return database
