"""Lists of values whose type is known, as PostgreSQL's arrays in binary form.

Of a list of any values the driver walks all to learn what they are, and calls another object for each. A list without
any value has its type here too, so that its statement is the same.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from struct import Struct
from typing import Any

from psycopg.abc import Buffer
from psycopg.adapt import Dumper
from psycopg.postgres import types
from psycopg.pq import Format

_WHOLE, _TEXT = types["int8"], types["text"]
_HEAD = Struct("!5i")
"""Dimensions, whether any is null, what they are, how many, and where counting begins."""
_LENGTH = Struct("!i")
_NULL = _LENGTH.pack(-1)


class Wholes(list[Any]):
    """Whole numbers, and none where there is none; a truth is 0 or 1."""


class Texts(list[Any]):
    """Texts, and none where there is none."""


_TYPES: tuple[tuple[type, str], ...] = ((int, "bigint"), (str, "text"), (bytes, "bytea"))


def type_of(value: object) -> str | None:
    """What PostgreSQL calls the type that a value is of; None: none of ours."""
    return next((type_ for kind, type_ in _TYPES if isinstance(value, kind)), None)


def of_type(name: str | None, values: Iterable[Any]) -> list[Any]:
    """The values as a list of a type, as PostgreSQL calls it."""
    match name:
        case "bigint":
            return Wholes(values)
        case "text":
            return Texts(values)
    return list(values)


def of_first(values: Iterable[Any]) -> list[Any]:
    """The same, of the type that the first value is of."""
    listed = list(values)
    return of_type(type_of(listed[0]), listed) if listed else listed


def columns_of(types: Iterable[str], rows: Iterable[Sequence[Any]]) -> list[list[Any]]:
    """Rows as one list for each column, of those types."""
    return [of_type(name, column) for name, column in zip(types, zip(*rows, strict=True), strict=True)]


class WholesDumper(Dumper):
    """To `bigint[]`."""

    format, oid = Format.BINARY, _WHOLE.array_oid

    def dump(self, obj: list[Any]) -> Buffer | None:
        if not obj:
            return _HEAD.pack(0, 0, _WHOLE.oid, 0, 1)[:12]
        if None in obj:
            return _head(obj, _WHOLE.oid) + b"".join(_NULL if one is None else _eights(1).pack(8, one) for one in obj)
        flat = [8] * (2 * len(obj))  # each after its length
        flat[1::2] = obj
        return _head(obj, _WHOLE.oid) + _eights(len(obj)).pack(*flat)


class TextsDumper(Dumper):
    """To `text[]`."""

    format, oid = Format.BINARY, _TEXT.array_oid

    def dump(self, obj: list[Any]) -> Buffer | None:
        if not obj:
            return _HEAD.pack(0, 0, _TEXT.oid, 0, 1)[:12]
        parts, last, part = [_head(obj, _TEXT.oid)], None, _NULL
        for text in obj:
            if text != last:  # of many columns all values are the same
                last, part = text, _NULL if text is None else _text(text)
            parts.append(part)
        return b"".join(parts)


def _text(text: str) -> bytes:
    encoded = text.encode()
    return _LENGTH.pack(len(encoded)) + encoded


def _head(values: list[Any], oid: int) -> bytes:
    return _HEAD.pack(1, None in values, oid, len(values), 1)


@lru_cache(500)
def _eights(many: int) -> Struct:
    """So many numbers of eight bytes, each after its length."""
    return Struct("!" + "iq" * many)
