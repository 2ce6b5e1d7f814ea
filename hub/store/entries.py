"""Lines of the ledger: added, moved from state to state, never removed and never changed in amount."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hub.clock import NEVER
from hub.model.ledger import EntryKind, EntryState
from hub.store.engine.bells import Bell
from hub.store.engine.database import Connection


class NewEntry(NamedTuple):
    """A line to be added; see the table."""

    municipality: str
    booking: int
    revision: int
    kind: EntryKind
    state: EntryState
    charge: str
    account: str
    connection: str
    payer: str
    receipt: str
    article: str
    quantity: str
    unit_price: int
    net: int
    vat: str
    day: str
    bills_at: int
    reverses: int | None
    at: int


class Entry(NamedTuple):
    """A line as it stands."""

    id: int
    booking: int
    revision: int
    kind: EntryKind
    state: EntryState
    charge: str
    account: str
    connection: str
    payer: str
    receipt: str
    article: str
    quantity: str
    unit_price: int
    net: int
    vat: str
    day: str
    bills_at: int
    invoice: int
    line: int
    reverses: int | None
    at: int

    @property
    def worth(self) -> tuple[object, ...]:
        """What cannot change without being credited and charged anew; as a wish says it."""
        return self.payer, bool(self.receipt), self.article, self.quantity, self.unit_price, self.vat


_COLUMNS = ", ".join(NewEntry._fields)
_ADD = f"INSERT INTO entries({_COLUMNS}) VALUES({', '.join('?' * len(NewEntry._fields))})"
_ENTRY = f"SELECT {', '.join(Entry._fields)} FROM entries WHERE municipality = ? AND "


def _entry(row: Sequence[object]) -> Entry:
    found = Entry(*row)  # type: ignore[arg-type]
    return found._replace(kind=EntryKind(found.kind), state=EntryState(found.state))


def add(connection: Connection, entries: Iterable[NewEntry]) -> None:
    """Add lines."""
    if many := list(entries):
        connection.each(_ADD, many)
        connection.ring(Bell.LANES)


def of_bookings(connection: Connection, municipality: str, ids: Iterable[int]) -> list[Entry]:
    """All lines of those bookings, in the order in which they were added."""
    condition, values = connection.among("booking", ids)
    return [_entry(row) for row in connection.rows(f"{_ENTRY}{condition} ORDER BY id", [municipality, *values])]


def of_invoices(connection: Connection, municipality: str, ids: Iterable[int]) -> list[Entry]:
    """The lines on those invoices."""
    condition, values = connection.among("invoice", ids)
    rows = connection.rows(f"{_ENTRY}invoice > 0 AND {condition} ORDER BY id", [municipality, *values])
    return [_entry(row) for row in rows]


def with_ids(connection: Connection, municipality: str, ids: Iterable[int]) -> list[Entry]:
    """Those lines."""
    condition, values = connection.among("id", ids)
    return [_entry(row) for row in connection.rows(f"{_ENTRY}{condition} ORDER BY id", [municipality, *values])]


def credits_of(connection: Connection, municipality: str, ids: Iterable[int]) -> list[Entry]:
    """The credits that take those lines off."""
    condition, values = connection.among("reverses", ids)
    sql = f"{_ENTRY}reverses IS NOT NULL AND state <> 'dropped' AND {condition}"
    return [_entry(row) for row in connection.rows(sql, [municipality, *values])]


def due(connection: Connection, *, now: int, limit: int) -> list[tuple[str, str]]:
    """(municipality, account) with lines that may be invoiced, the longest due first."""
    rows = connection.rows(
        f"SELECT municipality, account, min(bills_at) FROM entries WHERE bills_at <= ? AND bills_at < {NEVER}"
        " GROUP BY municipality, account ORDER BY 3, 1, 2 LIMIT ?",
        (now, limit),
    )
    return [(town, account) for town, account, _ in rows]


def next_due(connection: Connection) -> int:
    """When the next line may be invoiced; NEVER when none waits."""
    ((at,),) = connection.rows(f"SELECT min(bills_at) FROM entries WHERE bills_at < {NEVER}")
    return NEVER if at is None else int(at)


def open_of(connection: Connection, municipality: str, account: str, *, now: int) -> list[Entry]:
    """The lines of an account that may be invoiced."""
    sql = f"{_ENTRY}account = ? AND bills_at <= ? AND bills_at < {NEVER} ORDER BY id"
    return [_entry(row) for row in connection.rows(sql, (municipality, account, now))]


def put_off(connection: Connection, municipality: str, account: str, *, now: int, until: int) -> None:
    """What may be invoiced of an account may be so later."""
    connection.run(
        "UPDATE entries SET bills_at = ? WHERE municipality = ? AND account = ? AND bills_at <= ? AND state = 'open'",
        (until, municipality, account, now),
    )


def waits(connection: Connection, municipality: str, account: str) -> bool:
    """Whether an account has lines that are to be invoiced."""
    sql = f"SELECT 1 FROM entries WHERE municipality = ? AND account = ? AND bills_at < {NEVER} LIMIT 1"
    return bool(connection.rows(sql, (municipality, account)))


def drop(connection: Connection, municipality: str, ids: Iterable[int]) -> None:
    """They were never invoiced, and never will be."""
    connection.each(
        f"UPDATE entries SET state = 'dropped', bills_at = {NEVER} WHERE municipality = ? AND id = ?",
        [(municipality, id_) for id_ in ids],
    )


def move(connection: Connection, rows: Iterable[tuple[str, str, str, int, str, int]]) -> None:
    """(account, connection, day, bills_at, municipality, id) of lines that wait, and are invoiced otherwise now."""
    connection.each(
        "UPDATE entries SET account = ?, connection = ?, day = ?, bills_at = ? WHERE municipality = ? AND id = ?"
        " AND state = 'open'",
        rows,
    )


def invoice(connection: Connection, rows: Iterable[tuple[int, int, str, int]]) -> None:
    """(invoice, line, municipality, id) of lines that stand on an invoice now."""
    connection.each(
        f"UPDATE entries SET state = 'invoiced', bills_at = {NEVER}, invoice = ?, line = ?"
        " WHERE municipality = ? AND id = ?",
        rows,
    )


def reopen(connection: Connection, municipality: str, ids: Iterable[int], *, now: int) -> None:
    """The lines of invoices that were withdrawn wait again."""
    connection.each(
        "UPDATE entries SET state = 'open', bills_at = ?, invoice = 0, line = 0 WHERE municipality = ? AND invoice = ?",
        [(now, municipality, id_) for id_ in ids],
    )
