"""Invoices and credit notes out of the ledger's lines (fakturor). Pure, exact to the öre.

What is credited of an invoice adds up to what it charged: the VAT of a credit note is that of what remains before it,
less that of what remains after, and so is what it rounds.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from hub.model import Invoice, InvoiceKind, InvoiceLine, Party, PostalAddress, Protected, Tax
from hub.model.booking import Customer
from hub.model.finance import Charging
from hub.model.invoice import taxes_of
from hub.model.money import kronor, rounded
from hub.service.money.owing import VAT
from hub.store.entries import Entry

_KRONA = Decimal(1)


class Heading(NamedTuple):
    """What stands at the top of an invoice."""

    key: str
    booking: str
    customer: Party
    issued: date


def party(customer: Customer) -> Party:
    """Who pays, as a ledger knows them; the address of somebody who is, or may be, protected goes nowhere."""
    shown = customer.address if customer.protection is Protected.NO else None
    told = customer.invoice
    return Party(
        name=customer.name,
        organisation_number=customer.organisation_number,
        identity_number=customer.identity_number,
        peppol_id=told.peppol_id if told else None,
        reference=(told.reference if told else None) or "",
        address=None
        if shown is None
        else PostalAddress(street=shown.street, postcode=shown.postal_code, city=shown.city, country=shown.country),
    )


def invoice(
    heading: Heading,
    entries: Sequence[Entry],
    texts: Mapping[int, str],
    bookings: Mapping[int, str],
    charging: Charging,
) -> Invoice:
    """An invoice of lines that wait, in their order.

    Args:
        heading: its key, whom it is for, and when.
        entries: none of them below zero as a whole.
        texts: by entry.
        bookings: numbers by id.
        charging: the municipality's terms and accounts.
    """
    lines = tuple(_line(n, e, texts[e.id], bookings[e.booking], charging) for n, e in enumerate(entries, 1))
    days = [line.on for line in lines if line.on]
    taxes = taxes_of(lines)
    total = sum((tax.net + tax.tax for tax in taxes), Decimal(0))
    return Invoice(
        **heading._asdict(),
        due=heading.issued + timedelta(days=charging.terms_days),
        period=(min(days), max(days)) if days else None,
        lines=lines,
        taxes=taxes,
        whole_kronor=charging.whole_kronor,
        rounding=_whole(total) - total if charging.whole_kronor else Decimal("0.00"),
    )


def _line(n: int, entry: Entry, text: str, booking: str, charging: Charging) -> InvoiceLine:
    taxed = VAT[entry.vat]
    return InvoiceLine(
        id=str(n),
        text=text,
        article=entry.article,
        quantity=Decimal(entry.quantity),
        unit_price=kronor(entry.unit_price),
        net=kronor(entry.net),
        vat=taxed.category,
        rate=taxed.rate,
        accounting=charging.codes(entry.article),
        booking=booking,
        on=date.fromisoformat(entry.day),
    )


def credit_note(heading: Heading, original: Invoice, lines: Collection[int], before: Collection[int]) -> Invoice:
    """A credit note of some lines of an invoice.

    Args:
        heading: its key and when; whom it is for is as on the original.
        original: the invoice.
        lines: the numbers of the lines to take off.
        before: those that are taken off already.
    """
    chosen = tuple(line for line in original.lines if int(line.id) in lines)
    remained = [line for line in original.lines if int(line.id) not in before]
    remains = [line for line in remained if int(line.id) not in lines]
    had, has = _by_rate(remained), _by_rate(remains)
    taxes = tuple(
        Tax(vat=tax.vat, rate=tax.rate, net=tax.net, tax=had[tax.vat, tax.rate].tax - _tax(has, tax))
        for tax in taxes_of(chosen)
    )
    total = sum((tax.net + tax.tax for tax in taxes), Decimal(0))
    payable = _whole(_total(had)) - _whole(_total(has)) if original.whole_kronor else total
    return Invoice(
        **heading._replace(customer=original.customer, booking=original.booking)._asdict(),
        kind=InvoiceKind.CREDIT,
        credits=original.key,
        due=heading.issued,
        period=original.period,
        lines=chosen,
        taxes=taxes,
        whole_kronor=original.whole_kronor,
        rounding=payable - total,
    )


_Rates = Mapping[tuple[str, Decimal], Tax]


def _by_rate(lines: Iterable[InvoiceLine]) -> _Rates:
    return {(tax.vat, tax.rate): tax for tax in taxes_of(lines)}


def _tax(rates: _Rates, like: Tax) -> Decimal:
    there = rates.get((like.vat, like.rate))
    return there.tax if there else Decimal(0)


def _total(rates: _Rates) -> Decimal:
    return sum((tax.net + tax.tax for tax in rates.values()), Decimal(0))


def _whole(amount: Decimal) -> Decimal:
    return rounded(amount.quantize(_KRONA, ROUND_HALF_UP))
