"""An invoice or a credit note (kreditfaktura), as every finance system understands it; the ledger makes them."""

from datetime import date
from decimal import Decimal
from enum import StrEnum, auto
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from hub.model.document import RecordKey
from hub.model.frozen import Frozen
from hub.model.identity import OrganisationNumber, PersonNumber
from hub.model.money import Amount, Article, rounded


class InvoiceKind(StrEnum):
    """What it does to what the customer owes."""

    INVOICE = auto()
    CREDIT = auto()


class VatCategory(StrEnum):
    """How a line is taxed. Source: Peppol BIS Billing 3.0, UNCL5305, read 2026-11-21."""

    STANDARD = "S"
    EXEMPT = "E"
    OUTSIDE = "O"


class PostalAddress(Frozen):
    """Where post goes; shown in no `repr`."""

    street: Annotated[str, Field(max_length=100, repr=False)] = ""
    postcode: Annotated[str, Field(max_length=10, repr=False)] = ""
    city: Annotated[str, Field(max_length=60, repr=False)] = ""
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] = "SE"


class Party(Frozen):
    """Who pays."""

    name: Annotated[str, Field(min_length=1, max_length=200, repr=False)]
    organisation_number: OrganisationNumber | None = None
    identity_number: PersonNumber | None = None
    peppol_id: Annotated[str | None, Field(pattern=r"^[0-9]{4}:.{1,50}$")] = None
    address: PostalAddress | None = None
    reference: Annotated[str, Field(max_length=100, repr=False, description="the buyer's own")] = ""


class InvoiceLine(Frozen):
    """One line. Its net is quantity times price, whole öre."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    text: Annotated[str, Field(min_length=1, max_length=200, repr=False)]
    article: Article
    quantity: Annotated[Decimal, Field(gt=0, max_digits=9, decimal_places=3)]
    unit_price: Amount
    net: Amount
    vat: VatCategory
    rate: Annotated[Decimal, Field(ge=0, le=100, max_digits=4, decimal_places=1, description="per cent")]
    accounting: Annotated[dict[str, str], Field(description="dimension and code (kontering)")] = Field(
        default_factory=dict
    )

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.net != (meant := rounded(self.quantity * self.unit_price)):
            msg = f"line {self.id}: net is {self.net}, and quantity times price {meant}"
            raise ValueError(msg)
        return self


class Invoice(Frozen):
    """An invoice, or with `kind` credit a credit note, whose amounts are what is taken off; never negative."""

    key: RecordKey
    kind: InvoiceKind = InvoiceKind.INVOICE
    credits: Annotated[RecordKey | None, Field(description="key of the invoice that a credit note takes off from")] = (
        None
    )
    booking: Annotated[str, Field(max_length=64, description="the booking number, or what else it is for")]
    customer: Party
    issued: date
    due: date
    lines: Annotated[tuple[InvoiceLine, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _credit_names_its_invoice(self) -> Self:
        if (self.kind is InvoiceKind.CREDIT) != (self.credits is not None):
            msg = "a credit note names the invoice that it credits, and an invoice none"
            raise ValueError(msg)
        return self

    @property
    def net(self) -> Decimal:
        """The sum of the lines, without VAT."""
        return sum((line.net for line in self.lines), Decimal(0))

    @property
    def vat(self) -> Decimal:
        """VAT by category and rate, each in whole öre, added up."""
        by_rate: dict[Decimal, Decimal] = {}
        for line in self.lines:
            by_rate[line.rate] = by_rate.get(line.rate, Decimal(0)) + line.net
        return sum((rounded(net * rate / 100) for rate, net in by_rate.items()), Decimal(0))

    @property
    def total(self) -> Decimal:
        """What the customer owes, or gets back."""
        return self.net + self.vat
