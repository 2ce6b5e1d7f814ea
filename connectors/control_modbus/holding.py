"""What is written again and again, since the device drops its outputs when nobody writes: so they end with the hub.

A hand is not fought: what differs though the device never missed us was set by somebody, and is let go of. So is what
the hub has not put anew by `Zone.until`: outputs end too when this process lives and the hub in it does not.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import AwareDatetime, BaseModel, ValidationError

from hub.model import Dim, Level, Setpoint, Switch, Zone, fulfils
from hub.sdk import ConnectorError, Lent, TransientError, ended

TIMES = 3
"""How often it is written within the device's patience: two of three may be lost."""


class _Kept(BaseModel):
    """What outlives this process."""

    level: Switch | Dim | Setpoint
    until: AwareDatetime | None


@dataclass
class _Held:
    """What should stand in one zone."""

    level: Switch | Dim | Setpoint
    until: datetime | None
    written: float | None = None
    """Loop time of the last write; None: an earlier process wrote it."""


class Holding:
    """Zones that are written again until they are let go of."""

    def __init__(
        self,
        patience: timedelta,
        lent: Lent,
        look: Callable[[str], Awaitable[Level]],
        write: Callable[[str, Level], Awaitable[None]],
    ) -> None:
        """Keep what it is given; `patience` is the device's."""
        self._patience, self._lent, self._look, self._write = patience.total_seconds(), lent, look, write
        self._held: dict[str, _Held] = {}
        self._turns: dict[str, asyncio.Lock] = {}
        self._silent: set[str] = set()
        self._going: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def turn(self, key: str) -> AsyncIterator[None]:
        """For whoever writes a zone, so that nothing older is written after it.

        Raises:
            TransientError: it is still being written.
        """
        lock = self._turns.setdefault(key, asyncio.Lock())
        try:
            async with asyncio.timeout(self._lent.timeout.total_seconds()):
                await lock.acquire()
        except TimeoutError:
            raise TransientError(f"zone {key}: an older write still waits for the device's answer") from None
        try:
            yield
        finally:
            lock.release()

    async def begin(self, keys: list[str]) -> None:
        """Go on where an earlier process was, and from then on."""
        for key in keys:
            if kept := await self._lent.state.get(_name(key)):
                with suppress(ValidationError):  # what another version kept counts as lost
                    was = _Kept.model_validate_json(kept)
                    self._held[key] = _Held(was.level, was.until)
        self._going = asyncio.get_running_loop().create_task(self._go_on())

    async def end(self) -> None:
        """Write no more: the device is on its own."""
        if self._going:
            await ended(self._going)

    async def hold(self, zone: Zone, level: Level) -> None:
        """Hold what was just written."""
        if isinstance(level, Switch | Dim | Setpoint):
            self._held[zone.key] = _Held(level, zone.until, _now())
            await self._lent.state.put(_name(zone.key), _Kept(level=level, until=zone.until).model_dump_json())

    async def let_go(self, key: str) -> None:
        """Write it no more; harmless when it is not held."""
        if self._held.pop(key, None):
            await self._lent.state.delete(_name(key))

    async def _go_on(self) -> None:
        while True:
            for key in list(self._held):
                await self._renew(key)
            await asyncio.sleep(self._patience / TIMES)

    async def _renew(self, key: str) -> None:
        try:
            async with self.turn(key):
                if held := self._held.get(key):
                    await self._again(key, held)
            self._silent.discard(key)
        except ConnectorError as error:
            if key not in self._silent:
                self._silent.add(key)
                self._lent.log.warning("zone %s cannot be written again, and may fall: %s", key, error)

    async def _again(self, key: str, held: _Held) -> None:
        wanted = held.until is None or self._lent.clock.now() < held.until
        if wanted and (fulfils(await self._look(key), held.level) or self._fell(held)):
            await self._write(key, held.level)
            held.written = _now()
            return
        await self.let_go(key)
        self._lent.touched(key)

    def _fell(self, held: _Held) -> bool:
        """Whether the device dropped it for want of us; after a restart only what has an end is known to be wanted."""
        if held.written is None:
            return held.until is not None
        return _now() - held.written >= self._patience


def _name(key: str) -> str:
    return f"held:{key}"


def _now() -> float:
    return asyncio.get_running_loop().time()
