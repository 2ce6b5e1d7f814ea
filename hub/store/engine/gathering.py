"""What an event loop asks the writer for, gathered until the loop comes to rest, and then handed over together.

A transaction costs as much as three bookings, each hand-over between threads a wait for the interpreter's lock, and
while the loop is at work a transaction that begins only takes turns with it. So while each look finds more than the
last, the next is waited for. What is asked for alone, when nobody was answered just now, is handed over at once. Where
nobody else writes to the database nothing is handed over while a transaction is under way, for it could not begin.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

Item = TypeVar("Item")

QUIET_SECONDS = 0.0005
"""In which nothing more came: long enough for a caller on this machine that was answered to ask again."""
LONGEST_SECONDS = 0.02
"""That anything is gathered for: what a transaction of thirty bookings takes."""
_TURNS = 2
"""Of a loop, in which who was told writes his answer and it is sent."""


class Gathering(Generic[Item]):
    """Filled and emptied in the thread of each event loop; told by the writer's thread when it has nothing left."""

    def __init__(self, hand_over: Callable[[list[Item]], None], *, most: int, holds: bool) -> None:
        """Hand over to that, `most` at a time at least; `holds`: nothing while a transaction is under way."""
        self._hand_over, self._most, self._holds = hand_over, most, holds
        self._gathered: dict[asyncio.AbstractEventLoop, list[Item]] = {}
        self._busy = False
        self._answered_at = 0.0

    def add(self, loop: asyncio.AbstractEventLoop, item: Item) -> None:
        """Gather it; called in that loop, which runs."""
        gathered = self._gathered.setdefault(loop, [])
        gathered.append(item)
        if len(gathered) > 1 or self._busy:
            return
        now = time.monotonic()
        if now - self._answered_at < QUIET_SECONDS:
            self._wait(loop, now)
        else:
            loop.call_soon(self._look, loop, 1, now + LONGEST_SECONDS)

    def rested(self, answered: Iterable[asyncio.AbstractEventLoop]) -> None:
        """The writer has nothing left, and has answered whoever asked in these loops; called in its thread."""
        self._busy = False
        asked = Counter(answered)
        for loop in {*asked, *tuple(self._gathered)}:
            if (asked[loop] > 1 or loop in self._gathered) and not loop.is_closed():
                loop.call_soon_threadsafe(self._after, loop, asked[loop], _TURNS)

    def all(self) -> None:
        """Hand over what there is."""
        for loop in tuple(self._gathered):
            self._give(loop)

    def _after(self, loop: asyncio.AbstractEventLoop, answered: int, turns: int) -> None:
        """Once the answers are written and sent; of several who have theirs some will ask again."""
        if turns:
            loop.call_soon(self._after, loop, answered, turns - 1)
            return
        now = time.monotonic()
        if answered > 1:
            self._answered_at = now
        if loop in self._gathered:
            self._wait(loop, now)

    def _wait(self, loop: asyncio.AbstractEventLoop, now: float) -> None:
        """Look whether more comes."""
        known = len(self._gathered.get(loop, ()))
        self._later(loop, known, now + LONGEST_SECONDS)

    def _later(self, loop: asyncio.AbstractEventLoop, known: int, until: float) -> None:
        """Look once that turn has run its course: what it has read asks for more before that."""
        loop.call_later(QUIET_SECONDS, loop.call_soon, self._look, loop, known, until)

    def _look(self, loop: asyncio.AbstractEventLoop, known: int, until: float) -> None:
        """Hand over, unless more came than was known."""
        if self._busy or loop not in self._gathered:
            return
        count = len(self._gathered[loop])
        if known < count < self._most and time.monotonic() < until:
            self._later(loop, count, until)
        else:
            self._give(loop)

    def _give(self, loop: asyncio.AbstractEventLoop) -> None:
        self._busy = self._holds
        self._hand_over(self._gathered.pop(loop))
