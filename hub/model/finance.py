"""How a municipality charges (debitering): who is invoiced when, on which terms, and to which accounts."""

from enum import StrEnum, auto
from typing import Annotated, Literal

from pydantic import Field

from hub.model.frozen import Frozen

CustomerKind = Literal["person", "association", "company", "internal"]


class Billing(StrEnum):
    """When what a booking costs becomes an invoice."""

    AT_CONFIRMATION = auto()
    """An invoice for each booking, at once."""
    AFTER_LAST_OCCASION = auto()
    """An invoice for each booking, when its last occasion is over."""
    MONTHLY = auto()
    """A collected invoice (samlingsfaktura): one for all that a customer's occasions of a month cost."""
    QUARTERLY = auto()
    """The same, of a quarter."""

    @property
    def collects(self) -> bool:
        """Whether several bookings come on one invoice."""
        return self in {Billing.MONTHLY, Billing.QUARTERLY}


class BillingRule(Frozen):
    """How one kind of customer is invoiced."""

    when: Annotated[
        Billing,
        Field(description="at_confirmation or after_last_occasion: one for each booking; monthly or quarterly: one"),
    ]
    days_after: Annotated[
        int, Field(ge=0, le=90, description="days after the last occasion, or after the period, until it is made")
    ] = 0
    connection: Annotated[
        str | None,
        Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="left out: the one of `finance`"),
    ] = None


AT_ONCE = BillingRule(when=Billing.AT_CONFIRMATION)
Codes = Annotated[dict[str, str], Field(min_length=1, description="dimension and code, e.g. konto: '3411'")]


class Charging(Frozen):
    """What is the same for all invoices, and what differs by customer and article."""

    terms_days: Annotated[int, Field(ge=0, le=120, description="days to pay an invoice")] = 30
    whole_kronor: Annotated[bool, Field(description="whether what is to be paid is rounded (öresavrundning)")] = False
    customers: Annotated[
        dict[CustomerKind, BillingRule],
        Field(description="rule by kind of customer; left out: an invoice for each booking, at once"),
    ] = Field(default_factory=dict)
    accounting: Annotated[
        dict[str, Codes], Field(description="codes by article (kontering); `default` for any other")
    ] = Field(default_factory=dict)

    def rule(self, kind: CustomerKind) -> BillingRule:
        """The rule for one kind of customer."""
        return self.customers.get(kind, AT_ONCE)

    def codes(self, article: str) -> dict[str, str]:
        """Where an article is booked; empty where nothing says."""
        return self.accounting.get(article) or self.accounting.get("default") or {}
