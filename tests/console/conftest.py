"""The console of a live hub."""

from tests.live import live

__all__ = ["live"]
