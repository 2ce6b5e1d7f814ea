"""A mapping applied: a file cut into items, and each item told in canonical words."""

import codecs
import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from pydantic import ValidationError

from hub.mapping.expressions import ExpressionError, Work, compiled
from hub.model import Attendance, Message
from hub.model.mapping import MappingDocument
from hub.sdk import RawItem, RejectedError

LARGEST_JSON = 20_000_000
"""Bytes; a JSON file is read whole."""
LARGEST_ITEM = 1_000_000
"""Bytes, with its `context`."""
LARGEST_TOGETHER = 500_000_000
"""All items of a file with theirs: each is kept whole by itself."""
_TOO_LARGE = f"the item and its `context` are over {LARGEST_ITEM} bytes; make `context` smaller"
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
        """What an item means, also when it is tried anew: by the document as it is now."""
        data = self._read_again(json.loads(item.content), item.place)
        try:
            told = _made(self._document.message, data, Work())
        except ExpressionError as error:
            raise RejectedError(str(error), place=item.place) from None
        try:
            return [_GIVES[self._document.gives].model_validate(told)]
        except ValidationError as error:
            faults = [f"/{'/'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_input=False)]
            raise RejectedError("; ".join(faults[:5]), place=item.place) from None

    def _read_again(self, data: dict[str, Any], place: str) -> dict[str, Any]:
        """A row as the encoding has it that the document says now.

        Raises:
            RejectedError: it still cannot be read; or it was kept without the `context` that was too large.
        """
        if "fault" in data:
            raise RejectedError(data["fault"], place=place)
        if self._document.context and "context" not in data:
            raise RejectedError(f"{_TOO_LARGE}, and send the file again", place=place)
        if self._document.reads == "csv" and _unread(data["item"].values()):
            data = {"item": {name: self._decoded(cell) for name, cell in data["item"].items()}}
            if _unread(data["item"].values()):
                raise RejectedError(_ENCODING, place=place)
        return data

    def _decoded(self, cell: str) -> str:
        return cell.encode("utf-8", "surrogateescape").decode(self._document.table.encoding, "surrogateescape")

    def _rows(self, file: BinaryIO) -> Iterator[RawItem]:
        table = self._document.table
        text = io.TextIOWrapper(
            io.BufferedReader(_Kept(file)), encoding=table.encoding, errors="surrogateescape", newline=""
        )
        reader = csv.reader(_bounded(text), delimiter=table.delimiter)
        try:
            heading = [name.strip().removeprefix("\ufeff") for name in next(reader, [])]
            if _unread(heading):
                raise RejectedError(f"line 1: {_ENCODING}")
            if lacking := [name for name in table.required if name not in heading]:
                raise RejectedError(f"line 1: no column {', '.join(lacking)}; is it another system's file?")
            for row in reader:
                if any(row):
                    yield self._item(_row(heading, row), f"line {reader.line_num}", _ENCODING if _unread(row) else "")
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
        if (around := len(_json({"context": context}))) * max(
            1, len(items)
        ) > LARGEST_TOGETHER or around > LARGEST_ITEM:
            raise RejectedError(f"`context` is {around} bytes and goes with {len(items)} items; make it smaller")
        for number, item in enumerate(items):
            yield self._item({"item": item, "context": context}, f"/{document.items}/{number}", "")

    def _item(self, data: dict[str, Any], place: str, fault: str) -> RawItem:
        """One item with what it needs; without a sound name of its own it is known by where it stood and what it is.

        Its content is whole, whatever is wrong with it: what cannot be read now may be when somebody has mended that.
        """
        content = _json(data)
        if len(content) > LARGEST_ITEM:
            content, fault = _json({"item": data["item"]}), _TOO_LARGE
        fault = data.get("fault", fault)
        version = hashlib.sha256(_json({"item": data["item"]}) if fault else content).hexdigest()
        if not fault:
            try:
                return self._known(data, content, place, version)
            except ExpressionError as error:
                fault = str(error)
        return RawItem(f"{place}#{version[:16]}", content, place, version, fault)

    def _known(self, data: dict[str, Any], content: bytes, place: str, version: str) -> RawItem:
        work = Work()
        known = compiled(self._document.source_id).of(data, work)
        told = compiled(self._document.version).of(data, work) if self._document.version else version
        if not isinstance(known, str | int) or known == "":
            raise ExpressionError("`source_id` gives nothing; mend it or the row")
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


def _made(told: object, data: object, work: Work, path: str = "") -> Any:  # noqa: ANN401 - JSON
    """The tree with every expression's value in its place; numbers and truths stand for themselves."""
    match told:
        case str():
            return _of(told, data, work, path)
        case {"each": str(each), "give": give}:
            found = _of(each, data, work, path)
            if not isinstance(found, list | None):
                raise ExpressionError(f"{path}: `{each}` gives no list")
            around = _as_object(data)
            return [_made(give, {**around, "it": one}, work, f"{path}/{n}") for n, one in enumerate(found or ())]
        case dict():
            made = {name: _made(one, data, work, f"{path}/{name}") for name, one in told.items()}
            return {name: one for name, one in made.items() if one is not None}
        case list():
            return [_made(one, data, work, f"{path}/{n}") for n, one in enumerate(told)]
    return told


def _of(text: str, data: object, work: Work, path: str) -> Any:  # noqa: ANN401 - JSON
    try:
        return compiled(text).of(data, work)
    except ExpressionError as error:
        raise ExpressionError(f"{path}: {error}") from None


def _as_object(data: object) -> dict[str, Any]:
    return data if isinstance(data, dict) else {"item": data}


def _row(heading: list[str], row: list[str]) -> dict[str, Any]:
    """A row by its headings; one that has not a cell for each means nothing, now or later, and says so itself."""
    told: dict[str, Any] = {"item": dict(zip(heading, (cell.strip() for cell in row), strict=False))}
    if len(row) != len(heading):
        told["fault"] = f"{len(row)} cells, and {len(heading)} headings; correct the row"
    return told


_ENCODING = "letters in another encoding; set `encoding`, or save the file anew"


def _unread(cells: Iterable[str]) -> bool:
    """Whether bytes stand in them that the encoding has no letter for."""
    return any("\udc80" <= letter <= "\udcff" for cell in cells if not cell.isascii() for letter in cell)


def _json(data: dict[str, Any]) -> bytes:
    """The data as it is kept: the same data is the same bytes, and no letter of it is lost."""
    try:
        return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(data, sort_keys=True, separators=(",", ":")).encode()


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
