"""The settings as tables for `docs/configuration.md`, made from the types so that the two cannot differ."""

import json
import re
from enum import Enum
from types import UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from hub.model import configuration, connection, facility

HEAD = "| key | value | left out | what it is |\n|---|---|---|---|"
BLOCK = re.compile(r"(<!-- settings of (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
SHAPES: dict[str, type[BaseModel]] = {
    name: kind
    for name, kind in (vars(facility) | vars(connection) | vars(configuration)).items()
    if isinstance(kind, type) and issubclass(kind, BaseModel)
}
"""All that a municipality writes, by its name."""

_WORDS: dict[object, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "`true` or `false`",
    object: "anything",
}


def filled(text: str) -> str:
    """The document with the table of each type it names made anew."""
    return BLOCK.sub(lambda found: f"{found[1]}{table(SHAPES[found[2]])}\n{found[3]}", text)


def table(model: type[BaseModel]) -> str:
    """The settings of one type, in the order in which they are written."""
    rows = (
        f"| `{name}` | {_value(field)} | {_left_out(field)} | {field.description} |" for name, field in _fields(model)
    )
    return "\n".join([HEAD, *rows])


def _fields(model: type[BaseModel]) -> list[tuple[str, FieldInfo]]:
    return [(field.alias or name, field) for name, field in model.model_fields.items()]


def _value(field: FieldInfo) -> str:
    """The type of a field in words, with its bounds."""
    bounds = [f"{word} {limit}" for note in field.metadata for word, limit in _bounds(note)]
    return " ".join([words(field.annotation), *bounds])


def _bounds(note: object) -> list[tuple[str, object]]:
    known = {"ge": "from", "le": "to"}
    return [(word, getattr(note, name)) for name, word in known.items() if hasattr(note, name)]


def words(kind: object) -> str:  # noqa: PLR0911 - one return for each kind of type
    """A type in words; a type of ours by its name, which is the heading of its own table."""
    arguments = get_args(kind)
    match get_origin(kind):
        case _ if kind in _WORDS:
            return _WORDS[kind]
        case origin if origin is Annotated:
            return words(arguments[0])
        case origin if origin is Literal:
            return ", ".join(f"`{each}`" for each in arguments)
        case origin if origin in (Union, UnionType):
            return " or ".join(words(part) for part in arguments if part is not type(None))
        case origin if origin is tuple:
            return f"list of {words(arguments[0])}"
        case origin if origin is dict:
            return f"by name: {words(arguments[1])}"
    return _ours(kind)


def _ours(kind: object) -> str:
    if isinstance(kind, type) and issubclass(kind, Enum):
        return ", ".join(f"`{member.value}`" for member in kind)
    name = getattr(kind, "__name__", str(kind))
    return f"[{name}](#{name.lower()})"


def _left_out(field: FieldInfo) -> str:
    if field.is_required():
        return "not allowed"
    default = json.dumps(to_jsonable_python(field.get_default(call_default_factory=True), exclude_none=True))
    return "nothing" if default == "null" else f"`{default}`"
