"""The loop that makes invoices when they are due: a timed effect of the domain, so it follows the domain's clock."""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta

from hub.clock import SECOND
from hub.masking import place_of
from hub.service.billing import AT_ONCE, Billing
from hub.store import entries
from hub.store.writer import Readers, Writer

LOG = logging.getLogger("hub.billing")
_LONGEST = 60.0
_REST = 0.05
"""Seconds between two looks: bookings come by the hundred, and few are invoiced at once."""


class Biller:
    """One process's loop. Several may run: each account is invoiced in one transaction."""

    def __init__(self, writer: Writer, readers: Readers, billing: Billing, *, idle: timedelta) -> None:
        self._writer, self._readers, self._billing, self._idle = writer, readers, billing, idle.total_seconds()
        self.wake = asyncio.Event()
        """Set by whoever has accepted something."""
        self.billed: Callable[[], None] = lambda: None
        """Called when invoices wait to be sent."""
        self._stopping = self._busy = False
        self._due = 0
        """When the next line may be invoiced, as was read last."""

    @property
    def is_idle(self) -> bool:
        """Whether nothing is in hand, and nobody has told of more."""
        return not (self._busy or self.wake.is_set())

    async def run(self) -> None:
        """Go on until told to stop."""
        while not self._stopping:
            self._busy = True
            self.wake.clear()
            try:
                more = await self.step()
                self._busy = False
                if not more:
                    await self._sleep()
                    await asyncio.sleep(_REST)
            except Exception as error:  # noqa: BLE001 - its text may hold anything
                LOG.error("cannot make invoices; trying again: %s", place_of(error))  # noqa: TRY400
                await asyncio.sleep(1)

    def stop(self) -> None:
        """Begin nothing more."""
        self._stopping = True
        self.wake.set()

    async def step(self) -> bool:
        """Make the invoices of some accounts, if any are due; says whether there may be more."""
        self._due = await self._readers.read(entries.next_due)
        if self._due > self._billing.now():
            return False
        count = await self._writer.call(self._billing.bill)
        if count:
            self.billed()
        return count >= AT_ONCE

    async def _sleep(self) -> None:
        """Until the next is due by the domain's clock, or somebody wakes us, but never long: that clock may jump."""
        left = (self._due - self._billing.now()) / SECOND
        try:
            await asyncio.wait_for(self.wake.wait(), min(_LONGEST, self._idle, max(left, 0.005)))
        except TimeoutError:
            return
