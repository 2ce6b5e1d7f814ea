"""The lines of an invoice; pure."""

from datetime import date
from decimal import Decimal

from lxml import etree

from connectors.finance_peppol.codes import OBJECT, ONE
from connectors.finance_peppol.xml import group, said, text
from hub.model import Invoice, InvoiceKind, InvoiceLine, VatCategory
from hub.sdk import RejectedError

CURRENCY = "SEK"
_BETWEEN, _OF = ";", ":"
"""Between dimensions of the accounting, and between a dimension and its code."""


def lines(invoice: Invoice, order: tuple[str, ...]) -> list[etree._Element | None]:
    """Each line, as an invoice or a credit note has it."""
    return [_line(line, invoice.kind, order) for line in invoice.lines]


def _line(line: InvoiceLine, kind: InvoiceKind, order: tuple[str, ...]) -> etree._Element | None:
    """A price below nothing is a quantity below nothing: a price may not be (BR-27)."""
    name, counted = (
        ("CreditNoteLine", "CreditedQuantity") if kind is InvoiceKind.CREDIT else ("InvoiceLine", "InvoicedQuantity")
    )
    sign = -1 if line.unit_price < 0 else 1
    return group(
        name,
        text("ID", line.id),
        text(counted, plain(sign * line.quantity), unitCode=ONE),
        amount("LineExtensionAmount", line.net),
        text("AccountingCost", accounting(line, order)),
        period(line.on, line.on),
        booking("DocumentReference", line.booking),
        group(
            "Item",
            text("Name", said(line.text) or line.article),
            group("SellersItemIdentification", text("ID", line.article)),
            category("ClassifiedTaxCategory", line.vat, line.rate),
        ),
        group("Price", amount("PriceAmount", sign * line.unit_price)),
    )


def category(name: str, vat: VatCategory, rate: Decimal, *why: etree._Element | None) -> etree._Element | None:
    """How something is taxed; what is outside VAT has no rate (BR-O-05)."""
    percent = None if vat is VatCategory.OUTSIDE else text("Percent", plain(rate))
    return group(name, text("ID", vat), percent, *why, group("TaxScheme", text("ID", "VAT")))


def period(first: date | None, last: date | None) -> etree._Element | None:
    """From one day to another, both included."""
    if first is None or last is None:
        return None
    return group("InvoicePeriod", text("StartDate", first.isoformat()), text("EndDate", last.isoformat()))


def booking(name: str, number: str) -> etree._Element | None:
    """What it is for: a booking number (BT-18, BT-128)."""
    known = text("ID", number)
    return None if known is None else group(name, known, text("DocumentTypeCode", OBJECT))


def accounting(line: InvoiceLine, order: tuple[str, ...]) -> str:
    """The accounting in one text, `konto:3411;ansvar:4711`: first as ordered, then by name.

    Raises:
        RejectedError: a dimension or code holds what stands between them.
    """
    names = [name for name in order if name in line.accounting]
    names += sorted(line.accounting.keys() - set(names))
    for part in (*names, *line.accounting.values()):
        if _BETWEEN in part or _OF in part:
            raise RejectedError(
                f"{_BETWEEN} or {_OF} stands in the accounting of line {line.id}; correct the article's"
            )
    return _BETWEEN.join(f"{name}{_OF}{line.accounting[name]}" for name in names if line.accounting[name])


def amount(name: str, value: Decimal) -> etree._Element | None:
    """Kronor with two decimals."""
    return text(name, f"{value + 0:.2f}", currencyID=CURRENCY)  # nothing has no sign


def plain(number: Decimal) -> str:
    """As short as it can be said, for equal numbers are written alike: 25, 0.5."""
    whole = f"{number:f}"
    return whole.rstrip("0").rstrip(".") if "." in whole else whole
