"""Finance systems with state: one that can be asked, one that knows a double, and one that can do neither."""

from hub.model import Invoice, InvoiceKind
from hub.sdk import About, Connector, Finance, FindsInvoices, Lent, Receipt, RepeatsSafely
from tests.delivery.fakes import FakeConfig, System


class LedgerSystem(System):
    """Invoices, in the order in which they came."""

    def __init__(self) -> None:
        super().__init__()
        self.came: list[Invoice] = []
        self.knows_doubles = False

    def take(self, invoice: Invoice) -> Receipt:
        same = [one for one in self.came if one.key == invoice.key]
        if not (same and self.knows_doubles):
            self.came.append(invoice)
        assert all(one == invoice for one in same), "a second is the same to the letter"
        return Receipt(f"L-{invoice.key}")

    def find(self, key: str) -> Receipt | None:
        return next((Receipt(f"L-{key}") for one in self.came if one.key == key), None)

    @property
    def keys(self) -> list[str]:
        return [one.key for one in self.came]

    @property
    def owed(self) -> int:
        """Öre that customers owe: what was charged, less what was credited."""
        signs = {InvoiceKind.INVOICE: 100, InvoiceKind.CREDIT: -100}
        return int(sum(signs[one.kind] * one.payable for one in self.came))


LEDGERS: dict[str, LedgerSystem] = {}
"""By the name that a connection's settings give."""


class MuteLedger(Connector[FakeConfig], Finance):
    """Takes invoices, and can be asked nothing."""

    knows_doubles = False

    def __init__(self, config: FakeConfig, lent: Lent) -> None:
        super().__init__(config, lent)
        self.system = LEDGERS.setdefault(config.system, LedgerSystem())
        self.system.knows_doubles = self.knows_doubles

    async def check(self) -> About:
        return await self.system.call("read", "about", lambda: self.system.about)

    async def send_invoice(self, invoice: Invoice) -> Receipt:
        return await self.system.call("send", invoice.key, lambda: self.system.take(invoice))


class FakeLedger(MuteLedger, FindsInvoices):
    """Takes invoices, and says which it has."""

    async def find_invoice(self, key: str) -> Receipt | None:
        return await self.system.call("read", key, lambda: self.system.find(key))


class FolderLedger(MuteLedger, RepeatsSafely):
    """Takes the same invoice again as the same."""

    knows_doubles = True


OFFERED = (FakeLedger, MuteLedger, FolderLedger)
