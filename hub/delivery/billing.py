"""The loop that makes invoices when they are due: a timed effect of the domain, so it follows the domain's clock."""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta

from hub.clock import NEVER, SECOND
from hub.masking import place_of
from hub.service.money.billing import AT_ONCE, Billing
from hub.store import entries
from hub.store.engine.database import AwayError
from hub.store.engine.writer import Readers, Writer

LOG = logging.getLogger("hub.billing")
_LONGEST = 60.0


class Biller:
    """One process's loop. Several may run: each account is invoiced in one transaction."""

    def __init__(self, writer: Writer, readers: Readers, billing: Billing, *, idle: timedelta) -> None:
        self._writer, self._readers, self._billing, self._idle = writer, readers, billing, idle.total_seconds()
        self.wake = asyncio.Event()
        """Set by whoever may have changed what is due; by a booking that is due later than all others it is not."""
        self.billed: Callable[[], None] = lambda: None
        """Called when invoices wait to be sent."""
        self._stopping = self._busy = False
        self._due = 0
        """When the next line may be invoiced, as was read last; NEVER while it is being read."""

    @property
    def is_idle(self) -> bool:
        """Whether nothing is in hand."""
        return not self._busy

    def owed(self, at: int) -> None:
        """A line was accepted that may be invoiced then. Bookings come by the hundred, and few are due next."""
        if at < self._due:
            self.wake.set()

    async def run(self) -> None:
        """Go on until told to stop."""
        while not self._stopping:
            self.wake.clear()
            self._due = NEVER
            try:
                if not await self.step():
                    await self._sleep()
            except Exception as error:  # noqa: BLE001 - its text may hold anything
                LOG.error("cannot make invoices; trying again: %s", place_of(error))  # noqa: TRY400
                await asyncio.sleep(1)

    def stop(self) -> None:
        """Begin nothing more."""
        self._stopping = True
        self.wake.set()

    async def step(self) -> bool:
        """Make the invoices of some accounts, if any are due; says whether there may be more."""
        self._due, over = await self._readers.read(lambda c: (entries.next_due(c), self._billing.over(c)))
        if over:
            await self._writer.call(self._billing.close, over)
        if self._due > self._billing.now():
            return False
        self._busy = True
        try:
            count = await self._bill()
        finally:
            self._busy = False
        if count:
            self.billed()
        return count >= AT_ONCE

    async def _bill(self) -> int:
        """All of some accounts in one transaction; where one of them stops it, each by itself."""
        try:
            return await self._writer.call(self._billing.bill)
        except AwayError:
            raise
        except Exception as error:  # noqa: BLE001 - a fault of ours, and its text may hold anything
            LOG.error("an account stops the others: %s", place_of(error))  # noqa: TRY400
        due = await self._readers.read(self._billing.due)
        for town, account in due:
            await self._bill_one(town, account)
        return len(due)

    async def _bill_one(self, municipality: str, account: str) -> None:
        try:
            await self._writer.call(self._billing.bill_one, municipality, account)
        except AwayError:
            raise
        except Exception as error:  # noqa: BLE001
            LOG.error("%s: an account cannot be invoiced: %s", municipality, place_of(error))  # noqa: TRY400
            await self._writer.call(self._billing.put_off, municipality, account, type(error).__name__)

    async def _sleep(self) -> None:
        """Until the next is due by the domain's clock, or somebody wakes us, but never long: that clock may jump."""
        left = (self._due - self._billing.now()) / SECOND
        try:
            await asyncio.wait_for(self.wake.wait(), min(_LONGEST, self._idle, max(left, 0.005)))
        except TimeoutError:
            return
