"""Invoices to an access point, and what buyers answer."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import BinaryIO

from connectors.finance_peppol import answers
from connectors.finance_peppol.client import Outbox
from connectors.finance_peppol.config import PeppolConfig
from connectors.finance_peppol.translate import name_of, parcel
from hub.model import Invoice, Message
from hub.sdk import (
    About,
    Condition,
    Connector,
    Finance,
    FindsInvoices,
    Lent,
    Pace,
    RawItem,
    ReadsFiles,
    Receipt,
    RepeatsSafely,
)


class PeppolFinance(Connector[PeppolConfig], Finance, FindsInvoices, RepeatsSafely, ReadsFiles):
    """One supplier's invoices, by one access point."""

    pace = Pace(calls_at_once=4, timeout=timedelta(seconds=20), lands_within=timedelta(seconds=30))

    def __init__(self, config: PeppolConfig, lent: Lent) -> None:
        """Reach the folder with each invoice."""
        super().__init__(config, lent)
        self._outbox = Outbox(config, lent)

    async def check(self) -> About:
        waiting = await self._outbox.waiting()
        return About(
            version=f"Peppol BIS Billing {self.config.rules}", detail=f"{waiting} not yet taken by the access point"
        )

    async def send_invoice(self, invoice: Invoice) -> Receipt:
        written = parcel(invoice, self.config)
        await self._outbox.hand_over(written)
        return _receipt(written.name)

    async def find_invoice(self, key: str) -> Receipt | None:
        name = name_of(key)
        return _receipt(name) if await self._outbox.has(name) else None

    def read_file(self, file: BinaryIO) -> Iterator[RawItem]:
        yield from answers.read(file)

    def translate(self, item: RawItem) -> Iterable[Message]:
        return [answers.answered(item, self.config.supplier.address)]


def _receipt(name: str) -> Receipt:
    """Handed over: what becomes of it is told later, if the buyer answers."""
    return Receipt(f"{name}.xml", Condition.SENT)
