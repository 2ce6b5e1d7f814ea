"""A mapping applied: a file cut into items, and each item told in canonical words."""

import codecs
import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from pydantic import ValidationError

from hub.mapping.expressions import ExpressionError, compiled
from hub.model import Attendance, Message
from hub.model.mapping import MappingDocument
from hub.sdk import RawItem, RejectedError

LARGEST_JSON = 20_000_000
"""Bytes; a JSON file is read whole."""
LARGEST_ITEM = 1_000_000
_GIVES = {"attendance": Attendance}


class Mapping:
    """One document, compiled."""

    def __init__(self, document: MappingDocument) -> None:
        """Raises ExpressionError: an expression of it cannot be read; see `faults`."""
        self._document = document
        for _, text in expressions(document):
            compiled(text)

    def read_file(self, file: BinaryIO) -> Iterator[RawItem]:
        """Give item by item; a table in the memory of one row."""
        yield from (self._rows(file) if self._document.reads == "csv" else self._listed(file))

    def translate(self, item: RawItem) -> Iterable[Message]:
        """What an item means."""
        data = json.loads(item.content)
        try:
            told = _made(self._document.message, data)
        except ExpressionError as error:
            raise RejectedError(str(error), place=item.place) from None
        try:
            return [_GIVES[self._document.gives].model_validate(told)]
        except ValidationError as error:
            faults = [f"/{'/'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_input=False)]
            raise RejectedError("; ".join(faults[:5]), place=item.place) from None

    def _rows(self, file: BinaryIO) -> Iterator[RawItem]:
        table = self._document.table
        text = io.TextIOWrapper(
            io.BufferedReader(_Kept(file)), encoding=table.encoding, errors="surrogateescape", newline=""
        )
        reader = csv.reader(_bounded(text), delimiter=table.delimiter)
        try:
            heading = [name.strip().removeprefix("\ufeff") for name in next(reader, [])]
            if lacking := [name for name in table.required if name not in heading]:
                raise RejectedError(f"line 1: no column {', '.join(lacking)}; is it another system's file?")
            for row in reader:
                if any(row):
                    yield self._item({"item": _row(heading, row)}, f"line {reader.line_num}", _wrong(heading, row))
        except csv.Error as error:
            raise RejectedError(f"line {reader.line_num}: no table ({error}); export it again") from None

    def _listed(self, file: BinaryIO) -> Iterator[RawItem]:
        raw = file.read(LARGEST_JSON + 1)
        if len(raw) > LARGEST_JSON:
            raise RejectedError(f"the file is over {LARGEST_JSON} bytes; send it in parts")
        try:
            data = json.loads(raw.removeprefix(codecs.BOM_UTF8))
        except (ValueError, RecursionError):
            raise RejectedError("the file is no JSON in UTF-8; export it again") from None
        document = self._document
        try:
            items = compiled(document.items or "@").of(data)
            context = compiled(document.context).of(data) if document.context else None
        except ExpressionError as error:
            raise RejectedError(f"the file is another system's: {error}") from None
        if not isinstance(items, list):
            raise RejectedError(f"`{document.items}` gives no list: is it another system's file?")
        for number, item in enumerate(items):
            yield self._item({"item": item, "context": context}, f"/{document.items}/{number}", "")

    def _item(self, data: dict[str, Any], place: str, fault: str) -> RawItem:
        content = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8", "replace")
        if len(content) > LARGEST_ITEM:
            return RawItem(
                place, content[:1000], place, "", f"the item is over {LARGEST_ITEM} bytes; make `context` smaller"
            )
        version = hashlib.sha256(content).hexdigest()
        if fault:
            return RawItem(f"{place}#{version[:16]}", content, place, version, fault)
        try:
            known = compiled(self._document.source_id).of(data)
            told = compiled(self._document.version).of(data) if self._document.version else version
        except ExpressionError as error:
            return RawItem(f"{place}#{version[:16]}", content, place, version, str(error))
        if not isinstance(known, str | int) or known == "":
            return RawItem(
                f"{place}#{version[:16]}", content, place, version, "`source_id` gives nothing; mend it or the row"
            )
        return RawItem(str(known), content, place, str(told))


def expressions(document: MappingDocument) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every expression of a document, with its path."""
    for name in ("items", "context", "source_id", "version"):
        if (text := getattr(document, name)) is not None:
            yield (name,), text
    yield from _within(document.message, ("message",))


def faults(document: MappingDocument) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What cannot be read in a document, with its path."""
    for path, text in expressions(document):
        try:
            compiled(text)
        except ExpressionError as error:
            yield path, str(error)


def _within(told: object, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    match told:
        case str():
            yield path, told
        case dict():
            for name, one in told.items():
                yield from _within(one, (*path, name))
        case list():
            for number, one in enumerate(told):
                yield from _within(one, (*path, number))


def _made(told: object, data: object, path: str = "") -> Any:  # noqa: ANN401 - JSON
    """The tree with every expression's value in its place; numbers and truths stand for themselves."""
    match told:
        case str():
            return _of(told, data, path)
        case {"each": str(each), "give": give}:
            found = _of(each, data, path)
            return [_made(give, {**_as_object(data), "it": one}, f"{path}/{n}") for n, one in enumerate(found or ())]
        case dict():
            made = {name: _made(one, data, f"{path}/{name}") for name, one in told.items()}
            return {name: one for name, one in made.items() if one is not None}
        case list():
            return [_made(one, data, f"{path}/{n}") for n, one in enumerate(told)]
    return told


def _of(text: str, data: object, path: str) -> Any:  # noqa: ANN401 - JSON
    try:
        return compiled(text).of(data)
    except ExpressionError as error:
        raise ExpressionError(f"{path}: {error}") from None


def _as_object(data: object) -> dict[str, Any]:
    return data if isinstance(data, dict) else {"item": data}


def _row(heading: list[str], row: list[str]) -> dict[str, str]:
    return dict(zip(heading, (cell.strip() for cell in row), strict=False))


def _wrong(heading: list[str], row: list[str]) -> str:
    if any("\udc80" <= letter <= "\udcff" for cell in row for letter in cell):
        return "letters in another encoding; set `encoding`, or save the file anew"
    return "" if len(row) == len(heading) else f"{len(row)} cells, and {len(heading)} headings; correct the row"


def _bounded(text: Iterable[str]) -> Iterator[str]:
    """Lines; one that never ends is no table."""
    for line in text:
        if len(line) > LARGEST_ITEM:
            raise csv.Error("a line is too long")
        if "\0" in line:
            raise csv.Error("a NUL stands in it")
        yield line


class _Kept(io.RawIOBase):
    """A file that is not closed with whoever reads it, in pieces."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - io's
        piece = self._file.read(min(len(buffer), 65_536))
        buffer[: len(piece)] = piece
        return len(piece)
