"""Carrying an invoice: the same bytes each time, and a credit note never before what it takes off from."""

from functools import partial

from hub.clock import HOUR
from hub.delivery.errands.leasing import Loaded
from hub.delivery.errands.outcomes import Outcome, put_off
from hub.delivery.errands.records import RecordErrand
from hub.delivery.reach.running import Running
from hub.model import Invoice
from hub.sdk import Finance, FindsInvoices
from hub.service.money.billing import opened
from hub.store.problems import Cause
from hub.store.seals.sealing import Seal


class InvoiceErrand(RecordErrand):
    """One invoice or credit note."""

    whom_to_ask = "the finance system"

    def __init__(self, loaded: Loaded, running: Running, now: int, seal: Seal) -> None:
        self._seal = seal
        super().__init__(loaded, running, now)

    def idle(self) -> Outcome | None:
        """A credit note waits until its invoice has gone out: that wakes it."""
        if outcome := super().idle():
            return outcome
        if self.loaded.bill and not self.loaded.bill.may_go:
            return put_off(self.lane, until=self.now + HOUR)
        return self.left_to_a_person()

    async def run(self) -> Outcome:
        """Send it, or find that it was sent."""
        connector, bill = self.running.connector, self.loaded.bill
        if not isinstance(connector, Finance):
            return self.stuck("the connection takes no invoices", Cause("rejected", "takes no invoices"))
        if bill is None:
            return self.stuck("the invoice is not in the database", Cause("rejected", "no such invoice"))
        invoice: Invoice = opened(bill.stored, self.lane.municipality, self._seal)
        find = partial(connector.find_invoice, invoice.key) if isinstance(connector, FindsInvoices) else None
        return await self.once(partial(connector.send_invoice, invoice), find)
