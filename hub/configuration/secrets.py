"""References to secrets (`${env:ARX_PASSWORD}`, `${file:/run/secrets/arx}`), resolved as late as can be.

A reference is a whole value. What it leads to is never stored, shown or compared.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath
from typing import Any, Literal

from pydantic import BaseModel, SecretBytes, SecretStr

from hub.configuration.document import Node
from hub.configuration.finding import Path
from hub.configuration.shape import kind_at
from hub.errors import ConfigurationError

REFERENCE = re.compile(r"\$\{(env):([A-Za-z_][A-Za-z0-9_]*)\}|\$\{(file):(/[^}]+)\}")
PLACEHOLDER = "placeholder_of_a_secret"
"""What stands for a secret where no system is reached."""

_SECRET = (SecretStr, SecretBytes)
_HOW = "write it as ${env:NAME} or ${file:/path}"


def is_reference(value: object) -> bool:
    """Whether a value says where to find the real one."""
    return isinstance(value, str) and REFERENCE.fullmatch(value) is not None


def resolve(
    settings: Mapping[str, object],
    environment: Mapping[str, str],
    *,
    missing: Literal["error", "placeholder"] = "error",
) -> dict[str, object]:
    """The settings with every reference replaced by what it leads to.

    Raises:
        ConfigurationError: a variable is not set or a file cannot be read; names all of them, and no value.
    """
    absent: list[str] = []
    resolved = {key: _resolved(value, environment, absent) for key, value in settings.items()}
    if absent and missing == "error":
        msg = f"not there: {', '.join(sorted(set(absent)))}; set it where the hub is started"
        raise ConfigurationError(msg)
    return resolved


def _resolved(value: object, environment: Mapping[str, str], absent: list[str]) -> object:
    match value:
        case str() if found := REFERENCE.fullmatch(value):
            secret = _lookup(found, environment)
            if secret is None:
                absent.append(value)
            return PLACEHOLDER if secret is None else secret
        case Mapping():
            return {key: _resolved(each, environment, absent) for key, each in value.items()}
        case list() | tuple():
            return [_resolved(each, environment, absent) for each in value]
    return value


def _lookup(reference: re.Match[str], environment: Mapping[str, str]) -> str | None:
    if reference[1]:
        return environment.get(reference[2])
    try:
        return FilePath(reference[4]).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError):
        return None


def unset(settings: Node, environment: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    """References that lead nowhere now, each with its path."""
    for path, value in leaves(settings):
        if isinstance(value, str) and (found := REFERENCE.fullmatch(value)) and _lookup(found, environment) is None:
            yield path, f"{value} leads nowhere here; set it where the hub is started"


def misplaced(config_type: type[BaseModel], settings: Node) -> Iterator[tuple[Path, str, str]]:
    """Secrets in plain text, and references that are not one: path, code and what to do. The value is not told."""
    for path, value in leaves(settings):
        if is_reference(value) or not isinstance(value, str):
            continue
        if kind_at(config_type, path) in _SECRET:
            yield path, "plain-secret", f"`{path[-1]}` is a secret in plain text; {_HOW}, and change the secret"
        elif "${" in value:
            yield path, "bad-reference", f"`{path[-1]}` holds ${{ but is no reference; {_HOW}, alone as the whole value"


def leaves(node: Node, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every scalar below a node, with its path."""
    if not node.children:
        yield path, node.value
    for step, child in node.children.items():
        yield from leaves(child, (*path, step))
