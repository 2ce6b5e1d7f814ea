"""What the ledger tells: of a booking, of invoices, and what became of them at the customer's."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from hub.clock import instant, micros
from hub.model.events import EventType
from hub.model.invoice import Answer, InvoiceAnswered, InvoiceKind
from hub.model.ledger import EntryKind, InvoicePage, InvoiceView, LedgerLine, Money
from hub.model.money import kronor
from hub.model.states import Delivery, Record
from hub.service.money.owing import charges_that_stand, gross
from hub.service.rulebook import Rulebook
from hub.service.standing.showing import moment
from hub.store import bookings, entries, events, invoices, shown
from hub.store.engine.database import Connection
from hub.store.engine.writer import Readers
from hub.store.entries import Entry
from hub.store.events import Event
from hub.store.invoices import Stored
from hub.store.shown import Seen


class _Sent(NamedTuple):
    """An invoice, with what its lane knows."""

    stored: Stored
    seen: Seen
    bookings: tuple[str, ...]
    credits: str | None


class Ledger:
    """The use case of looking money up."""

    def __init__(self, readers: Readers, rulebook: Rulebook) -> None:
        self._readers, self._rulebook = readers, rulebook

    async def invoices(self, municipality: str, *, after: int, limit: int) -> InvoicePage:
        """Invoices in the order in which they were made. Raises NotFoundError."""
        self._rulebook.town(municipality)
        return await self._readers.read(lambda c: _page(c, municipality, after, limit))


def _page(connection: Connection, municipality: str, after: int, limit: int) -> InvoicePage:
    stored = invoices.page(connection, municipality, after=after, limit=limit)
    shown = _shown(connection, municipality, stored)
    return InvoicePage(invoices=shown, next=stored[-1].id if len(stored) == limit else None)


def money(connection: Connection, municipality: str, booking: int) -> Money:
    """All money of a booking."""
    listed = entries.of_bookings(connection, municipality, [booking])
    stored = invoices.with_ids(connection, municipality, sorted({entry.invoice for entry in listed} - {0}))
    keys = {id_: one.key for id_, one in stored.items()}
    return Money(
        lines=tuple(_line(entry, keys) for entry in listed),
        invoices=_shown(connection, municipality, [stored[id_] for id_ in sorted(stored)]),
        owed=kronor(_owed(listed)),
    )


def _owed(listed: Sequence[Entry]) -> int:
    """VAT is worked out for each invoice by itself, so that is how it adds up."""
    paid = {EntryKind.RECEIPT: 1, EntryKind.REFUND: -1}
    by_invoice: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for entry in charges_that_stand(listed):
        by_invoice[entry.invoice].append((entry.net, entry.vat))
    return sum(map(gross, by_invoice.values())) - sum(paid.get(e.kind, 0) * e.net for e in listed)


def _line(entry: Entry, keys: Mapping[int, str]) -> LedgerLine:
    priced = entry.kind in {EntryKind.CHARGE, EntryKind.CREDIT}
    return LedgerLine(
        id=entry.id,
        kind=entry.kind,
        state=entry.state,
        charge=entry.charge or None,
        article=entry.article or None,
        quantity=entry.quantity if priced else None,
        unit_price=kronor(entry.unit_price) if priced else None,
        amount=kronor(entry.net),
        vat=entry.vat or None,
        day=entry.day or None,  # type: ignore[arg-type]  # as ISO 8601
        reverses=entry.reverses,
        receipt=entry.receipt or None,
        invoice=keys.get(entry.invoice),
        bills_at=moment(entry.bills_at),
        revision=entry.revision,
        at=instant(entry.at),
    )


def _shown(connection: Connection, municipality: str, stored: Sequence[Stored]) -> tuple[InvoiceView, ...]:
    seen = shown.seen(connection, municipality, [one.lane for one in stored])
    numbers = _numbers(connection, municipality, stored)
    credited = invoices.with_ids(connection, municipality, {one.credits for one in stored if one.credits})
    return tuple(
        _view(_Sent(one, seen[one.lane], numbers[one.id], credited[one.credits].key if one.credits else None))
        for one in stored
    )


def _numbers(connection: Connection, municipality: str, stored: Iterable[Stored]) -> dict[int, tuple[str, ...]]:
    """The bookings that each invoice is for; one that was withdrawn is for none any more."""
    mine: dict[int, set[int]] = {one.id: set() for one in stored}
    for entry in entries.of_invoices(connection, municipality, mine):
        mine[entry.invoice].add(entry.booking)
    named = bookings.numbers(connection, municipality, set().union(*mine.values()))
    return {id_: tuple(sorted(named[booking] for booking in found)) for id_, found in mine.items()}


def _view(sent: _Sent) -> InvoiceView:
    stored, seen = sent.stored, sent.seen
    withdrawn = stored.state == invoices.WITHDRAWN
    return InvoiceView(
        key=stored.key,
        kind=InvoiceKind(stored.kind),
        credits=sent.credits,
        bookings=sent.bookings,
        connection=stored.connection,
        state=Record.WITHDRAWN if withdrawn else Record(seen.effect),
        delivery=Delivery(seen.delivery),
        detail=seen.detail,
        reference=seen.reference,
        net=kronor(stored.net),
        vat=kronor(stored.vat),
        rounding=kronor(stored.rounding),
        payable=kronor(stored.payable),
        answer=Answer(stored.answer) if stored.answer else None,
        answered_at=moment(stored.answered_at),
        made_at=instant(stored.at),
    )


def transferred(connection: Connection, municipality: str, stored: Stored, *, now: int) -> Event:
    """The finance system has it."""
    credited = invoices.with_ids(connection, municipality, [stored.credits]) if stored.credits else {}
    body = {
        "kind": stored.kind,
        "payable": str(kronor(stored.payable)),
        "bookings": _numbers(connection, municipality, [stored])[stored.id],
        "credits": credited[stored.credits].key if stored.credits else None,
    }
    return Event(municipality, EventType.INVOICE_TRANSFERRED, stored.key, json.dumps(body), now)


def answered(connection: Connection, municipality: str, told: InvoiceAnswered, *, now: int) -> bool:
    """Keep what whoever got an invoice says of it; says whether there is such an invoice."""
    stored = invoices.find(connection, municipality, told.key)
    if stored is None:
        return False
    if invoices.answer(connection, municipality, stored.id, told.answer, at=micros(told.at)):
        body = {"answer": told.answer, "bookings": _numbers(connection, municipality, [stored])[stored.id]}
        events.append(connection, [Event(municipality, EventType.INVOICE_ANSWERED, stored.key, json.dumps(body), now)])
    return True
