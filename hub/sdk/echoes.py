"""What devices tell of their zones by themselves: who waits for it, and what of it is news for the hub."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain

from hub.model import Level
from hub.sdk.connector import Lent
from hub.sdk.errors import ConnectorError, RejectedError


class Waiting:
    """Someone who waits for a device to tell a level that will do."""

    def __init__(self, will_do: Callable[[Level], bool], *, retained: bool) -> None:
        """Begin to wait; `retained`: what was told before and kept will do too."""
        self._will_do, self.retained = will_do, retained
        self._told: asyncio.Future[Level] = asyncio.get_running_loop().create_future()
        self._told.add_done_callback(lambda told: told.cancelled() or told.exception())
        self.puzzle: RejectedError | None = None
        """Why something that came meanwhile could not be read."""

    @property
    def is_open(self) -> bool:
        """Whether nothing that will do has come."""
        return not self._told.done()

    async def level(self, until: float) -> Level | None:
        """Give the level that will do; None: none did until that loop time. Raises what `Echoes.lose` was given."""
        try:
            async with asyncio.timeout_at(until):
                return await self._told
        except TimeoutError:
            return None

    def offer(self, level: Level) -> bool:
        """Take it if it will do."""
        if not self._will_do(level):
            return False
        self._told.set_result(level)
        return True

    def fail(self, error: ConnectorError) -> None:
        """Stop waiting."""
        if self.is_open:
            self._told.set_exception(error)


class Echoes:
    """The levels that the devices of a connection tell, for those who wait and else for the hub.

    A zone is `touched` when its device tells another level than it told last and nobody waits: somebody set it by hand.
    """

    def __init__(self, lent: Lent) -> None:
        """Know nothing yet."""
        self._lent = lent
        self._known: dict[str, Level] = {}
        self._waiting: dict[str, list[Waiting]] = defaultdict(list)
        self._puzzled: set[str] = set()

    @contextmanager
    def awaited(self, key: str, level: Level | None = None, *, retained: bool = False) -> Iterator[Waiting]:
        """Wait for a zone's device to tell a level; None: whichever."""
        waiting = Waiting(lambda told: level is None or told == level, retained=retained)
        self._waiting[key].append(waiting)
        try:
            yield waiting
        finally:
            self._waiting[key].remove(waiting)

    def told(self, key: str, level: Level, *, retained: bool = False) -> None:
        """Give a level to those who wait, or tell the hub that it changed without us.

        A retained one proves nothing; where it differs from what we know, something happened while we were away.
        """
        self._puzzled.discard(key)
        waiting = [one for one in self._waiting[key] if one.is_open and (one.retained or not retained)]
        if retained and not waiting:
            if self._known.get(key, level) != level:
                self._lent.touched(key)
            return
        taken = [one for one in waiting if one.offer(level)]
        if not waiting and self._known.get(key) != level:
            self._lent.touched(key)
        if taken or not waiting:
            self._known[key] = level

    def puzzle(self, key: str, error: RejectedError) -> None:
        """Tell those who wait, should nothing better come, or once the log, that something cannot be read."""
        for waiting in self._waiting[key]:
            waiting.puzzle = error
        if not self._waiting[key] and key not in self._puzzled:
            self._puzzled.add(key)
            self._lent.log.warning("%s", error)

    def lose(self, error: ConnectorError) -> None:
        """Let nobody wait on: the way to the devices was lost, and nothing will be told over it."""
        for waiting in chain.from_iterable(self._waiting.values()):
            waiting.fail(error)
