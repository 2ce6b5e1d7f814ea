"""What is wrong with a value, in the writer's own words and place: pydantic's findings, led back to the file."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Literal, TypeGuard, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from hub.configuration.document import Node
from hub.configuration.finding import Path, instead_of

M = TypeVar("M", bound=BaseModel)

_OF_A_TEXT = frozenset({"string_type", "literal_error", "enum"})
_OUR_WORDS = {
    r"<[\w.]+: ('\w+')>": r"\1",
    "be an object": "have keys of its own",
    "a valid array": "a list",
    "a valid string": "a text",
    "a valid boolean": "true or false",
    "a valid integer": "a whole number",
    "a valid number": "a number",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, and its path from the value that was checked."""

    code: str
    path: Path
    message: str


def faults(model: type[M], node: Node, *, strict: bool = True) -> tuple[M | None, list[Fault]]:
    """The value as the model has it, or every fault; strict: "15" is no number."""
    try:
        return model.model_validate_json(json.dumps(node.value), strict=strict or None), []
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=True)
    by_path: dict[Path, list[ErrorDetails]] = {}
    for each in found:
        by_path.setdefault(_written(node, each), []).append(each)
    return None, [_fault(model, path, each, node) for path, each in _deepest(by_path).items()]


def _written(node: Node, error: ErrorDetails) -> Path:
    """The path in the file: pydantic also names the branches of a union, and marks keys."""
    path: Path = ()
    for step in error["loc"]:
        if step in node.find(path)[0].children:
            path = (*path, step)
    return (*path, error["loc"][-1]) if error["type"] == "missing" else path


def _deepest(by_path: Mapping[Path, list[ErrorDetails]]) -> dict[Path, list[ErrorDetails]]:
    """Without what only says that another branch of a union would have been right."""
    return {
        path: errors
        for path, errors in by_path.items()
        if not (errors[0]["type"] == "literal_error" and any(p[: len(path)] == path and p != path for p in by_path))
    }


def _fault(model: type[BaseModel], path: Path, errors: list[ErrorDetails], node: Node) -> Fault:
    """One sentence on all that is wrong at a place, and what should stand there."""
    fields = fields_at(model, path[:-1])
    label = _label(path)
    described = _described(model, path, of_key=errors[0]["loc"][-1:] == ("[key]",))
    match errors[0]["type"]:
        case "missing":
            return Fault("missing-key", path, f"{label} is missing{_after(': ', described)}; write it here")
        case "extra_forbidden":
            return Fault("unknown-key", path, f"unknown key {label}: {instead_of(str(path[-1]), fields)}")
        case "value_error" | "assertion_error":
            return Fault("wrong-value", path, f"{label}: {errors[0]['msg'].partition(', ')[2]}".removeprefix("this: "))
        case "string_pattern_mismatch" if described:
            return Fault("wrong-value", path, f"{label} is not written so: {described}")
    wanted = " or ".join(dict.fromkeys(_wanted(each) for each in errors))
    return Fault("wrong-value", path, f"{label} should {wanted}{_after(': ', described)}{_quotes(errors, path, node)}")


def _label(path: Path) -> str:
    """The key as the reader finds it in the file; list items are counted from 1."""
    match path:
        case (*_, str(key), int(number)):
            return f"item {number + 1} of `{key}`"
        case (*_, last):
            return f"`{last}`"
    return "this"


def _wanted(error: ErrorDetails) -> str:
    """What pydantic wants of a value, after the word `should`."""
    said = error["msg"]
    for theirs, ours in _OUR_WORDS.items():
        said = re.sub(theirs, ours, said)
    found = re.fullmatch(r"\w+(?: input)? should (.*)", said)
    return found[1] if found else f"be right: {said}"


def _quotes(errors: Iterable[ErrorDetails], path: Path, node: Node) -> str:
    """The usual remedy when YAML read a number or a truth where a text was meant."""
    value = node.find(path)[0].value
    unquoted = isinstance(value, bool | int | float) and any(each["type"] in _OF_A_TEXT for each in errors)
    return "; a text that looks like a number stands in quotes" if unquoted else ""


def _after(mark: str, text: str | None) -> str:
    return f"{mark}{text}" if text else ""


def _described(model: type[BaseModel], path: Path, *, of_key: bool) -> str | None:
    """What the model says of a setting, of a list's items, or of the keys of a mapping."""
    if not path:
        return None
    above = kind_at(model, path[:-1])
    if _is_model(above):
        found = _fields(above).get(str(path[-1]))
        return found.description if found else None
    arguments = get_args(above) or (None,)
    notes = getattr(arguments[0 if of_key else -1], "__metadata__", ()) if get_origin(above) is dict else ()
    notes = notes or getattr(arguments[0], "__metadata__", ())
    return next((note.description for note in notes if isinstance(note, FieldInfo)), None)


def fields_at(model: type[BaseModel], path: Path) -> Mapping[str, FieldInfo]:
    """The settings that may stand at a path, by name; none where anything may."""
    kind = kind_at(model, path)
    return _fields(kind) if _is_model(kind) else {}


def _fields(kind: type[BaseModel]) -> dict[str, FieldInfo]:
    """Its settings, as they are written."""
    return {field.alias or name: field for name, field in kind.model_fields.items()}


def kind_at(model: type[BaseModel], path: Path) -> object:
    """The type of what stands at a path; None where anything may."""
    kind: object = model
    for step in path:
        kind = _inside(kind, step)
    return kind


def _inside(kind: object, step: str | int) -> object:
    """What a value of this kind holds at the step."""
    if _is_model(kind):
        found = _fields(kind).get(str(step))
        return plain(found.annotation) if found else None
    arguments = get_args(kind)
    return plain(arguments[-1 if get_origin(kind) is dict else 0]) if arguments else None


def plain(annotation: object) -> object:
    """An annotation without what stands around it; of a union the part that holds other values."""
    if get_origin(annotation) is Annotated:
        return plain(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        parts = [plain(part) for part in get_args(annotation)]
        return next((part for part in parts if get_origin(part) not in (None, Literal) or _is_model(part)), parts[0])
    return annotation


def _is_model(kind: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
