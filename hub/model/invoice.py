"""An invoice or a credit note (kreditfaktura), as every finance system understands it; the ledger makes them."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from enum import StrEnum, auto
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, Field, StringConstraints, TypeAdapter, model_validator

from hub.model.document import RecordKey
from hub.model.frozen import Frozen
from hub.model.identity import OrganisationNumber, PersonNumber
from hub.model.money import ORE, Amount, Article, Sum, rounded


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

    street: Annotated[str, Field(max_length=200, repr=False)] = ""
    postcode: Annotated[str, Field(max_length=12, repr=False)] = ""
    city: Annotated[str, Field(max_length=200, repr=False)] = ""
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] = "SE"


class Party(Frozen):
    """Who pays; it holds all that a booking may say of a customer. What reaches them is for a connector to judge."""

    name: Annotated[str, Field(min_length=1, max_length=200, repr=False)]
    organisation_number: OrganisationNumber | None = None
    identity_number: PersonNumber | None = None
    peppol_id: Annotated[str | None, Field(max_length=60, description="scheme, colon, identifier")] = None
    address: PostalAddress | None = None
    reference: Annotated[str, Field(max_length=200, repr=False, description="the buyer's own")] = ""


class InvoiceLine(Frozen):
    """One line. Its net is quantity times price, whole öre."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    text: Annotated[str, Field(min_length=1, max_length=200, repr=False)]
    article: Article
    quantity: Annotated[Decimal, Field(gt=0, max_digits=9, decimal_places=3)]
    unit_price: Amount
    net: Sum
    vat: VatCategory
    rate: Annotated[Decimal, Field(ge=0, le=100, max_digits=4, decimal_places=1, description="per cent")]
    accounting: Annotated[dict[str, str], Field(description="dimension and code (kontering)")] = Field(
        default_factory=dict
    )
    booking: Annotated[str, Field(max_length=64, description="the booking number, where an invoice has several")] = ""
    on: Annotated[date | None, Field(description="the day of the occasion, Swedish time")] = None

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.net != (meant := rounded(self.quantity * self.unit_price)):
            msg = f"line {self.id}: net is {self.net}, and quantity times price {meant}"
            raise ValueError(msg)
        return self


class Tax(Frozen):
    """VAT of one category and rate: worked out once for all its lines, never line by line."""

    vat: VatCategory
    rate: Annotated[Decimal, Field(ge=0, le=100, max_digits=4, decimal_places=1, description="per cent")]
    net: Annotated[Sum, Field(description="the sum of its lines")]
    tax: Annotated[Sum, Field(ge=0, description="whole öre, HALF_UP")]

    @property
    def meant(self) -> Decimal:
        """The tax of that net, were it alone."""
        return rounded(self.net * self.rate / 100)


def taxes_of(lines: Iterable[InvoiceLine]) -> tuple[Tax, ...]:
    """VAT of lines, by category and rate in order."""
    nets: dict[tuple[VatCategory, Decimal], Decimal] = {}
    for line in lines:
        place = line.vat, line.rate
        nets[place] = nets.get(place, Decimal(0)) + line.net
    return tuple(
        Tax(vat=vat, rate=rate, net=net, tax=rounded(net * rate / 100)) for (vat, rate), net in sorted(nets.items())
    )


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
    period: Annotated[tuple[date, date] | None, Field(description="first and last day that it is for")] = None
    lines: Annotated[tuple[InvoiceLine, ...], Field(min_length=1)]
    taxes: Annotated[tuple[Tax, ...], Field(description="left out: as the lines say")] = ()
    whole_kronor: Annotated[bool, Field(description="whether what is to be paid is rounded (öresavrundning)")] = False
    rounding: Annotated[Amount, Field(description="what is added to come to whole kronor")] = Decimal("0.00")

    @model_validator(mode="before")
    @classmethod
    def _taxed(cls, told: Any) -> Any:  # noqa: ANN401 - as it came
        """Work VAT out where it is not told."""
        if isinstance(told, dict) and told.get("lines") and not told.get("taxes"):
            lines = TypeAdapter(tuple[InvoiceLine, ...]).validate_python(told["lines"])
            return told | {"lines": lines, "taxes": taxes_of(lines)}
        return told

    @model_validator(mode="after")
    def _credit_names_its_invoice(self) -> Self:
        if (self.kind is InvoiceKind.CREDIT) != (self.credits is not None):
            msg = "a credit note names the invoice that it credits, and an invoice none"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _taxes_add_up(self) -> Self:
        """To the öre; a credit note may differ by one, so that what is credited adds up to what was charged."""
        meant = taxes_of(self.lines)
        if [(t.vat, t.rate, t.net) for t in self.taxes] != [(t.vat, t.rate, t.net) for t in meant]:
            msg = "taxes are not those of the lines: one for each category and rate, in order"
            raise ValueError(msg)
        slack = ORE if self.kind is InvoiceKind.CREDIT else Decimal(0)
        if wrong := [t for t in self.taxes if abs(t.tax - t.meant) > slack]:
            msg = f"VAT of {wrong[0].rate} % on {wrong[0].net} is {wrong[0].meant}, not {wrong[0].tax}"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _rounded_where_it_is_to_be(self) -> Self:
        if self.rounding and not self.whole_kronor:
            msg = "an invoice that is not rounded to whole kronor has no rounding"
            raise ValueError(msg)
        if self.whole_kronor and self.payable % 1:
            msg = f"what is to be paid, {self.payable}, is not whole kronor"
            raise ValueError(msg)
        return self

    @property
    def net(self) -> Decimal:
        """The sum of the lines, without VAT."""
        return sum((line.net for line in self.lines), Decimal(0))

    @property
    def vat(self) -> Decimal:
        """VAT of all categories."""
        return sum((tax.tax for tax in self.taxes), Decimal(0))

    @property
    def total(self) -> Decimal:
        """With VAT, before it is rounded."""
        return self.net + self.vat

    @property
    def payable(self) -> Decimal:
        """What the customer owes, or gets back."""
        return self.total + self.rounding


class Answer(StrEnum):
    """What whoever got an invoice said of it. Source: Peppol BIS Invoice Response 3, UNCL4343, read 2026-11-21."""

    RECEIVED = "AB"
    IN_PROCESS = "IP"
    UNDER_QUERY = "UQ"
    CONDITIONALLY_ACCEPTED = "CA"
    REJECTED = "RE"
    ACCEPTED = "AP"
    PAID = "PD"


class InvoiceAnswered(Frozen):
    """A message: what became of an invoice at the customer's, or in the finance system."""

    key: Annotated[str, Field(max_length=80, description="our key of the invoice")]
    answer: Answer
    at: AwareDatetime
    detail: Annotated[str, Field(max_length=500, repr=False, description="reasons, in the sender's words")] = ""
