"""The settings of a connector as a table for its README, made from the code so that the two cannot differ."""

import json
import re
from enum import Enum
from types import UnionType
from typing import Annotated, Union, get_args, get_origin

from pydantic import HttpUrl, SecretStr
from pydantic.fields import FieldInfo

from hub.sdk.connector import ConnectorConfig

WORDS: dict[type, str] = {SecretStr: "secret", HttpUrl: "URL", str: "text", bool: "`true` or `false`", int: "number"}
HEAD = "| setting | type | default | what it is |\n|---|---|---|---|"


def settings_table(config_type: type[ConnectorConfig]) -> str:
    """Give the settings as a Markdown table, in the order of the class."""
    rows = (
        f"| `{name}` | {_kind(setting.annotation)} | {_default(setting)} | {_cell(setting.description or '')} |"
        for name, setting in config_type.model_fields.items()
    )
    return "\n".join([HEAD, *rows])


def _kind(annotation: object) -> str:  # noqa: PLR0911 - one return for each kind of type
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return " or ".join(_kind(part) for part in arguments if part is not type(None))
    if origin is Annotated:
        return _kind(arguments[0])
    if origin is tuple and arguments[1:] == (...,):
        return f"list of {_kind(arguments[0])}"
    if origin is dict and _kind(arguments[0]) == WORDS[str]:
        return f"by name: {_kind(arguments[1])}"
    if isinstance(annotation, type) and not get_args(annotation):
        if issubclass(annotation, Enum):
            return " or ".join(f"`{one.value}`" for one in annotation)
        return WORDS.get(annotation, annotation.__name__)
    return _cell(re.sub(r"\b\w+\.(?=\w)", "", str(annotation)))


def _default(setting: FieldInfo) -> str:
    match setting.get_default(call_default_factory=True):
        case _ if setting.is_required():
            return "required"
        case None | "":
            return "none"
        case dict() | list() | tuple() as many:
            return f"`{json.dumps(many)}`" if many else "none"
        case bool(default):
            return f"`{str(default).lower()}`"
        case Enum(value=default) | default:
            return f"`{default}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
