"""What is told of the ledger: each line that a booking costs, and the invoices that are made of them."""

from datetime import date, datetime
from enum import StrEnum, auto
from typing import Annotated

from pydantic import Field

from hub.model.frozen import Frozen
from hub.model.invoice import Answer, InvoiceKind
from hub.model.money import Amount, Sum
from hub.model.states import Delivery, Record

InvoiceKey = Annotated[str, Field(description="our key of an invoice or credit note", examples=["B-2026-004711.i1"])]


class EntryKind(StrEnum):
    """What a line does to what is owed."""

    CHARGE = auto()
    CREDIT = auto()
    """Takes one charge off, whole."""
    RECEIPT = auto()
    """Paid, beforehand."""
    REFUND = auto()
    """To be paid back."""


class EntryState(StrEnum):
    """Where a line is."""

    OPEN = auto()
    """Waits to be invoiced."""
    INVOICED = auto()
    SETTLED = auto()
    """Paid beforehand, or takes off what was: it comes on no invoice."""
    DROPPED = auto()
    """Was never invoiced, and never will be."""


class LedgerLine(Frozen):
    """A line of the ledger (reskontrapost). None is ever removed, or changed in amount."""

    id: int
    kind: Annotated[EntryKind, Field(description="it costs, takes a charge off, was paid, or is to be paid back")]
    state: Annotated[EntryState, Field(description="it waits, is on an invoice, comes on none, or was dropped before")]
    charge: Annotated[str | None, Field(description="id of the charge, in the booking")] = None
    article: str | None = None
    quantity: str | None = None
    unit_price: Annotated[Amount | None, Field(description="SEK, without VAT")] = None
    amount: Annotated[Sum, Field(description="SEK; without VAT of charges and credits, with it of payments")]
    vat: str | None = None
    day: Annotated[date | None, Field(description="of the occasion, Swedish time")] = None
    reverses: Annotated[int | None, Field(description="id of the line that a credit takes off")] = None
    receipt: Annotated[str | None, Field(description="of what is paid beforehand")] = None
    invoice: InvoiceKey | None = None
    bills_at: Annotated[datetime | None, Field(description="when it may be invoiced, while it waits")] = None
    revision: Annotated[int, Field(description="of the booking that brought it")]
    at: datetime


class InvoiceView(Frozen):
    """An invoice or credit note, and how it has gone."""

    key: InvoiceKey
    kind: InvoiceKind
    credits: Annotated[InvoiceKey | None, Field(description="that a credit note takes off from")] = None
    bookings: tuple[str, ...]
    connection: str
    state: Annotated[Record, Field(description="done: the finance system has it; withdrawn: called back before")]
    delivery: Delivery
    detail: Annotated[str | None, Field(description="what went wrong last, if anything did")] = None
    reference: Annotated[str | None, Field(description="the finance system's own name for it")] = None
    net: Annotated[Sum, Field(description="SEK, without VAT")]
    vat: Sum
    rounding: Annotated[Amount, Field(description="to whole kronor")]
    payable: Annotated[Sum, Field(description="SEK, what the customer owes or gets back")]
    answer: Annotated[Answer | None, Field(description="what whoever got it said last")] = None
    answered_at: datetime | None = None
    made_at: datetime


class InvoicePage(Frozen):
    """A page of invoices, in the order in which they were made."""

    invoices: tuple[InvoiceView, ...]
    next: Annotated[int | None, Field(description="give it as `after`; null at the end")] = None


class Money(Frozen):
    """All money of a booking, öre by öre."""

    lines: tuple[LedgerLine, ...] = ()
    invoices: tuple[InvoiceView, ...] = ()
    owed: Annotated[Sum, Field(description="SEK, VAT included: what it costs now, less what is paid beforehand")]
