"""An invoice as a UBL document with its manifest; pure, and the same bytes every time. What comes back: `answers.py`.

Source: Peppol BIS Billing 3.0.19, UBL 2.1 Invoice and CreditNote, EN 16931, read 2026-11-26.
"""

import json
from collections.abc import Iterator
from hashlib import sha256

from connectors.finance_peppol import lines, parties, totals
from connectors.finance_peppol.client import Parcel
from connectors.finance_peppol.codes import CREDIT_NOTE, CUSTOMIZATION, INVOICE, PROCESS
from connectors.finance_peppol.config import PeppolConfig
from connectors.finance_peppol.parties import Address
from connectors.finance_peppol.xml import Inside, document, group, said, text
from hub.model import Invoice, InvoiceKind
from hub.sdk import RejectedError

_TYPES = {InvoiceKind.INVOICE: ("Invoice", INVOICE, "380"), InvoiceKind.CREDIT: ("CreditNote", CREDIT_NOTE, "381")}
"""Element, namespace and type. Source: UNCL1001."""


def name_of(key: str) -> str:
    """What the files of a key are called: a colon is no part of a name everywhere, and `+` is in no key."""
    return key.replace(":", "+")


def parcel(invoice: Invoice, config: PeppolConfig) -> Parcel:
    """Write an invoice or a credit note.

    Raises:
        RejectedError: it cannot be sent, and what to do.
    """
    totals.proven(invoice)
    receiver = parties.address_of(invoice.customer, config)
    if not said(invoice.customer.reference):
        raise RejectedError(
            "the buyer's reference is missing, and Peppol asks for it (PEPPOL-EN16931-R003); ask the customer, and"
            " write customer.invoice.reference"
        )
    name, namespace, _ = _TYPES[invoice.kind]
    content = document(name, namespace, _inside(invoice, config))
    return Parcel(name_of(invoice.key), content, _manifest(invoice, content, receiver, config))


def _inside(invoice: Invoice, config: PeppolConfig) -> Iterator[Inside]:
    """The parts of a document, in the order of the schema."""
    credit = invoice.kind is InvoiceKind.CREDIT
    name, _, kind = _TYPES[invoice.kind]
    yield text("CustomizationID", CUSTOMIZATION)
    yield text("ProfileID", PROCESS)
    yield text("ID", invoice.key)
    yield text("IssueDate", invoice.issued.isoformat())
    yield None if credit else text("DueDate", invoice.due.isoformat())
    yield text(f"{name}TypeCode", kind)
    yield text("DocumentCurrencyCode", lines.CURRENCY)
    yield text("BuyerReference", invoice.customer.reference)
    yield lines.period(*invoice.period) if invoice.period else None
    yield group("BillingReference", group("InvoiceDocumentReference", text("ID", invoice.credits or "")))
    yield lines.booking("AdditionalDocumentReference", invoice.booking)
    yield parties.supplier(invoice, config)
    yield parties.customer(invoice, config)
    yield totals.payment(invoice, config)
    yield totals.tax_total(invoice, config)
    yield totals.monetary_total(invoice)
    yield from lines.lines(invoice, config.accounting_order)


def _manifest(invoice: Invoice, content: bytes, receiver: Address, config: PeppolConfig) -> bytes:
    """What an access point asks of a document, so that it need not read it."""
    name, namespace, _ = _TYPES[invoice.kind]
    told = {
        "invoice": invoice.key,
        "file": f"{name_of(invoice.key)}.xml",
        "sha256": sha256(content).hexdigest(),
        "sender": _participant(config.supplier.address),
        "receiver": _participant(receiver),
        "document_type": f"busdox-docid-qns::{namespace}::{name}##{CUSTOMIZATION}::2.1",
        "process": f"cenbii-procid-ubl::{PROCESS}",
    }
    return (json.dumps(told, indent=1, ensure_ascii=False) + "\n").encode()


def _participant(address: Address) -> str:
    """Source: Peppol policy for use of identifiers 4.2, read 2026-11-26."""
    return "iso6523-actorid-upis::" + ":".join(address)
