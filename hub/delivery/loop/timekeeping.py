"""Notices when the machine's clock was set, for nothing that waits for a moment hears of it by itself.

Set forward, it has ended what goes on; set back, it puts off for as long all that is to be tried again. Both are made
good by looking anew at what the two times tell apart.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from hub.clock import running_seconds

LEAST_SECONDS = 2.0
"""What is less is how a clock is kept right."""
EVERY_SECONDS = 1.0


def _ahead() -> float:
    return time.time() - running_seconds()


class Timekeeping:
    """The loop. `was_set` is told by how many seconds; it must not raise."""

    def __init__(self, was_set: Callable[[float], Awaitable[None]]) -> None:
        self._was_set, self._ahead, self._stopping = was_set, _ahead(), asyncio.Event()

    async def run(self) -> None:
        """Go on until told to stop."""
        while not self._stopping.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), EVERY_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Compare with the clock that is never set."""
        before, self._ahead = self._ahead, _ahead()
        if abs(self._ahead - before) >= LEAST_SECONDS:
            await self._was_set(self._ahead - before)

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
