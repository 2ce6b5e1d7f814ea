"""What is wrong with a booking beyond its shape: unknown resources, dangling references, its own overlaps. Pure.

Works on what could be read of it, so that all faults are told at once.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import combinations
from typing import NamedTuple

from hub.masking import quoted
from hub.model.booking import Booking, Charge, Extra, Occasion
from hub.model.money import rounded
from hub.planner.rules import Rules

_PEPPOL = re.compile(r"[0-9]{4}:[!-~]{1,50}")
_MOST = Decimal("9999999999.99")
"""SEK, of what a line comes to, and a booking."""
Placed = Sequence[tuple[int, Occasion]]


class Fault(NamedTuple):
    """One fault of a field."""

    pointer: str
    """JSON Pointer into the booking."""
    code: str
    detail: str


def booking_faults(
    occasions: Placed,
    extras: Sequence[tuple[int, Extra]],
    charges: Sequence[tuple[int, Charge]],
    notify: Sequence[str],
    rules: Rules,
) -> Iterator[Fault]:
    """Tell every fault of the parts that could be read; each comes with its place in the booking as sent."""
    ids = {occasion.id for _, occasion in occasions}
    for place, occasion in occasions:
        yield from _known(f"/occasions/{place}/resource", occasion.resource, rules)
        yield from _unreadable(place, occasion)
    for place, extra in extras:
        yield from _known(f"/extras/{place}/resource", extra.resource, rules)
        for n, named in enumerate(extra.occasions):
            yield from _dangling(f"/extras/{place}/occasions/{n}", named, ids)
    for place, charge in charges:
        yield from _dangling(f"/charges/{place}/occasion", charge.occasion, ids)
    yield from _doubled("/occasions/{}/id", [(place, o.id) for place, o in occasions], "an occasion's id")
    yield from _doubled(
        "/charges/{}/id", [(place, c.key) for place, c in charges], "a charge's id, or occasion and article,"
    )
    yield from _below_zero(charges)
    for place, role in enumerate(notify):
        if role not in rules.roles:
            yield Fault(
                f"/notify/{place}",
                "unknown-role",
                f"no role {quoted(role)} is configured; known: {_listed(rules.roles)}",
            )
    if len(occasions) > 1:
        yield from _overlaps(occasions, rules)


def unusable(booking: Booking) -> Iterator[Fault]:
    """Tell what is of the right shape, and would be refused by each system that it is for."""
    told = booking.customer.invoice
    if told and told.peppol_id is not None and not _PEPPOL.fullmatch(told.peppol_id):
        told_so = (
            "is four digits, a colon and the identifier, such as 0007:5567890123; leave it out where there is none"
        )
        yield Fault("/customer/invoice/peppol_id", "invalid-value", told_so)
    if booking.payment.receipt and not _is_one_line(booking.payment.receipt):
        yield Fault("/payment/receipt", "invalid-value", _ONE_LINE)
    yield from _too_much(booking.charges)


_ONE_LINE = "has what is not to be seen in it, or space around it; send it as it is written"


def _is_one_line(text: str) -> bool:
    return text.isprintable() and text == text.strip()


def _too_much(charges: Sequence[Charge]) -> Iterator[Fault]:
    whole = Decimal(0)
    for place, charge in enumerate(charges):
        comes_to = abs(rounded(charge.quantity * charge.unit_price))
        whole += comes_to
        if comes_to > _MOST or whole > _MOST:
            what = "the charge comes" if comes_to > _MOST else "the charges so far come"
            yield Fault(f"/charges/{place}/unit_price", "invalid-value", f"{what} to more than {_MOST} kronor")
            return


def _below_zero(charges: Sequence[tuple[int, Charge]]) -> Iterator[Fault]:
    """A discount may not be larger than what it is a discount of, VAT by VAT: there is no invoice below zero."""
    if not any(charge.unit_price < 0 for _, charge in charges):
        return
    sums: dict[str, Decimal] = {}
    last: dict[str, int] = {}
    for place, charge in charges:
        sums[charge.vat] = sums.get(charge.vat, Decimal(0)) + rounded(charge.quantity * charge.unit_price)
        last[charge.vat] = place
    for vat, total in sums.items():
        if total < 0:
            told = f"charges with VAT {vat} come to {total} together; a discount has the VAT of what it is taken off"
            yield Fault(f"/charges/{last[vat]}/unit_price", "below-zero", told)


def _unreadable(place: int, occasion: Occasion) -> Iterator[Fault]:
    """A card's number that no reader shows, or as answers show it to who may not see it: it would lock them out."""
    for n, holder in enumerate(occasion.holders):
        if number := holder.credential.number:
            pointer = f"/occasions/{place}/holders/{n}/credential/number"
            if not number.strip("*"):
                told = "this is how a hidden number is shown; send the number itself"
                yield Fault(pointer, "hidden-number", told)
            elif not _is_one_line(number):
                yield Fault(pointer, "invalid-value", _ONE_LINE)


def _known(pointer: str, resource: str, rules: Rules) -> Iterator[Fault]:
    if resource not in rules.resources:
        yield Fault(
            pointer, "unknown-resource", f"no resource {quoted(resource)} is configured for {rules.municipality}"
        )


def _dangling(pointer: str, named: str, ids: set[str]) -> Iterator[Fault]:
    if named not in ids:
        yield Fault(pointer, "unknown-occasion", f"the booking has no occasion {quoted(named)}")


def _doubled(pointer: str, named: list[tuple[int, str]], what: str) -> Iterator[Fault]:
    if len({name for _, name in named}) == len(named):
        return
    counts = Counter(name for _, name in named)
    for place, name in named:
        if counts[name] > 1:
            yield Fault(
                pointer.format(place), "doubled-id", f"{what} stands once in a booking; {quoted(name)} is doubled"
            )


def _overlaps(occasions: Placed, rules: Rules) -> Iterator[Fault]:
    """Two of the booking's own occasions at the same time on one resource, or on a whole and its part."""
    ordered = sorted(occasions, key=lambda placed: placed[1].starts_at)
    for (_, first), (place, second) in combinations(ordered, 2):
        related = (
            rules.resources[first.resource].related
            if first.resource in rules.resources
            else frozenset((first.resource,))
        )
        if second.starts_at < first.ends_at and second.resource in related:
            told = f"overlaps occasion {first.id!r} on {first.resource}"
            yield Fault(f"/occasions/{place}", "own-overlap", told)


def _listed(names: object) -> str:
    return ", ".join(sorted(map(str, names))) if names else "none"  # type: ignore[call-overload]
