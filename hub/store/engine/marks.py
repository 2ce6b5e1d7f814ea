"""The marks in a statement: we write `?` for each value, PostgreSQL wants `$1`, `$2`, and so on."""

import re
from functools import lru_cache
from itertools import count
from typing import NamedTuple

_TEXT_OR_MARK = re.compile(r"'[^']*'|\?")
_INSERT = re.compile(r"(INSERT INTO (\w+)\s*\(([^)]*)\)) VALUES\s*\((?:\?(?:, )?)+\)(.*)", re.DOTALL)


@lru_cache(4000)
def numbered(sql: str) -> bytes:
    """The statement with its marks numbered; a `?` within a text stays."""
    numbers = count(1)
    return _TEXT_OR_MARK.sub(lambda found: f"${next(numbers)}" if found[0] == "?" else found[0], sql).encode()


@lru_cache(1000)
def of_each(sql: str, types: tuple[str, ...]) -> str:
    """The same question of any number of values, one list of each type; each row is followed by the place of its own.

    What is asked is asked of each by itself (`OFFSET 0`): no table is walked for all of them together.
    """
    numbers = count(1)
    asked = _TEXT_OR_MARK.sub(lambda found: f"q.v{next(numbers)}" if found[0] == "?" else found[0], sql)
    lists = ", ".join(f"?::{type_}[]" for type_ in types)
    names = ", ".join(f"v{nth}" for nth in range(1, len(types) + 1))
    return (
        f"SELECT x.*, q.nth FROM unnest({lists}) WITH ORDINALITY AS q({names}, nth)"
        f" CROSS JOIN LATERAL ({asked} OFFSET 0) AS x"
    )


class Insert(NamedTuple):
    """An INSERT of one row of marks, in its parts."""

    begins: str
    table: str
    columns: tuple[str, ...]
    ends: str

    def of_lists(self, types: dict[str, str]) -> str:
        """The same for any number of rows: one list of values for each column, of the column's type."""
        lists = ", ".join(f"?::{types[column]}[]" for column in self.columns)
        return f"{self.begins} SELECT * FROM unnest({lists}){self.ends}"


@lru_cache(1000)
def insert_of(sql: str) -> Insert | None:
    """The parts of an INSERT that can be said for many rows at once."""
    found = _INSERT.fullmatch(sql)
    return Insert(found[1], found[2], tuple(found[3].replace(" ", "").split(",")), found[4]) if found else None
