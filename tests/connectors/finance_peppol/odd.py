"""Invoices that are odd and right: every kind of VAT, amounts at the edges, and letters that nobody expects."""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import chain

from hypothesis import strategies as st

from hub.model import (
    Invoice,
    InvoiceKind,
    InvoiceLine,
    OrganisationNumber,
    Party,
    PostalAddress,
    Tax,
    VatCategory,
    taxes_of,
)

ORE, KRONA = Decimal("0.01"), Decimal(1)
TAXED = [
    (VatCategory.EXEMPT, Decimal(0)),
    (VatCategory.STANDARD, Decimal(25)),
    (VatCategory.STANDARD, Decimal("12.0")),
    (VatCategory.STANDARD, Decimal(6)),
]
OUTSIDE = [(VatCategory.OUTSIDE, Decimal(0))]
FIRST, LAST = date(2026, 1, 1), date(2027, 12, 31)
ANY = st.characters(exclude_categories=["Cs"])
"""Whatever JSON can carry: also control characters and what is no character."""


def rounded(amount: Decimal, to: Decimal = ORE) -> Decimal:
    """Half up."""
    return amount.quantize(to, ROUND_HALF_UP)


def said(most: int) -> st.SearchStrategy[str]:
    """A text that says something, whatever else stands in it."""
    return st.tuples(st.text(ANY, max_size=most - 1), st.sampled_from("aÅŝж中🏸<&\"'")).map("".join)


def organisation(digits: str) -> str:
    """Nine digits, and the tenth that checks them."""
    total = sum(sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(digits))
    return digits + str(-total % 10)


def gln(digits: str) -> str:
    """Twelve digits, and the thirteenth that checks them."""
    return digits + str(-sum(int(digit) * (1 + 2 * (place % 2)) for place, digit in enumerate(digits)) % 10)


def digits(count: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=count, max_size=count)


ORGANISATIONS = st.tuples(digits(2), st.sampled_from("23456789"), digits(6)).map("".join).map(organisation)
"""The third digit is not that of a person."""


@st.composite
def customers(draw: st.DrawFn) -> Party:
    address = st.builds(
        PostalAddress, street=st.text(ANY, max_size=100), postcode=st.text(ANY, max_size=10),
        city=st.text(ANY, max_size=60), country=st.sampled_from(["SE", "FI", "NO"]),
    )  # fmt: skip
    own = draw(ORGANISATIONS)
    return Party(
        name=draw(said(200)),
        organisation_number=OrganisationNumber.parse(own),
        peppol_id=draw(st.sampled_from([None, f"0007:{own}", f"0007:{own[:6]}-{own[6:]}", f"0088:{gln(own + '00')}"])),
        address=draw(st.none() | address),
        reference=draw(said(100)),
    )


@st.composite
def lines(draw: st.DrawFn, number: int, vat: VatCategory, rate: Decimal, within: tuple[date, date]) -> InvoiceLine:
    quantity = draw(st.decimals(Decimal("0.001"), 999, places=3) | st.just(Decimal("1.000")))
    price = draw(st.decimals(0, 100_000, places=2) | st.just(Decimal("0.05")))
    dimensions = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs"], exclude_characters=":;"), max_size=8)
    return InvoiceLine(
        id=f"{number}",
        text=draw(st.text(ANY, min_size=1, max_size=200)),
        article="BADM-60",
        quantity=quantity,
        unit_price=price,
        net=rounded(quantity * price),
        vat=vat,
        rate=rate,
        accounting=draw(st.dictionaries(st.sampled_from(["konto", "ansvar", "objekt"]), dimensions, max_size=3)),
        booking=draw(st.sampled_from(["", "B-2026-004711", "höst 7"])),
        on=draw(st.none() | st.dates(*within)),
    )


def less(line: InvoiceLine, amount: Decimal) -> InvoiceLine:
    """A reduction of the same kind as a line, not more than it."""
    off = -min(amount, line.net)
    return line.model_copy(
        update={"id": f"{line.id}r", "text": "Rabatt", "quantity": Decimal(1), "unit_price": off, "net": off}
    )


@st.composite
def invoices(draw: st.DrawFn) -> Invoice:
    begins = draw(st.dates(FIRST, LAST))
    within = begins, begins + timedelta(days=draw(st.integers(0, 92)))
    kinds = draw(
        st.lists(st.sampled_from(draw(st.sampled_from([TAXED, TAXED, TAXED, OUTSIDE]))), min_size=1, max_size=6)
    )
    told = [draw(lines(n, *kind, within)) for n, kind in enumerate(kinds, 1)]
    off = draw(st.none() | st.decimals(Decimal("0.01"), 500, places=2))
    made = (*told, less(told[0], off)) if off and told[0].net else tuple(told)
    credit = draw(st.booleans())
    taxes = taxes_of(made)
    if credit:
        taxes = tuple(chain.from_iterable([(draw(slack(tax)),) for tax in taxes]))
    total, whole = sum((tax.net + tax.tax for tax in taxes), Decimal(0)), draw(st.booleans())
    return Invoice(
        key=draw(
            st.from_regex(
                r"[A-Za-z0-9][A-Za-z0-9._:-]{0,40}", fullmatch=True, alphabet=st.characters(max_codepoint=127)
            )
        ),
        kind=InvoiceKind.CREDIT if credit else InvoiceKind.INVOICE,
        credits="B-1.i1" if credit else None,
        booking=draw(st.sampled_from(["B-2026-004711", "föreningen, maj", "<&>"])),
        customer=draw(customers()),
        issued=within[1],
        due=within[1] + timedelta(days=30),
        period=draw(st.sampled_from([None, within])),
        lines=made,
        taxes=taxes,
        whole_kronor=whole,
        rounding=rounded(rounded(total, KRONA) - total) if whole else Decimal("0.00"),
    )


def slack(tax: Tax) -> st.SearchStrategy[Tax]:
    """An öre more or less, as a credit note may have so that all of them add up."""
    if tax.vat is not VatCategory.STANDARD or tax.tax < ORE:
        return st.just(tax)
    return st.sampled_from([-ORE, 0 * ORE, ORE]).map(lambda off: tax.model_copy(update={"tax": tax.tax + off}))
