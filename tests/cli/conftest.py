"""The command line against a live hub."""

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from hub.cli.main import knutpunkt
from tests.live import Live, live

__all__ = ["live"]

Run = Callable[..., Result]


@pytest.fixture
def run(live: Live) -> Run:
    """Give a command as a person types it, where the hub's variables are set."""
    set_ = {"KNUTPUNKT_URL": live.url, "KNUTPUNKT_DATABASE": live.database, "KNUTPUNKT_KEY": None, "LANG": "C"}

    def run(*words: str, sent: bytes | None = None, **variables: str | None) -> Result:
        return CliRunner().invoke(knutpunkt, list(words), input=sent, env=set_ | variables, prog_name="knutpunkt")

    return run
