"""A booking (bokning) as the booking core tells it: whole, at a revision that only grows."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum, auto
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    Field,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from hub.model.credential import Method
from hub.model.frozen import Frozen
from hub.model.identity import OrganisationNumber, PersonNumber
from hub.model.money import Amount, Article, Quantity
from hub.model.naming import Email, Name, Phone, ResourceId
from hub.model.spelt import Spelt

LONGEST_OCCASION = timedelta(days=31)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


def _in_utc(told: datetime) -> datetime:
    if not EARLIEST <= told < LATEST:
        msg = "the time must lie between 2000 and 2200"
        raise ValueError(msg)
    return told.astimezone(UTC)


Instant = Annotated[
    AwareDatetime,
    AfterValidator(_in_utc),
    Spelt(
        r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]",
        "must be a date and a time with its offset, such as 2026-12-05T18:00:00+01:00",
    ),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A moment with a UTC offset; kept in UTC, so that `+01:00` and `Z` are one content."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x08\x0b-\x1f]+$")]
PersonalText = Annotated[Text, Field(repr=False)]
"""Said in no `repr`, and so in no log."""
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]
Number = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")]
"""A booking number: letters, digits and `. _ : -`, 64 at most, since it stands in addresses and in other systems."""


class Protected(StrEnum):
    """Whether someone's data is protected (skyddade personuppgifter); unknown behaves as yes."""

    YES = auto()
    NO = auto()
    UNKNOWN = auto()


class CredentialWish(Frozen):
    """What a holder opens the door with; a card is named by its number."""

    kind: Method
    number: Annotated[str | None, Field(repr=False, min_length=1, max_length=64, validate_default=True)] = None

    @field_validator("number")
    @classmethod
    def _of_a_card(cls, number: str | None, info: ValidationInfo) -> str | None:
        kind = info.data.get("kind")
        if kind is not None and (kind is Method.CARD) != bool(number):
            msg = "a card has a number, and no other has; a PIN is made by the hub"
            raise ValueError(msg)
        return number


class Holder(Frozen):
    """Who enters (nyttjare)."""

    name: PersonalText
    phone: Annotated[Phone | None, Field(repr=False)] = None
    email: Annotated[Email | None, Field(repr=False)] = None
    protected: Protected = Protected.UNKNOWN
    credential: CredentialWish

    @field_validator("credential")
    @classmethod
    def _sent_to_a_phone(cls, credential: CredentialWish, info: ValidationInfo) -> CredentialWish:
        if credential.kind is Method.MOBILE_KEY and "phone" in info.data and not info.data["phone"]:
            msg = "a mobile key goes to the holder's phone: give its number"
            raise ValueError(msg)
        return credential

    def __hash__(self) -> int:
        """Of what tells most holders apart; of all of it takes as long as to plan for one."""
        return hash((self.name, self.phone, self.email))


class Address(Frozen):
    """Where to write."""

    street: Text
    postal_code: Annotated[str, StringConstraints(max_length=12)]
    city: Text
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] = "SE"


class InvoiceAddress(Frozen):
    """Where invoices go, and what they must say."""

    peppol_id: Annotated[str, StringConstraints(max_length=60)] | None = None
    reference: Text | None = None


class Customer(Frozen):
    """Who pays (kund)."""

    kind: Literal["person", "association", "company", "internal"]
    name: PersonalText
    organisation_number: OrganisationNumber | None = None
    identity_number: PersonNumber | None = None
    protected: Protected = Protected.UNKNOWN
    email: Annotated[Email | None, Field(repr=False)] = None
    phone: Annotated[Phone | None, Field(repr=False)] = None
    address: Annotated[Address | None, Field(repr=False)] = None
    invoice: Annotated[InvoiceAddress | None, Field(repr=False)] = None

    @property
    def protection(self) -> Protected:
        """What is known: an organisation is `no`, unless its number is a person's."""
        number = self.organisation_number
        if self.kind == "person" or (number and number.is_a_person):
            return self.protected
        return Protected.NO


class Occasion(Frozen):
    """One resource, one half-open interval (bokningstillfälle)."""

    id: Id
    resource: ResourceId
    starts_at: Instant
    ends_at: Instant
    activity: Name = "other"
    holders: Annotated[tuple[Holder, ...], Field(max_length=200)] = ()

    @field_validator("ends_at")
    @classmethod
    def _after_the_start(cls, ends_at: datetime, info: ValidationInfo) -> datetime:
        starts_at = info.data.get("starts_at")
        if starts_at is not None:
            if ends_at <= starts_at:
                msg = "must be after starts_at"
                raise ValueError(msg)
            if ends_at - starts_at > LONGEST_OCCASION:
                msg = "an occasion is at most 31 days long; split it"
                raise ValueError(msg)
        return ends_at


class Extra(Frozen):
    """Something booked along with occasions: a ball machine, a sound system."""

    resource: ResourceId
    occasions: Annotated[tuple[Id, ...], Field(min_length=1, max_length=400)]


class Charge(Frozen):
    """One line to pay (debitering); VAT in per cent, or exempt."""

    id: Id | None = None
    occasion: Id
    article: Article
    text: PersonalText
    quantity: Quantity
    unit_price: Amount
    vat: Literal["exempt", "0", "6", "12", "25"]

    @property
    def key(self) -> str:
        """The charge's id, or occasion and article where it has none."""
        return self.id or f"{self.occasion}.{self.article}"


class Payment(Frozen):
    """How it is paid; prepaid comes with the receipt's reference."""

    kind: Literal["invoice", "prepaid", "free"]
    receipt: Annotated[str | None, Field(max_length=80, validate_default=True)] = None

    @field_validator("receipt")
    @classmethod
    def _of_what_is_prepaid(cls, receipt: str | None, info: ValidationInfo) -> str | None:
        if (info.data.get("kind") == "prepaid") != bool(receipt):
            msg = "a prepaid booking has a receipt, and no other has"
            raise ValueError(msg)
        return receipt


class Registration(Frozen):
    """Whether the booking is to be registered in the diarium."""

    required: bool = False


class Status(StrEnum):
    """Where a booking stands; only a confirmed one asks for anything."""

    PRELIMINARY = auto()
    CONFIRMED = auto()
    CANCELLED = auto()


class Booking(Frozen):
    """One booking number, a revision that only grows, a customer, and occasions."""

    number: Number
    revision: Annotated[int, Field(ge=1, le=2**53, strict=True)]
    status: Status
    customer: Customer
    occasions: Annotated[tuple[Occasion, ...], Field(max_length=400)]
    extras: Annotated[tuple[Extra, ...], Field(max_length=400)] = ()
    charges: Annotated[tuple[Charge, ...], Field(max_length=2000)] = ()
    payment: Payment = Payment(kind="invoice")
    registration: Registration = Registration()
    notify: Annotated[tuple[Name, ...], Field(max_length=50)] = ()

    @field_validator("occasions")
    @classmethod
    def _at_least_one(cls, occasions: tuple[Occasion, ...], info: ValidationInfo) -> tuple[Occasion, ...]:
        if not occasions and info.data.get("status") is not Status.CANCELLED:
            msg = "a booking that is not cancelled has at least one occasion"
            raise ValueError(msg)
        return occasions
