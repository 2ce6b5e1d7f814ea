"""The client against a live hub."""

from collections.abc import Iterator

import pytest

from hub.client import At
from tests.live import Live, live

__all__ = ["live"]


@pytest.fixture
def town(live: Live) -> Iterator[At]:
    with live.town() as town:
        yield town
