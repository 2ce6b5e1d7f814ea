"""Money in the accepting transaction: each charge, credit, receipt and request for a refund once (reskontra)."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from hub.clock import NEVER
from hub.model.events import EventType
from hub.model.ledger import EntryKind, EntryState
from hub.model.money import kronor
from hub.model.plan import ChargeWish
from hub.service.asking.changes import Change
from hub.service.money.owing import Difference, charges_that_stand, difference, to_settle
from hub.store import entries, events, invoices
from hub.store.engine import places
from hub.store.engine.database import Connection
from hub.store.entries import Entry, NewEntry
from hub.store.events import Event


class _Owed(NamedTuple):
    """A booking's change, and what stands in the ledger for it."""

    change: Change
    entries: Sequence[Entry]


def charge(connection: Connection, changes: Sequence[Change]) -> frozenset[int]:
    """Write what a group of accepted bookings changes in the ledger, each booking once; gives the ids of those."""
    concerned = [
        (owed, difference(owed.entries, owed.change.request.plan.charges)) for owed in _concerned(connection, changes)
    ]
    connection.hold({places.account(*one) for owed, told in concerned if told.gone for one in _accounts(owed)})
    new: list[NewEntry] = []
    changed: set[int] = set()
    for owed, told in concerned:
        if told.gone:  # a credit of this very group keeps an invoice from being withdrawn
            entries.add(connection, new)
            new = []
        mine = _written(connection, owed, told)
        if mine or told != Difference():
            changed.add(owed.change.id)
        new += mine
    entries.add(connection, new)
    return frozenset(changed)


def _accounts(owed: _Owed) -> Iterator[tuple[str, str]]:
    """Nobody else withdraws their invoices meanwhile, or credits anything of them."""
    request = owed.change.request
    for name in {*(entry.account for entry in owed.entries), *(wish.account for wish in request.plan.charges)}:
        yield request.municipality, name


def _concerned(connection: Connection, changes: Sequence[Change]) -> Iterator[_Owed]:
    """Bookings that cost something, or did."""
    known: dict[str, list[int]] = defaultdict(list)
    for one in changes:
        if one.known is not None:
            known[one.request.municipality].append(one.id)
    standing: dict[int, list[Entry]] = defaultdict(list)
    for town, ids in known.items():
        for entry in entries.of_bookings(connection, town, ids):
            standing[entry.booking].append(entry)
    for one in changes:
        stands = standing[one.id] if one.known is not None else []
        if stands or one.request.plan.charges:
            yield _Owed(one, stands)


def _written(connection: Connection, owed: _Owed, told: Difference) -> list[NewEntry]:
    """Write what becomes of lines that are there; gives those to be added."""
    request, town = owed.change.request, owed.change.request.municipality
    withdrawn = _withdrawn(connection, owed.change, told.gone)
    dropped = [e for e in told.gone if e.state is EntryState.OPEN or e.invoice in withdrawn]
    credited = [e for e in told.gone if e.state is not EntryState.OPEN and e.invoice not in withdrawn]
    if dropped or told.revived:
        entries.drop(connection, town, [e.id for e in (*dropped, *told.revived)])
    if moved := [*told.moved, *_waiting_again(owed, told, withdrawn)]:
        entries.move(connection, [(*_place(wish), town, entry.id) for entry, wish in moved])
    new = [_credit(owed.change, entry) for entry in credited]
    new += [_charged(owed.change, wish) for wish in told.added]
    if balance := to_settle(owed.entries, request.plan.charges):
        new.append(_settled(owed, balance))
        if balance < 0:
            events.append(connection, [_refund(owed, -balance)])
    return new


def _withdrawn(connection: Connection, change: Change, gone: Iterable[Entry]) -> set[int]:
    """The invoices of what is owed no more that could be called back; their lines wait again."""
    town, now = change.request.municipality, change.request.now
    asked = {entry.invoice for entry in gone if entry.state is EntryState.INVOICED}
    found = {id_ for id_ in sorted(asked) if invoices.withdraw(connection, town, id_, now=now)}
    if found:
        entries.reopen(connection, town, sorted(found), now=now)
    return found


def _waiting_again(owed: _Owed, told: Difference, withdrawn: set[int]) -> Iterator[tuple[Entry, ChargeWish]]:
    """Lines that stay, of invoices that were called back."""
    wishes = {wish.key: wish for wish in owed.change.request.plan.charges}
    staying = (e for e in charges_that_stand(owed.entries) if e.invoice in withdrawn and e not in told.gone)
    return ((entry, wishes[entry.charge]) for entry in staying)


def _place(wish: ChargeWish) -> tuple[str, str, str, int]:
    return wish.account, wish.connection, wish.day, wish.bills_at


def _charged(change: Change, wish: ChargeWish) -> NewEntry:
    request = change.request
    state, bills_at = (EntryState.SETTLED, NEVER) if wish.receipt else (EntryState.OPEN, wish.bills_at)
    return NewEntry(
        request.municipality, change.id, request.revision, EntryKind.CHARGE, state, wish.key, wish.account,
        wish.connection, wish.payer, wish.receipt, wish.article, wish.quantity, wish.unit_price, wish.net, wish.vat,
        wish.day, bills_at, None, request.now,
    )  # fmt: skip


def _credit(change: Change, entry: Entry) -> NewEntry:
    """Takes a charge off as it was put on; at once, whenever what replaces it is invoiced."""
    request = change.request
    state, bills_at = (EntryState.SETTLED, NEVER) if entry.receipt else (EntryState.OPEN, request.now)
    return NewEntry(
        request.municipality, change.id, request.revision, EntryKind.CREDIT, state, entry.charge, entry.account,
        entry.connection, entry.payer, entry.receipt, entry.article, entry.quantity, entry.unit_price, entry.net,
        entry.vat, entry.day, bills_at, entry.id, request.now,
    )  # fmt: skip


def _receipt(owed: _Owed) -> str:
    """What was paid with: as the booking says now, or as it last said."""
    said = [entry.receipt for entry in owed.entries if entry.receipt]
    return owed.change.request.plan.receipt or said[-1]


def _settled(owed: _Owed, balance: int) -> NewEntry:
    request = owed.change.request
    kind, amount = (EntryKind.RECEIPT, balance) if balance > 0 else (EntryKind.REFUND, -balance)
    return NewEntry(
        request.municipality, owed.change.id, request.revision, kind, EntryState.SETTLED, "", request.number, "", "",
        _receipt(owed), "", "1", amount, amount, "", "", NEVER, None, request.now,
    )  # fmt: skip


def _refund(owed: _Owed, amount: int) -> Event:
    request = owed.change.request
    body = {"revision": request.revision, "amount": str(kronor(amount)), "receipt": _receipt(owed)}
    return Event(request.municipality, EventType.REFUND_REQUESTED, request.number, json.dumps(body), request.now)
