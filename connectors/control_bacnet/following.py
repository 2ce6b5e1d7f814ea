"""Subscriptions to changes (COV), renewed before they end: a device forgets its subscribers when it restarts.

Source: ASHRAE 135-2020, 13.1 and 13.14, by way of bacpypes3 0.0.110, its source, read 2026-11-26.
"""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta

from connectors.control_bacnet.client import Device
from connectors.control_bacnet.config import Point
from hub.sdk import ConnectorError, ended

TIMES = 3
"""How often within its life a subscription is renewed: two of three may be lost."""


class Following:
    """Zones or sensors of a connection, subscribed to until it ends."""

    def __init__(self, device: Device, points: Mapping[Point, str], lasts: timedelta, log: logging.Logger) -> None:
        """Keep what it is given: what each point is, for the log, and how long a subscription lasts."""
        self._device, self._points, self._log = device, points, log
        self._seconds = lasts.total_seconds()
        self._silent: set[Point] = set()
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
            await ended(self._going)

    async def _go_on(self) -> None:
        while True:
            for point, what in self._points.items():
                await self._subscribe(point, what)
            self._due.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._seconds / TIMES):
                    await self._due.wait()

    async def _subscribe(self, point: Point, what: str) -> None:
        try:
            await self._device.subscribe(point, int(self._seconds))
            self._silent.discard(point)
        except ConnectorError as error:
            if point not in self._silent:
                self._silent.add(point)
                self._log.warning("%s: no word of changes, which of a zone a look will show: %s", what, error)
