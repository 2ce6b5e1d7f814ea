"""Making invoices of what may be invoiced, one transaction for each account: sealed here, sent by delivery.

Only here is an invoice made: what changes before that never reaches a customer. No call leaves the database, so a
process that is killed has made an invoice whole, or not at all. An account that cannot be invoiced is a problem of its
own, and holds no other up.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from hub.clock import MINUTE, STOCKHOLM, Clock, instant, now_of
from hub.model import Invoice, InvoiceKind, VatCategory
from hub.model.booking import Booking
from hub.model.finance import Charging
from hub.model.invoice import Invoice as Sealed
from hub.model.ledger import EntryKind
from hub.model.money import ore
from hub.model.plan import InvoiceBody, TargetKind
from hub.model.states import Delivery
from hub.service.asking.preparing import stored_booking
from hub.service.money.invoicing import Heading, credit_note, invoice, party
from hub.service.money.owing import VAT
from hub.service.rulebook import Rulebook
from hub.store import bookings, entries, invoices, lanes, problems
from hub.store.engine.database import Connection
from hub.store.entries import Entry
from hub.store.invoices import NewInvoice, Stored
from hub.store.lanes import Raise
from hub.store.problems import Cause
from hub.store.seals.sealed import INVOICE
from hub.store.seals.sealing import Seal

NOT_INVOICED = "not-invoiced"
"""The code of the problem that an account cannot be invoiced; its cause is the account."""
AT_ONCE = 20
"""Accounts that one transaction takes: nobody waits long behind it."""
_AGAIN = 60 * MINUTE
"""What could not be invoiced is tried again after that long, or when a booking of it is changed."""
_LETTERS = {InvoiceKind.INVOICE: "i", InvoiceKind.CREDIT: "c"}


class Account(NamedTuple):
    """What is invoiced together, with what is needed to do it."""

    municipality: str
    key: str
    made: dict[str, int]
    """How many documents of each kind there are."""
    now: int

    @property
    def today(self) -> date:
        """In Sweden."""
        return instant(self.now).astimezone(STOCKHOLM).date()

    def next_key(self, kind: InvoiceKind) -> str:
        """Of the next document; a key is never used again."""
        number = self.made[kind] = self.made.get(kind, 0) + 1
        return f"{self.key}.{_LETTERS[kind]}{number}"


def opened(stored: Stored, municipality: str, seal: Seal) -> Invoice:
    """An invoice as it was made."""
    return Sealed.model_validate_json(seal.open(stored.sealed, INVOICE.place(municipality, stored.key)))


class Billing:
    """The use case of invoicing."""

    def __init__(self, seal: Seal, rulebook: Rulebook, clock: Clock) -> None:
        self._seal, self._rulebook, self._clock = seal, rulebook, clock

    def now(self) -> int:
        """By the domain's clock."""
        return now_of(self._clock)

    def bill(self, connection: Connection) -> int:
        """Make the invoices that are due, of some accounts; gives how many accounts there were."""
        due = self.due(connection)
        for town, key in due:
            self.bill_one(connection, town, key)
        return len(due)

    def due(self, connection: Connection) -> list[tuple[str, str]]:
        """(municipality, account) of what may be invoiced now: the first few."""
        return entries.due(connection, now=self.now(), limit=AT_ONCE)

    def bill_one(self, connection: Connection, municipality: str, key: str) -> None:
        """Make what is due of one account."""
        now = self.now()
        account = Account(municipality, key, invoices.made(connection, municipality, key), now)
        waiting = entries.open_of(connection, municipality, key, now=now)
        self._invoices(connection, account, [e for e in waiting if e.kind is EntryKind.CHARGE])
        self._credits(connection, account, [e for e in waiting if e.kind is EntryKind.CREDIT])
        for name in {e.connection for e in waiting}:
            problems.close_cause(connection, municipality, name, Cause(NOT_INVOICED, key), now=now)

    def put_off(self, connection: Connection, municipality: str, key: str, why: str) -> None:
        """Have an account that cannot be invoiced wait, and make it known; `why` tells nothing of anybody."""
        now = self.now()
        waiting = entries.open_of(connection, municipality, key, now=now)
        entries.put_off(connection, municipality, key, now=now, until=now + _AGAIN)
        numbers = bookings.numbers(connection, municipality, {e.booking for e in waiting})
        detail = f"{', '.join(sorted(numbers.values()))}: {why}"
        for name in {e.connection for e in waiting}:
            problems.open_(connection, municipality, name, Cause(NOT_INVOICED, key), detail=detail, now=now)

    def over(self, connection: Connection) -> list[tuple[str, str, Cause]]:
        """Problems of accounts of which nothing is to be invoiced any more."""
        held = problems.open_of(connection, NOT_INVOICED)
        return [(town, name, cause) for town, name, cause in held if not entries.waits(connection, town, cause.cause)]

    def close(self, connection: Connection, over: Iterable[tuple[str, str, Cause]]) -> None:
        """End those problems."""
        for town, name, cause in over:
            problems.close_cause(connection, town, name, cause, now=self.now())

    def _charging(self, municipality: str) -> Charging:
        return self._rulebook.town(municipality).configuration.municipality.finance.charging

    def _invoices(self, connection: Connection, account: Account, charges: Sequence[Entry]) -> None:
        """What is outside of VAT stands on no invoice with what is not. Source: EN 16931, BR-O-11, read 2026-11-21."""
        for outside in (False, True):
            some = [e for e in charges if (VAT[e.vat].category is VatCategory.OUTSIDE) is outside]
            if some:
                self._invoice(connection, account, some)

    def _invoice(self, connection: Connection, account: Account, charges: Sequence[Entry]) -> None:
        town = account.municipality
        known = self._bookings(connection, town, {e.booking for e in charges})
        latest = known[charges[-1].booking]
        numbers = {id_: booking.number for id_, booking in known.items()}
        heading = Heading(
            account.next_key(InvoiceKind.INVOICE),
            latest.number if len(known) == 1 else account.key,
            party(latest.customer),
            account.today,
        )
        made = invoice(heading, charges, _texts(known, charges), numbers, self._charging(town))
        lines = {e.id: n for n, e in enumerate(charges, 1)}
        self._keep(connection, account, made, charges[-1].connection, None, lines)

    def _credits(self, connection: Connection, account: Account, credits_: Sequence[Entry]) -> None:
        """One credit note for each invoice that something is taken off from."""
        town = account.municipality
        charged = {e.id: e for e in entries.with_ids(connection, town, [e.reverses or 0 for e in credits_])}
        by_invoice: dict[int, list[Entry]] = defaultdict(list)
        for entry in credits_:
            by_invoice[charged[entry.reverses or 0].invoice].append(entry)
        originals = invoices.with_ids(connection, town, by_invoice)
        for id_, some in by_invoice.items():
            self._credit(connection, account, originals[id_], {e.id: charged[e.reverses or 0].line for e in some})

    def _credit(self, connection: Connection, account: Account, stored: Stored, lines: dict[int, int]) -> None:
        town = account.municipality
        original = opened(stored, town, self._seal)
        heading = Heading(account.next_key(InvoiceKind.CREDIT), original.booking, original.customer, account.today)
        before = _credited(connection, town, stored.id)
        made = credit_note(heading, original, frozenset(lines.values()), before)
        self._keep(connection, account, made, stored.connection, stored.id, lines)

    def _keep(
        self,
        connection: Connection,
        account: Account,
        made: Invoice,
        name: str,
        credits_: int | None,
        lines: dict[int, int],
    ) -> None:
        town, now = account.municipality, account.now
        sealed = self._seal.close(made.model_dump_json().encode(), INVOICE.place(town, made.key))
        amounts = ore(made.net), ore(made.vat), ore(made.rounding)
        new = NewInvoice(town, made.key, made.kind, account.key, name, credits_, invoices.FORMED, sealed, *amounts, now)
        id_ = invoices.add(connection, new)
        body = InvoiceBody(id_).to_json()
        ((lane, _),) = lanes.raise_all(
            connection, [Raise(town, name, made.key, TargetKind.RECORD, body, now, Delivery.DUE)]
        )
        invoices.set_lane(connection, town, id_, lane)
        entries.invoice(connection, [(id_, line, town, entry) for entry, line in lines.items()])

    def _bookings(self, connection: Connection, municipality: str, ids: Iterable[int]) -> dict[int, Booking]:
        return {
            stored.id: stored_booking(stored.body, stored.persons, municipality, stored.number, self._seal)
            for stored in bookings.with_ids(connection, municipality, ids)
        }


def _texts(known: dict[int, Booking], charges: Iterable[Entry]) -> dict[int, str]:
    """What each line says: as its booking does now."""
    texts = {(id_, charge.key): charge.text for id_, booking in known.items() for charge in booking.charges}
    return {e.id: texts[e.booking, e.charge] for e in charges}


def _credited(connection: Connection, municipality: str, id_: int) -> frozenset[int]:
    """The lines of an invoice that stand on credit notes already."""
    lines = {e.id: e.line for e in entries.of_invoices(connection, municipality, [id_])}
    taken = entries.credits_of(connection, municipality, lines)
    return frozenset(lines[e.reverses or 0] for e in taken if e.invoice)
