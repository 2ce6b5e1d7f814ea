"""A connector on a bus, for the tests: the simulator's, or knxd's."""

import asyncio
import io
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from connectors.control_knx import KnxControl
from connectors.control_knx.client import Patience
from connectors.control_knx.config import KnxConfig
from connectors.control_knx.simulator import KnxSimulator
from hub.conformance.driver import Memory, SetClock
from hub.sdk import Lent, RawItem, TransientError, UnknownOutcomeError

DEADLINE = 8.0
"""Seconds after which a condition that is waited for will not come, on a busy machine."""


@dataclass
class House:
    """What the hub lends, and hears."""

    touched: list[str] = field(default_factory=list)
    heard: list[RawItem] = field(default_factory=list)
    told: io.StringIO = field(default_factory=io.StringIO)

    @asynccontextmanager
    async def connector(
        self,
        settings: Mapping[str, Any],
        *,
        timeout: float = 5.0,  # noqa: ASYNC109  (lent, not waited for)
        opened: bool = True,
        **lent: Any,
    ) -> AsyncIterator[KnxControl]:
        """A connector, opened, that comes back quickly."""
        log = logging.Logger("connector")  # noqa: LOG001  (of this test alone)
        log.addHandler(logging.StreamHandler(self.told))
        async with httpx.AsyncHTTPTransport(verify=False) as transport:
            own = Lent(
                transport=transport,
                clock=SetClock(),
                state=Memory(),
                log=log,
                touched=self.touched.append,
                heard=self.heard.append,
                timeout=timedelta(seconds=timeout),
                **lent,
            )
            connector = KnxControl(KnxConfig.model_validate(settings), own)
            connector.bus.patience = Patience(first=timedelta(milliseconds=20))
            try:
                if opened:
                    await connector.open()
                yield connector
            finally:
                await connector.close()


@asynccontextmanager
async def interface(kind: type[KnxSimulator] = KnxSimulator, **settings: Any) -> AsyncIterator[KnxSimulator]:
    """Ours, which misbehaves when it is told to."""
    simulator = kind(SetClock(), settings=settings) if settings else kind(SetClock())
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
