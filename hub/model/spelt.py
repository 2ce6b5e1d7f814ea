"""Values that JSON spells in one way: what a library understands besides is not taken for it.

A time that is a number, whole seconds or thousands of them by its size, or an amount with underscores in it, is a fault
of who sends it. What the hub has written itself, and hands on as Python values, is read as ever.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema


@dataclass(frozen=True)
class Spelt:
    """An annotation: in JSON the value is a string like this; `WithJsonSchema` beside it tells so."""

    pattern: str
    told: str
    """What to write instead."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401
        value = handler(source)
        text = core_schema.custom_error_schema(
            core_schema.str_schema(pattern=self.pattern, strict=True),
            custom_error_type="spelt_otherwise",
            custom_error_message=self.told,
        )
        return core_schema.json_or_python_schema(core_schema.chain_schema([text, value]), value)


_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def has_nul(raw: bytes) -> bool:
    """Whether some JSON spells U+0000 somewhere."""
    return b"\\u0000" in raw and bool(_NUL.search(raw))


def texts_with_nul(raw: bytes) -> list[tuple[str | int, ...]]:
    """Where in a JSON text a value or a name has U+0000 in it, which no system here can keep."""
    if not has_nul(raw):
        return []
    try:
        return list(_with_nul(json.loads(raw), ()))
    except (ValueError, RecursionError):  # it is told to be no JSON
        return []


def _with_nul(told: object, place: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if isinstance(told, str) and "\0" in told:
        yield place
    elif isinstance(told, dict):
        for name, value in told.items():
            yield from [place] if "\0" in name else _with_nul(value, (*place, name))
    elif isinstance(told, list):
        for n, value in enumerate(told):
            yield from _with_nul(value, (*place, n))
