"""One statement for many rows: each that a thread runs costs it a wait for the interpreter's lock."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

_PARTS = re.compile(r"(INSERT INTO .* VALUES\s*)(\((?:\?(?:, )?)+\))(.*)", re.DOTALL)
_SIZES = (512, 64, 32, 16, 8, 4, 2, 1)
"""Rows a statement: few sizes, so that each is prepared once; each the half of one, so that thirty rows take four."""
_QUESTIONS = (64, 32, 16, 8, 4, 2, 1)
"""Questions a statement: a compound SELECT has at most 500 parts."""


Columns = tuple[tuple[str, str], ...]
"""The columns of what is to be written: what they are called, and of which type they are in PostgreSQL."""


class _Parts(NamedTuple):
    before: str
    marks: str
    after: str


def _parted(count: int, sizes: Sequence[int]) -> Iterator[tuple[int, int]]:
    """So many in parts of these sizes, the largest first: where each begins, and its size."""
    begin = 0
    while begin < count:
        many = next(size for size in sizes if size <= count - begin)
        yield begin, many
        begin += many


def _flat(rows: Sequence[Sequence[Any]], begin: int, many: int) -> list[Any]:
    """The values of so many rows from there on, one after the other."""
    return list(chain.from_iterable(rows[begin : begin + many]))


def statements(sql: str, rows: Sequence[Sequence[Any]]) -> Iterator[tuple[str, list[Any]]]:
    """The statements that insert all rows, in order; each with its values.

    Raises:
        ValueError: it is no INSERT of one row of marks.
    """
    for begin, many in _parted(len(rows), _SIZES):
        yield _text(sql, many), _flat(rows, begin, many)


def changes(sql: str, columns: Columns, rows: Sequence[Sequence[Any]]) -> Iterator[tuple[str, list[Any]]]:
    """The statements that change all rows by what is called `v` there; each with its values."""
    for begin, many in _parted(len(rows), _QUESTIONS):
        yield _changing(sql, columns, many), _flat(rows, begin, many)


@lru_cache(100)
def _changing(sql: str, columns: Columns, many: int) -> str:
    marks = f"({', '.join('?' * len(columns))})"
    return f"WITH v({', '.join(name for name, _ in columns)}) AS (VALUES {', '.join([marks] * many)}) {sql}"


@lru_cache(100)
def changing_lists(sql: str, columns: Columns) -> str:
    """The same for any number of rows: one list of values for each column."""
    lists = ", ".join(f"?::{type_}[]" for _, type_ in columns)
    return f"WITH v({', '.join(name for name, _ in columns)}) AS (SELECT * FROM unnest({lists})) {sql}"


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


def questions(sql: str, asked: Sequence[Sequence[Any]]) -> Iterator[tuple[int, str, list[Any]]]:
    """Statements that ask the same of all values; each with the place of its first, from which its rows are told."""
    for begin, many in _parted(len(asked), _QUESTIONS):
        yield begin, _asked(sql, many), _flat(asked, begin, many)


@lru_cache(1000)
def _asked(sql: str, many: int) -> str:
    """Each row is followed by the place of the values that it answers."""
    return " UNION ALL ".join(f"SELECT *, {place} FROM ({sql})" for place in range(many))
