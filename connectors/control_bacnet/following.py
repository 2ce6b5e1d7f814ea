"""Subscriptions to changes (COV), renewed before they end: a device forgets its subscribers when it restarts.

Source: ASHRAE 135-2020, 13.1 and 13.14, by way of bacpypes3 0.0.110, its source, read 2026-11-26.
"""

import asyncio
import logging
from contextlib import suppress

from connectors.control_bacnet.client import Device
from connectors.control_bacnet.config import BacnetConfig
from hub.sdk import ConnectorError

TIMES = 3
"""How often within its life a subscription is renewed: two of three may be lost."""


class Following:
    """Every zone of a connection, subscribed to until it ends."""

    def __init__(self, device: Device, config: BacnetConfig, log: logging.Logger) -> None:
        """Keep what it is given."""
        self._device, self._config, self._log = device, config, log
        self._seconds = config.changes_for.total_seconds() if config.changes_for else 0
        self._silent: set[str] = set()
        self._going: asyncio.Task[None] | None = None
        self._due = asyncio.Event()

    def begin(self) -> None:
        """Subscribe, and from then on renew."""
        self._going = asyncio.get_running_loop().create_task(self._go_on())

    def renew_now(self) -> None:
        """Do not wait for the next time: the device was silent, and may have been started again."""
        self._due.set()

    async def end(self) -> None:
        """Renew no more; the device lets the subscriptions end."""
        if self._going:
            self._going.cancel()
            await asyncio.gather(self._going, return_exceptions=True)

    async def _go_on(self) -> None:
        while True:
            for key in self._config.zones:
                await self._subscribe(key)
            self._due.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._seconds / TIMES):
                    await self._due.wait()

    async def _subscribe(self, key: str) -> None:
        try:
            await self._device.subscribe(self._config.zones[key].point, int(self._seconds))
            self._silent.discard(key)
        except ConnectorError as error:
            if key not in self._silent:
                self._silent.add(key)
                self._log.warning("zone %s: no word of changes, which a look will show: %s", key, error)
