"""One file of the folder: its tree, and the value that it was read into."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from hub.configuration.document import Node, parse
from hub.configuration.finding import START, Finding, Path, Severity, at
from hub.configuration.shape import faults
from hub.model.frozen import Frozen

T = TypeVar("T", bound=Frozen)


@dataclass(frozen=True)
class Sheet(Generic[T]):
    """A file as read; without a value when its shape is wrong. Every finding about it is made here."""

    file: str
    root: Node
    value: T | None = None

    def error(self, path: Path, code: str, message: str) -> Finding:
        """A reason to refuse the folder."""
        return at(self.root.place_of(path), Severity.ERROR, code, self.file, path, message)

    def warning(self, path: Path, code: str, message: str) -> Finding:
        """Something left out, or odd."""
        return at(self.root.place_of(path), Severity.WARNING, code, self.file, path, message)


def read_sheet(file: str, text: str, model: type[T]) -> tuple[Sheet[T], list[Finding]]:
    """The file as a value of the model, or without one and every reason why."""
    root, flaws = parse(text)
    findings = [at(flaw.place, Severity.ERROR, flaw.code, file, (), flaw.message) for flaw in flaws]
    if root is None:
        return Sheet(file, _empty()), findings
    sheet: Sheet[T] = Sheet(file, root)
    if root.value is None:
        return sheet, [sheet.error((), "empty-file", f"nothing in it; write {_names(model.model_fields)}")]
    value, wrong = faults(model, root)
    findings += [sheet.error(each.path, each.code, each.message) for each in wrong]
    return Sheet(file, root, None if findings else value), findings


def _empty() -> Node:
    return Node(None, START)


def _names(fields: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in fields)
