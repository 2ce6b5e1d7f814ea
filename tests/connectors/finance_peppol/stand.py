"""What the tests of this connector have in common: settings, an invoice, and a connector between what it is lent."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from lxml import etree

from connectors.finance_peppol import PeppolFinance
from connectors.finance_peppol.config import PeppolConfig
from connectors.finance_peppol.simulator import AccessPoint
from connectors.finance_peppol.translate import parcel
from connectors.finance_peppol.xml import NAMESPACES
from hub.conformance.driver import Memory, SetClock
from hub.model import (
    Invoice,
    InvoiceKind,
    InvoiceLine,
    OrganisationNumber,
    Party,
    PostalAddress,
    VatCategory,
)
from hub.sdk import Lent
from hub.sdk.http import transport

SUPPLIER = {"name": "Umeå kommun", "organisation_number": "212000-2627", "city": "Umeå", "f_tax": True}
SETTINGS: Mapping[str, Any] = {
    "supplier": SUPPLIER, "bankgiro": "991-2346", "organisation_as_address": True, "folder": "/srv/out"
}  # fmt: skip
CLUB = Party(
    name="Umeå Badmintonklubb", organisation_number=OrganisationNumber.parse("802400-0005"), reference="Anna Ek",
    address=PostalAddress(street="Storgatan 1", postcode="903 26", city="Umeå"),
)  # fmt: skip


def settings(**more: Any) -> PeppolConfig:
    return PeppolConfig.model_validate({**SETTINGS, **more})


def a_line(
    n: int = 1, price: str = "120.00", vat: str = "E", rate: str = "0", quantity: str = "1", **more: Any
) -> InvoiceLine:
    net = (Decimal(price) * Decimal(quantity)).quantize(Decimal("0.01"), "ROUND_HALF_UP")
    told = {"id": str(n), "text": "Badmintonbana", "article": "BADM-60", "accounting": {"konto": "3411"}} | more
    return InvoiceLine(
        quantity=Decimal(quantity), unit_price=Decimal(price), net=net, vat=VatCategory(vat), rate=Decimal(rate), **told
    )


def an_invoice(*lines: InvoiceLine, **more: Any) -> Invoice:
    told = {
        "key": "B-1.i1", "booking": "B-1", "customer": CLUB, "issued": date(2026, 11, 26), "due": date(2026, 12, 26),
        "lines": lines or (a_line(), a_line(2, "200.00", "S", "25")),
    } | more  # fmt: skip
    return Invoice.model_validate(told)


def a_credit(*lines: InvoiceLine, **more: Any) -> Invoice:
    return an_invoice(*lines, **{"key": "B-1.c1", "kind": InvoiceKind.CREDIT, "credits": "B-1.i1"} | more)


def xml_of(invoice: Invoice, **more: Any) -> etree._Element:
    return etree.fromstring(parcel(invoice, settings(**more)).document)


def texts(root: etree._Element, path: str) -> list[str | None]:
    """What stands at each place that the path finds."""
    return [one.text for one in root.iterfind(path, NAMESPACES)]


def lent(seconds: float = 20) -> Lent:
    return Lent(
        transport=transport(), clock=SetClock(), state=Memory(), log=logging.getLogger("peppol"),
        timeout=timedelta(seconds=seconds),
    )  # fmt: skip


def in_folder(folder: Path, *, seconds: float = 20, **more: Any) -> PeppolFinance:
    """A connector that lays its files in a folder of this machine."""
    return PeppolFinance(settings(folder=str(folder), **more), lent(seconds))


@asynccontextmanager
async def with_access_point(*, seconds: float = 20, **more: Any) -> AsyncIterator[tuple[PeppolFinance, AccessPoint]]:
    """A connector, and the access point's SFTP server that its settings lead to; `sftp` adds to what they say of it."""
    point = AccessPoint(SetClock())
    await point.start()
    try:
        told = dict(point.config())
        server: Any = told["sftp"]
        told["sftp"] = {**server, **more.pop("sftp", {})}
        yield PeppolFinance(PeppolConfig.model_validate({**told, **more}), lent(seconds)), point
    finally:
        await point.stop()


def run(story: Callable[[], Awaitable[None]]) -> None:
    async def within() -> None:
        async with asyncio.timeout(60):
            await story()

    asyncio.run(within())


def names(folder: Path) -> list[str]:
    """Every file below a folder, hidden ones too."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
