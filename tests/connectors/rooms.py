"""What the tests of connectors share: what a hub lends, a simulator that is up, and waiting until something is so."""

import asyncio
import io
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

import httpx

from hub.conformance.driver import Memory, SetClock
from hub.sdk import Connector, Lent, ListeningSimulator, RawItem, TransientError, UnknownOutcomeError

DEADLINE = 8.0
"""Seconds after which a condition that is waited for will not come, on a busy machine."""

ConnectorT = TypeVar("ConnectorT", bound=Connector[Any])
SimulatorT = TypeVar("SimulatorT", bound=ListeningSimulator)


@dataclass
class Lending:
    """What the hub lends, and hears; it outlives a connector, as the hub outlives a process."""

    clock: SetClock = field(default_factory=SetClock)
    state: Memory = field(default_factory=Memory)
    touched: list[str] = field(default_factory=list)
    heard: list[RawItem] = field(default_factory=list)
    told: io.StringIO = field(default_factory=io.StringIO)

    @asynccontextmanager
    async def opened(
        self, make: Callable[[Lent], ConnectorT], *, seconds: float, opened: bool = True, **more: Any
    ) -> AsyncIterator[ConnectorT]:
        """A connector that is made of it, opened. `seconds`: the time-out that it is lent."""
        log = logging.Logger("connector")  # noqa: LOG001  (of this test alone)
        log.addHandler(logging.StreamHandler(self.told))
        async with httpx.AsyncHTTPTransport(verify=False) as transport:
            own: dict[str, Any] = {"transport": transport, "clock": self.clock, "state": self.state, "log": log}
            own |= {"touched": self.touched.append, "heard": self.heard.append}
            connector = make(Lent(timeout=timedelta(seconds=seconds), **own | more))
            try:
                if opened:
                    await connector.open()
                yield connector
            finally:
                await connector.close()


@asynccontextmanager
async def up(simulator: SimulatorT) -> AsyncIterator[SimulatorT]:
    """A simulator that listens."""
    await simulator.start()
    try:
        yield simulator
    finally:
        await simulator.stop()


async def eventually(so: Callable[[], bool], why: str = "") -> None:
    """Wait until it is so."""
    give_up = asyncio.get_running_loop().time() + DEADLINE
    while not so():
        assert asyncio.get_running_loop().time() < give_up, why or "it never came to be so"
        await asyncio.sleep(0.005)


async def at_last(send: Callable[[], Awaitable[Any]]) -> Any:
    """Send again until it works, as delivery would."""
    give_up = asyncio.get_running_loop().time() + DEADLINE
    while True:
        try:
            return await send()
        except (TransientError, UnknownOutcomeError):
            if asyncio.get_running_loop().time() > give_up:
                raise
            await asyncio.sleep(0.02)
