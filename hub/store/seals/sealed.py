"""Every column that holds sealed values, once: what binds a value to its row, and the walk over all of them.

A value can be sealed only to a place that is made here, so no column is left out when keys are rotated.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from hub.store.engine.database import Connection
from hub.store.seals.sealing import Place

Key = tuple[Any, ...]
"""A table's primary key, its values."""


class Sealed:
    """One column; `row` are the columns by which a value is bound to its row, `key` the table's primary key."""

    def __init__(self, table: str, column: str, row: Sequence[str], key: Sequence[str] = ("id",)) -> None:
        self.table, self.column, self.row, self.key = table, column, tuple(row), tuple(key)
        self.start: Key = (0,) if len(key) == 1 else ("",) * len(key)
        """Before any row: numbers begin at 1, and no name is empty."""
        self._between = f"/{table}/{column}/"

    def place(self, municipality: str, row: str) -> Place:
        """What a value of this row is bound to; `row`: slashes between, numbers as written, bytes in hexadecimal."""
        return Place(f"{municipality}{self._between}{row}")

    @property
    def name(self) -> str:
        """As people say it."""
        return f"{self.table}.{self.column}"


BOOKING_PERSONS = Sealed("bookings", "persons", ["number"])
CODE = Sealed("codes", "sealed", ["lane"], ["lane"])
CONNECTOR_STATE = Sealed("connector_state", "sealed", ["connection", "key"], ["municipality", "connection", "key"])
SUBSCRIPTION_SECRETS = Sealed("subscriptions", "secrets", ["name"])
RAW_ROW = Sealed("intake", "sealed", ["connection", "source", "version"])
GATHERING = Sealed("gatherings", "sealed", ["connection", "association", "card", "code"])
INVOICE = Sealed("invoices", "sealed", ["key"])
PROTECTED_NUMBER = Sealed("protected", "sealed", ["person"], ["municipality", "person"])
DOCUMENT_PART = Sealed("document_parts", "sealed", ["key", "part"])
APPLICATION = Sealed("applications", "sealed", ["key"])
SPARE_CODE = Sealed("spare_codes", "sealed", ["facility", "hash"])
AUDIT_SECRET = Sealed("audit_leaves", "secret", ["mark"])
"""The key of a leaf's own: what it sealed is part of the chain, and never changes."""

COLUMNS = (
    BOOKING_PERSONS, CODE, CONNECTOR_STATE, SUBSCRIPTION_SECRETS, RAW_ROW, GATHERING, INVOICE, PROTECTED_NUMBER,
    DOCUMENT_PART, APPLICATION, SPARE_CODE, AUDIT_SECRET,
)  # fmt: skip
"""All of them, in the order of the walk. A test holds them against the tables."""


class Value(NamedTuple):
    """A sealed value where it stands."""

    key: Key
    place: Place
    sealed: bytes


def after(connection: Connection, one: Sealed, key: Key, *, limit: int) -> list[Value]:
    """The next values of a column, in order of the primary key."""
    return _values(connection, one, f"{_tuple(one.key)} > {_marks(one)} ORDER BY {_names(one)} LIMIT ?", (*key, limit))


def ends(connection: Connection, one: Sealed) -> list[Value]:
    """The oldest and the newest value of a column, as far as there are any."""
    last = f"{_tuple(one.key)} > {_marks(one)} ORDER BY {', '.join(f'{name} DESC' for name in one.key)} LIMIT 1"
    return [*after(connection, one, one.start, limit=1), *_values(connection, one, last, one.start)]


def not_under(connection: Connection, one: Sealed, id_: bytes, *, limit: int) -> list[Value]:
    """Values of a column that begin with another id than this key's."""
    return _values(connection, one, f"substr({one.column}, 1, {len(id_)}) <> ? LIMIT ?", (id_, limit))


def _values(connection: Connection, one: Sealed, condition: str, values: Sequence[Any]) -> list[Value]:
    sql = f"SELECT municipality, {', '.join((*one.row, one.column, *one.key))} FROM {one.table} WHERE {condition}"
    return [_value(one, row) for row in connection.rows(sql, values)]


def _value(one: Sealed, row: Sequence[Any]) -> Value:
    municipality, *told = row[: 1 + len(one.row)]
    sealed, *key = row[1 + len(one.row) :]
    bound = "/".join(each.hex() if isinstance(each, bytes) else str(each) for each in told)
    return Value(tuple(key), one.place(municipality, bound), bytes(sealed))


def replace(connection: Connection, one: Sealed, renewed: Iterable[tuple[Value, bytes]]) -> None:
    """Put other bytes in place of values, each unless it was changed meanwhile."""
    here = " AND ".join(f"{name} = ?" for name in one.key)
    sql = f"UPDATE {one.table} SET {one.column} = ? WHERE {here} AND {one.column} = ?"
    connection.each(sql, [(new, *value.key, value.sealed) for value, new in renewed])


def total(connection: Connection) -> int:
    """How many values there are."""
    return sum(connection.rows(f"SELECT count(*) FROM {one.table}")[0][0] for one in COLUMNS)


def counts(connection: Connection, ids: Sequence[bytes]) -> Iterator[tuple[Sealed, int, list[int]]]:
    """For each column: how many values, and how many begin with the id of each of these keys."""
    for one in COLUMNS:
        mine = "".join(f", sum(CASE WHEN substr({one.column}, 1, {len(id_)}) = ? THEN 1 ELSE 0 END)" for id_ in ids)
        ((every, *found),) = connection.rows(f"SELECT count(*){mine} FROM {one.table}", ids)
        yield one, every, [each or 0 for each in found]


def _names(one: Sealed) -> str:
    return ", ".join(one.key)


def _tuple(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"({', '.join(names)})"


def _marks(one: Sealed) -> str:
    return _tuple(["?"] * len(one.key))
