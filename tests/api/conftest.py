"""The hub behind its API."""

from collections.abc import Iterator

import pytest

from tests.api.site import Site, running


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A hub of this test's own."""
    with running(tmp_path_factory.mktemp("site"), monkeypatch) as site:
        yield site


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One for a file of tests that change nothing."""
    with pytest.MonkeyPatch.context() as monkeypatch, running(tmp_path_factory.mktemp("site"), monkeypatch) as site:
        yield site
