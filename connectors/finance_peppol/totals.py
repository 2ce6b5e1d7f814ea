"""The arithmetic of an invoice, worked out again before it is written; and what it comes to. Pure.

The official rules let VAT be wrong by up to a krona (BR-CO-17), take any rounding, and the same line id twice: so all
of that is held here, to the öre.
"""

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

from lxml import etree

from connectors.finance_peppol.codes import OUTSIDE, RATES, TRANSFER
from connectors.finance_peppol.config import PeppolConfig
from connectors.finance_peppol.lines import amount, category, plain
from connectors.finance_peppol.xml import group, said, text
from hub.model import Invoice, InvoiceKind, InvoiceLine, Tax, VatCategory
from hub.sdk import RejectedError

ORE = Decimal("0.01")
MOST_ROUNDED = {InvoiceKind.INVOICE: Decimal("0.50"), InvoiceKind.CREDIT: Decimal("0.99")}
"""Two roundings may meet in what is credited: that of what remained before it, and that of what remains."""


def proven(invoice: Invoice) -> None:
    """Raise RejectedError, which names everything that is wrong, unless the invoice can be sent as it is."""
    faults = [*_of_lines(invoice), *_of_vat(invoice), *_of_the_whole(invoice)]
    if faults:
        raise RejectedError(f"{'; '.join(faults)}: correct what made the invoice, and make it anew under another key")


def _of_lines(invoice: Invoice) -> Iterator[str]:
    ids = [said(line.id) for line in invoice.lines]
    if len(set(ids)) != len(ids) or not all(ids):
        yield "a line id stands twice, or is none"
    for line in invoice.lines:
        if not (said(line.text) or said(line.article)):
            yield f"line {line.id}: neither text nor article says anything"
        if line.net != _ore(line.quantity * line.unit_price):
            yield f"line {line.id}: net is not quantity times price"
        if invoice.period and line.on and not invoice.period[0] <= line.on <= invoice.period[1]:
            yield f"line {line.id}: its day is outside the invoice's period (PEPPOL-EN16931-R110, -R111)"


def _of_vat(invoice: Invoice) -> Iterator[str]:
    if len({line.vat is VatCategory.OUTSIDE for line in invoice.lines}) > 1:
        yield "what is outside VAT (O) stands beside what is not, which one document cannot hold (BR-O-12)"
    for line in invoice.lines:
        if (line.vat is VatCategory.STANDARD and plain(line.rate) not in RATES) or (
            line.vat is not VatCategory.STANDARD and line.rate
        ):
            yield f"line {line.id}: VAT of {plain(line.rate)} % is none of category {line.vat} (SE-R-006, BR-E-05)"
    nets = _nets(invoice.lines)
    if [(tax.vat, tax.rate) for tax in invoice.taxes] != sorted(nets):
        yield "VAT is not told once for each category and rate of the lines"
        return
    slack = ORE if invoice.kind is InvoiceKind.CREDIT else Decimal(0)
    for tax in invoice.taxes:
        net = nets[tax.vat, tax.rate]
        if tax.net != net or tax.tax < 0 or abs(tax.tax - _ore(net * tax.rate / 100)) > slack:
            yield f"VAT of {plain(tax.rate)} % is not that of its lines"
        if tax.tax and tax.vat is not VatCategory.STANDARD:
            yield f"category {tax.vat} has VAT"


def _of_the_whole(invoice: Invoice) -> Iterator[str]:
    if invoice.payable < 0:
        yield "it comes to less than nothing, and is a credit note"
    whole = invoice.whole_kronor and not invoice.payable % 1
    if invoice.rounding and (abs(invoice.rounding) > MOST_ROUNDED[invoice.kind] or not whole):
        yield "its rounding does not lead to the nearest whole krona"
    if invoice.period and invoice.period[0] > invoice.period[1]:
        yield "its period ends before it begins"


def _nets(lines: tuple[InvoiceLine, ...]) -> dict[tuple[VatCategory, Decimal], Decimal]:
    found: dict[tuple[VatCategory, Decimal], Decimal] = {}
    for line in lines:
        found[line.vat, line.rate] = found.get((line.vat, line.rate), Decimal(0)) + line.net
    return found


def _ore(value: Decimal) -> Decimal:
    return value.quantize(ORE, ROUND_HALF_UP)


def tax_total(invoice: Invoice, config: PeppolConfig) -> etree._Element | None:
    """VAT, with one part for each category and rate."""
    parts = (_part(tax, config) for tax in invoice.taxes)
    return group("TaxTotal", amount("TaxAmount", invoice.vat), *parts)


def _part(tax: Tax, config: PeppolConfig) -> etree._Element | None:
    reasons = {
        VatCategory.STANDARD: ("", ""),
        VatCategory.EXEMPT: (config.exemption_code or "", config.exemption_reason),
        VatCategory.OUTSIDE: OUTSIDE,
    }
    code, reason = reasons[tax.vat]
    why = text("TaxExemptionReasonCode", code), text("TaxExemptionReason", reason)
    return group(
        "TaxSubtotal",
        amount("TaxableAmount", tax.net),
        amount("TaxAmount", tax.tax),
        category("TaxCategory", tax.vat, tax.rate, *why),
    )


def monetary_total(invoice: Invoice) -> etree._Element | None:
    """What it comes to, and what is paid."""
    return group(
        "LegalMonetaryTotal",
        amount("LineExtensionAmount", invoice.net),
        amount("TaxExclusiveAmount", invoice.net),
        amount("TaxInclusiveAmount", invoice.total),
        amount("PayableRoundingAmount", invoice.rounding) if invoice.whole_kronor else None,
        amount("PayableAmount", invoice.payable),
    )


def payment(invoice: Invoice, config: PeppolConfig) -> etree._Element | None:
    """How it is paid. A credit note has its day here (BT-9), for it has no DueDate."""
    branch, number = config.account
    credit = invoice.kind is InvoiceKind.CREDIT
    return group(
        "PaymentMeans",
        text("PaymentMeansCode", TRANSFER),
        text("PaymentDueDate", invoice.due.isoformat()) if credit else None,
        text("PaymentID", invoice.key),
        group(
            "PayeeFinancialAccount",
            text("ID", number),
            group("FinancialInstitutionBranch", text("ID", branch)),
        ),
    )
