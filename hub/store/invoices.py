"""Invoices and credit notes: sealed when they are made, withdrawn while nobody has tried to send them."""

from collections.abc import Iterable
from typing import NamedTuple

from hub.store.engine.bells import Bell
from hub.store.engine.database import OF_TOWN, Connection


class NewInvoice(NamedTuple):
    """An invoice to be kept; see the table."""

    municipality: str
    key: str
    kind: str
    account: str
    connection: str
    credits: int | None
    state: str
    sealed: bytes
    net: int
    vat: int
    rounding: int
    at: int


class Stored(NamedTuple):
    """An invoice as it stands; `sealed` holds all that it says."""

    id: int
    key: str
    kind: str
    account: str
    connection: str
    lane: int
    credits: int | None
    state: str
    sealed: bytes
    net: int
    vat: int
    rounding: int
    answer: str | None
    answered_at: int | None
    at: int

    @property
    def payable(self) -> int:
        """Öre."""
        return self.net + self.vat + self.rounding


FORMED, WITHDRAWN = "formed", "withdrawn"
_STORED = f"SELECT {', '.join(Stored._fields)} FROM invoices WHERE "
_ADD = (
    f"INSERT INTO invoices({', '.join(NewInvoice._fields)}) VALUES({', '.join('?' * len(NewInvoice._fields))})"
    " RETURNING id, municipality, key"
)
_UNTOUCHED = "owner IS NULL AND attempts = 0 AND confirmed IS NULL AND effect = 'planned' AND delivery <> 'dismissed'"
"""Nobody has begun to send it, or its system has refused it whole: nothing of it can be there."""


def add(connection: Connection, made: NewInvoice) -> int:
    """Keep an invoice; gives its id."""
    ((id_, _, _),) = connection.all_returning(_ADD, [made])
    return int(id_)


def is_credit(connection: Connection, municipality: str, lane: int) -> bool:
    """Whether the lane carries a credit note."""
    sql = "SELECT 1 FROM invoices WHERE municipality = ? AND lane = ? AND kind = 'credit'"
    return bool(connection.rows(sql, (municipality, lane)))


def set_lane(connection: Connection, municipality: str, id_: int, lane: int) -> None:
    """The lane by which it goes out."""
    connection.run("UPDATE invoices SET lane = ? WHERE municipality = ? AND id = ?", (lane, municipality, id_))


def with_ids(connection: Connection, municipality: str, ids: Iterable[int]) -> dict[int, Stored]:
    """Those invoices, by id."""
    condition, values = connection.among("id", ids)
    rows = connection.rows(f"{_STORED}{OF_TOWN} AND {condition}", [municipality, *values])
    return {row[0]: _stored(row) for row in rows}


def find(connection: Connection, municipality: str, key: str) -> Stored | None:
    """The invoice of that key."""
    rows = connection.rows(f"{_STORED}municipality = ? AND key = ?", (municipality, key))
    return _stored(rows[0]) if rows else None


def page(connection: Connection, municipality: str, *, after: int, limit: int) -> list[Stored]:
    """Invoices in the order in which they were made."""
    sql = f"{_STORED}{OF_TOWN} AND id > ? ORDER BY id LIMIT ?"
    return [_stored(row) for row in connection.rows(sql, (municipality, after, limit))]


def made(connection: Connection, municipality: str, account: str) -> dict[str, int]:
    """How many there are of each kind on an account, withdrawn ones too: their keys are not used again."""
    sql = "SELECT kind, count(*) FROM invoices WHERE municipality = ? AND account = ? GROUP BY kind"
    return dict(connection.rows(sql, (municipality, account)))


def withdraw(connection: Connection, municipality: str, id_: int, *, now: int) -> bool:
    """Withdraw an invoice that nobody has begun to send, and of which nothing is credited; says whether it was so."""
    connection.ring(Bell.LANES)
    gone = connection.run(
        "UPDATE lanes SET wanted = 0, generation = generation + 1, due = ?, delivery = 'due'"
        " WHERE municipality || '' = ? AND id = (SELECT lane FROM invoices WHERE id = ? AND kind = 'invoice'"
        " AND NOT EXISTS (SELECT 1 FROM entries e JOIN entries c ON c.municipality = e.municipality AND c.reverses ="
        " e.id AND c.state <> 'dropped' WHERE e.municipality = invoices.municipality AND e.invoice = invoices.id))"
        f" AND {_UNTOUCHED}",
        (now, municipality, id_),
    )
    if gone:
        connection.run("UPDATE invoices SET state = 'withdrawn' WHERE municipality = ? AND id = ?", (municipality, id_))
    return bool(gone)


def wake_credits(connection: Connection, municipality: str, id_: int, *, now: int) -> None:
    """The credit notes of an invoice that has gone out may follow it."""
    connection.ring(Bell.LANES)
    connection.run(
        "UPDATE lanes SET due = ? WHERE municipality || '' = ? AND due > ? AND owner IS NULL AND delivery IN ('due',"
        " 'waiting') AND id IN (SELECT lane FROM invoices WHERE municipality = ? AND credits = ?)",
        (now, municipality, now, municipality, id_),
    )


def answer(connection: Connection, municipality: str, id_: int, told: str, *, at: int) -> bool:
    """What whoever got it said, unless something later is known; says whether that is new."""
    sql = (
        "UPDATE invoices SET answer = ?, answered_at = ? WHERE municipality = ? AND id = ?"
        " AND (answered_at IS NULL OR answered_at < ? OR (answered_at = ? AND answer <> ?))"
    )
    return bool(connection.run(sql, (told, at, municipality, id_, at, at, told)))


def _stored(row: tuple[object, ...]) -> Stored:
    found = Stored(*row)  # type: ignore[arg-type]
    return found._replace(sealed=bytes(found.sealed))
