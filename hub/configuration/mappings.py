"""Mapping documents of a folder and of the hub: read, and checked with file and line."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from hub.configuration.finding import Finding
from hub.configuration.folder import Folder
from hub.configuration.sheet import Sheet, read_sheet
from hub.errors import ConfigurationError
from hub.mapping.applying import faults
from hub.mapping.samples import shipped
from hub.model.mapping import MappingDocument

FILE = "mapping.yaml"


def unreadable(folder: Folder) -> Iterator[Finding]:
    """Expressions that cannot be read."""
    for sheet in folder.mappings.values():
        yield from of_expressions(sheet)


def of_expressions(sheet: Sheet[MappingDocument]) -> Iterator[Finding]:
    """What cannot be read in one document."""
    if sheet.value is not None:
        for path, message in faults(sheet.value):
            yield sheet.error(path, "unreadable-expression", message)


@cache
def mapping_names() -> tuple[str, ...]:
    """Those that come with the hub."""
    return tuple(sorted(path.parent.name for path in shipped().glob(f"*/{FILE}")))


def read_mapping(folder: Path) -> tuple[MappingDocument | None, list[Finding]]:
    """The document in a folder of its own, and all that is wrong with it."""
    path = folder / FILE
    if not path.is_file():
        raise ConfigurationError(f"{path}: no such file; a mapping is a folder with {FILE}, samples/ and expected/")
    sheet, findings = read_sheet(str(path), path.read_text(encoding="utf-8"), MappingDocument)
    return sheet.value, [*findings, *of_expressions(sheet)]


@cache
def shipped_mapping(name: str) -> MappingDocument:
    """One that comes with the hub. Raises ConfigurationError."""
    document, findings = read_mapping(shipped() / name)
    if document is None or findings:
        raise ConfigurationError("\n".join(map(str, findings)))
    return document
