"""A connector at a device, for the tests: ours or npm's."""

import asyncio
import io
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from connectors.control_bacnet import BacnetControl
from connectors.control_bacnet.config import BacnetConfig
from connectors.control_bacnet.simulator import BacnetSimulator
from hub.conformance.driver import Memory, SetClock
from hub.sdk import Lent, RawItem

DEADLINE = 8.0
"""Seconds after which a condition that is waited for will not come, on a busy machine."""


@dataclass
class Room:
    """What the hub lends, and hears."""

    touched: list[str] = field(default_factory=list)
    heard: list[RawItem] = field(default_factory=list)
    told: io.StringIO = field(default_factory=io.StringIO)

    @asynccontextmanager
    async def connector(
        self,
        settings: Mapping[str, Any],
        *,
        timeout: float = 6.0,  # noqa: ASYNC109  (lent, not waited for)
        **lent: Any,
    ) -> AsyncIterator[BacnetControl]:
        """A connector, opened."""
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
            connector = BacnetControl(BacnetConfig.model_validate(settings), own)
            try:
                await connector.open()
                yield connector
            finally:
                await connector.close()


@asynccontextmanager
async def device(**settings: Any) -> AsyncIterator[BacnetSimulator]:
    """Ours, which misbehaves when it is told to."""
    simulator = BacnetSimulator(SetClock(), settings=settings) if settings else BacnetSimulator(SetClock())
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
