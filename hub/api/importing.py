"""What an import may be sent as: our own NDJSON, streamed; or a calendar or a table, read whole and made into it."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any

from fastapi import Request
from pydantic import BaseModel

from hub.api.desk import Desk
from hub.api.media import media_type
from hub.api.problems import ProblemError
from hub.calendars import CalendarOptions, Entry, Places, read_calendar, read_table
from hub.calendars.answering import Answers, as_lines
from hub.calendars.entries import MOST_BYTES
from hub.clock import STOCKHOLM
from hub.model.answers import ImportLine, ImportSummary

_TEXT = {"type": "string"}
CONTENT: dict[str, Any] = {
    "application/x-ndjson": {"schema": _TEXT | {"description": "one Booking a line"}},
    "text/calendar": {"schema": _TEXT | {"description": "iCalendar; each UID is a booking"}},
    "text/csv": {"schema": _TEXT | {"description": "headings are fields, such as number and customer.name; UTF-8"}},
}
"""The bodies of an import, for the OpenAPI document."""


class Incoming:
    """NDJSON: its lines as they come, and answers as they are."""

    def __init__(self, body: AsyncIterator[bytes]) -> None:
        self.body = body

    def told(self, answers: AsyncIterator[str]) -> AsyncIterator[str]:
        """Answers to what was sent, of answers to its lines."""
        return answers


class Converted(Incoming):
    """A file that was made into lines."""

    def __init__(self, entries: list[Entry]) -> None:
        super().__init__(_each(as_lines(entries)))
        self._answers = Answers(entries)

    async def told(self, answers: AsyncIterator[str]) -> AsyncIterator[str]:
        async for text in answers:
            lines = (_Either.read(line) for line in text.splitlines() if line)
            yield "".join(_written(told) for line in lines for told in self._answers.of(line))


async def _each(lines: Iterable[bytes]) -> AsyncIterator[bytes]:
    for line in lines:
        yield line


class _Either(BaseModel):
    summary: ImportSummary

    @classmethod
    def read(cls, line: str) -> ImportLine | ImportSummary:
        """A line of answer."""
        if line.startswith('{"summary"'):
            return cls.model_validate_json(line).summary
        return ImportLine.model_validate_json(line)


def _written(told: ImportLine | ImportSummary) -> str:
    text = told.model_dump_json(exclude_none=True)
    return f"{text}\n" if isinstance(told, ImportLine) else f'{{"summary":{text}}}\n'


async def incoming(request: Request, here: Desk, municipality: str) -> Incoming:
    """What was sent, by its content type.

    Raises:
        ProblemError: it is of another kind, or too large.
        InvalidError: it is no file of its kind.
        NotFoundError: no such municipality.
    """
    facilities = here.rulebook.town(municipality).configuration.facilities.values()
    kind = media_type(request)
    if kind == "application/x-ndjson":
        return Incoming(request.stream())
    if kind not in CONTENT:
        raise ProblemError("wrong-content-type", f"send Content-Type: {', '.join(CONTENT)}")
    raw = await _whole(request)
    names = {key: resource.name for facility in facilities for key, resource in facility.resources.items()}
    return Converted(await asyncio.to_thread(_read, here, kind, raw, Places(names)))


def _read(here: Desk, kind: str, raw: bytes, places: Places) -> list[Entry]:
    if kind == "text/csv":
        return read_table(raw, places)
    today = here.clock.now().astimezone(STOCKHOLM).date()
    return read_calendar(raw, places, CalendarOptions(), today=today)


async def _whole(request: Request) -> bytes:
    chunks, size = [], 0
    async for chunk in request.stream():
        chunks.append(chunk)
        size += len(chunk)
        if size > MOST_BYTES:
            raise ProblemError("too-large", f"a file is at most {MOST_BYTES} bytes; send it in parts, or as NDJSON")
    return b"".join(chunks)
