"""A connector at a server, for the tests: ours or npm's."""

import asyncio
import io
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from connectors.control_opcua import OpcuaControl
from connectors.control_opcua.config import OpcuaConfig
from connectors.control_opcua.following import Patience
from connectors.control_opcua.simulator import OpcuaSimulator
from hub.conformance.driver import Memory, SetClock
from hub.sdk import Lent

DEADLINE = 8.0
"""Seconds after which a condition that is waited for will not come, on a busy machine."""
AT_ONCE = Patience(first=timedelta(milliseconds=20), most=timedelta(milliseconds=20))


@dataclass
class Room:
    """What the hub lends, and hears."""

    touched: list[str] = field(default_factory=list)
    told: io.StringIO = field(default_factory=io.StringIO)
    clock: SetClock = field(default_factory=SetClock)

    @asynccontextmanager
    async def connector(
        self,
        settings: Mapping[str, Any],
        *,
        timeout: float = 6.0,  # noqa: ASYNC109  (lent, not waited for)
        **lent: Any,
    ) -> AsyncIterator[OpcuaControl]:
        """A connector, opened."""
        log = logging.Logger("connector")  # noqa: LOG001  (of this test alone)
        log.addHandler(logging.StreamHandler(self.told))
        async with httpx.AsyncHTTPTransport(verify=False) as transport:
            own = Lent(
                transport=transport,
                clock=self.clock,
                state=Memory(),
                log=log,
                touched=self.touched.append,
                timeout=timedelta(seconds=timeout),
                **lent,
            )
            connector = OpcuaControl(OpcuaConfig.model_validate(settings), own)
            connector.following.patience = AT_ONCE
            try:
                await connector.open()
                yield connector
            finally:
                await connector.close()


@asynccontextmanager
async def server(**settings: Any) -> AsyncIterator[OpcuaSimulator]:
    """Ours, which misbehaves when it is told to."""
    simulator = OpcuaSimulator(SetClock(), settings=settings) if settings else OpcuaSimulator(SetClock())
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
