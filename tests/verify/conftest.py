"""A hall whose hub verifies, and a live hub with its command line."""

from tests.cli.conftest import run
from tests.delivery.conftest import hall, staging
from tests.live import live

__all__ = ["hall", "live", "run", "staging"]
