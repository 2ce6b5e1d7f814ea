"""What a booking owed, and owes now: which lines are dropped, credited and charged. Pure.

A line that was not yet invoiced is dropped; one that was is credited whole, and charged anew if it lives on otherwise.
So no line is ever credited twice, and its VAT is taken off as it was put on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from hub.model import VatCategory
from hub.model.ledger import EntryKind, EntryState
from hub.model.money import kronor, ore
from hub.model.plan import ChargeWish
from hub.store.entries import Entry


class Taxed(NamedTuple):
    """How a line is taxed."""

    category: VatCategory
    rate: Decimal


VAT = {
    "exempt": Taxed(VatCategory.EXEMPT, Decimal(0)),
    "0": Taxed(VatCategory.OUTSIDE, Decimal(0)),
    "6": Taxed(VatCategory.STANDARD, Decimal(6)),
    "12": Taxed(VatCategory.STANDARD, Decimal(12)),
    "25": Taxed(VatCategory.STANDARD, Decimal(25)),
}
"""By what a booking core says of a charge."""


@dataclass(frozen=True)
class Difference:
    """What a new revision changes in the ledger."""

    gone: tuple[Entry, ...] = ()
    """Charges that are owed no more, or otherwise."""
    added: tuple[ChargeWish, ...] = ()
    moved: tuple[tuple[Entry, ChargeWish], ...] = ()
    """Charges that wait, worth the same, and are to be invoiced elsewhere or at another time."""
    revived: tuple[Entry, ...] = ()
    """Credits that wait, of what is owed after all."""


def difference(entries: Sequence[Entry], wanted: Iterable[ChargeWish]) -> Difference:
    """Compare what stands with what a booking asks for now."""
    wishes = {wish.key: wish for wish in wanted}
    if not entries:
        return Difference(added=tuple(wishes.values()))
    standing = {entry.charge: entry for entry in charges_that_stand(entries)}
    same = {key for key, wish in wishes.items() if key in standing and standing[key].worth == wish.worth}
    everything = same != standing.keys() | wishes.keys()
    if everything and _has_discount(standing.values(), wishes.values()):
        same = set()
    gone = tuple(entry for key, entry in standing.items() if key not in same)
    added = [wish for key, wish in wishes.items() if key not in same]
    revived = _revived(entries, added) if not gone else {}
    return Difference(
        gone=gone,
        added=tuple(wish for wish in added if wish.key not in revived),
        moved=tuple((standing[key], wishes[key]) for key in same if _elsewhere(standing[key], wishes[key])),
        revived=tuple(revived.values()),
    )


def charges_that_stand(entries: Sequence[Entry]) -> list[Entry]:
    """Charges that are neither dropped nor credited."""
    reversed_ = {entry.reverses for entry in entries if entry.kind is EntryKind.CREDIT and _alive(entry)}
    return [e for e in entries if e.kind is EntryKind.CHARGE and _alive(e) and e.id not in reversed_]


def _alive(entry: Entry) -> bool:
    return entry.state is not EntryState.DROPPED


def _has_discount(standing: Iterable[Entry], wishes: Iterable[ChargeWish]) -> bool:
    """A line below zero cannot stand alone, nor be credited alone: all is credited and charged anew."""
    return any(entry.net < 0 for entry in standing) or any(wish.net < 0 for wish in wishes)


def _elsewhere(entry: Entry, wish: ChargeWish) -> bool:
    there = (entry.account, entry.connection, entry.day, entry.bills_at)
    return entry.state is EntryState.OPEN and there != (wish.account, wish.connection, wish.day, wish.bills_at)


def _revived(entries: Sequence[Entry], added: Iterable[ChargeWish]) -> dict[str, Entry]:
    """Credits that nobody has been sent, of charges that are wanted again as they were."""
    charges = {entry.id: entry for entry in entries if entry.kind is EntryKind.CHARGE}
    waiting = {
        charges[entry.reverses].charge: entry
        for entry in entries
        if entry.kind is EntryKind.CREDIT and entry.state is EntryState.OPEN and entry.reverses in charges
    }
    return {
        wish.key: credit
        for wish in added
        if (credit := waiting.get(wish.key)) and charges[credit.reverses or 0].worth == wish.worth
    }


def gross(lines: Iterable[tuple[int, str]]) -> int:
    """What lines, each a net in öre and its VAT, cost together in öre: VAT by category and rate, each HALF_UP."""
    nets: dict[Taxed, int] = {}
    for net, vat in lines:
        nets[VAT[vat]] = nets.get(VAT[vat], 0) + net
    return sum(net + tax(net, taxed.rate) for taxed, net in nets.items())


def tax(net: int, rate: Decimal) -> int:
    """VAT in öre of a net in öre, HALF_UP."""
    return ore(kronor(net) * rate / 100)


def to_settle(entries: Sequence[Entry], wanted: Iterable[ChargeWish]) -> int:
    """What has been paid beforehand too little of what is owed so now; below zero: too much. Öre."""
    owed = [(wish.net, wish.vat) for wish in wanted if wish.receipt]
    if not entries and not owed:
        return 0
    paid = sum(entry.net for entry in entries if entry.kind is EntryKind.RECEIPT)
    paid -= sum(entry.net for entry in entries if entry.kind is EntryKind.REFUND)
    return gross(owed) - paid
