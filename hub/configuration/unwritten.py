"""Keys that a file leaves out of what it holds, and what they are then."""

import json
from collections.abc import Iterator, Mapping

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from hub.configuration.document import Node
from hub.configuration.finding import Finding, Path
from hub.configuration.shape import fields_at
from hub.configuration.sheet import Sheet, T

PLAIN = frozenset({"connection", "folder", "sftp"})
"""What is plainly not there when it is left out: without a connection something is unserved, which is told."""


def unwritten(sheet: Sheet[T], path: Path, model: type[BaseModel]) -> Iterator[Finding]:
    """One warning for what the file holds at the path, and for each thing in it, of which keys were left out."""
    node, found = sheet.root.find(path)
    if found == path and isinstance(node.value, dict):
        yield from _at(sheet, path, (), node, model)


def _at(sheet: Sheet[T], root: Path, path: Path, node: Node, model: type[BaseModel]) -> Iterator[Finding]:
    fields = fields_at(model, path)
    bare = {name: f for name, f in fields.items() if not (name in node.children or f.is_required() or name in PLAIN)}
    if bare:
        message = f"left out, and so {shown(bare)}; write them if they matter here"
        yield sheet.warning((*root, *path), "left-out", message)
    for step, child in node.children.items():
        if isinstance(child.value, dict) and child.children:  # `{}` is all of it as it comes, on purpose
            yield from _at(sheet, root, (*path, step), child, model)


def shown(fields: Mapping[str, FieldInfo]) -> str:
    """Settings with their defaults as they would be written; a secret stays masked."""
    return ", ".join(f"`{name}: {_default(field)}`" for name, field in fields.items())


def _default(field: FieldInfo) -> str:
    return json.dumps(to_jsonable_python(field.get_default(call_default_factory=True)), ensure_ascii=False)
