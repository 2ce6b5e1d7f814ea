"""One INSERT for many rows: each statement that a thread runs costs it a wait for the interpreter's lock."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

_PARTS = re.compile(r"(INSERT INTO .* VALUES\s*)(\((?:\?(?:, )?)+\))(.*)", re.DOTALL)
_SIZES = (512, 64, 16, 4, 1)
"""Rows a statement: few sizes, so that each is prepared once."""


class _Parts(NamedTuple):
    before: str
    marks: str
    after: str


def statements(sql: str, rows: Sequence[Sequence[Any]]) -> Iterator[tuple[str, list[Any]]]:
    """The statements that insert all rows, in order; each with its values.

    Raises:
        ValueError: it is no INSERT of one row of marks.
    """
    begin = 0
    while begin < len(rows):
        many = next(size for size in _SIZES if size <= len(rows) - begin)
        yield _text(sql, many), [value for row in rows[begin : begin + many] for value in row]
        begin += many


@lru_cache(1000)
def _text(sql: str, many: int) -> str:
    parts = _parts(sql)
    if parts is None:
        msg = f"no INSERT of one row: {sql}"
        raise ValueError(msg)
    return parts.before + ", ".join([parts.marks] * many) + parts.after


@lru_cache(1000)
def _parts(sql: str) -> _Parts | None:
    found = _PARTS.fullmatch(sql)
    return _Parts(*found.groups()) if found else None


def is_insert(sql: str) -> bool:
    """Whether it can be said for many rows at once."""
    return _parts(sql) is not None
