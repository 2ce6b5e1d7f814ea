"""Which files `knutpunkt import` takes. With a mapping they are read here; without one the hub reads them."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from io import BufferedIOBase
from typing import BinaryIO

import click

from hub.calendars import CalendarOptions, Entry, Places, read_calendar, read_mapping, read_table
from hub.calendars.answering import Answers, as_lines
from hub.calendars.mapping import read_options
from hub.cli.options import CannotRunError
from hub.client import At, Source
from hub.clock import STOCKHOLM
from hub.errors import InvalidError
from hub.model.answers import ImportLine, ImportSummary

FORMATS = ("ndjson", "ics", "csv")
_MEDIA_TYPES = {"ndjson": "application/x-ndjson", "ics": "text/calendar", "csv": "text/csv"}


@dataclass(frozen=True)
class File:
    """What is to be sent: its format, its bytes, and what the command line says of it."""

    form: str
    source: Source
    mapping: BinaryIO | None
    revision: int | None


@dataclass(frozen=True)
class Sending:
    """What goes to the hub; `entries` when it was read here."""

    source: Source
    media_type: str
    entries: list[Entry] | None = None

    def answers(self, here: At, *, dry_run: bool, token: str | None) -> Iterator[ImportLine | ImportSummary]:
        """The answers, each at its line of the file."""
        told = here.import_lines(self.source, dry_run=dry_run, token=token, media_type=self.media_type)
        if self.entries is None:
            yield from told
            return
        answers = Answers(self.entries)
        for one in told:
            yield from answers.of(one)


def saved(file: BufferedIOBase) -> int | None:
    """When a file was saved, seconds since 1970: it grows from file to file. None for a pipe."""
    try:
        return int(os.fstat(file.fileno()).st_mtime)
    except OSError:
        return None


def sent(here: At, file: File) -> Sending:
    """What to send of a file. Raises CannotRunError."""
    if file.form == "ndjson" and file.mapping:
        raise click.BadParameter("NDJSON needs none: its fields are the hub's own", param_hint="--mapping")
    if file.form == "ndjson" or (file.form == "ics" and file.mapping is None):
        return Sending(file.source, _MEDIA_TYPES[file.form])
    try:
        entries = _entries(here, file)
    except InvalidError as error:
        raise CannotRunError(error.faults[0].detail) from error
    return Sending(as_lines(entries), _MEDIA_TYPES["ndjson"], entries)


def _entries(here: At, file: File) -> list[Entry]:
    raw = b"".join(iter(file.source))
    names = {resource.id: resource.name for resource in here.resources()}
    text = file.mapping.read().decode("utf-8", "replace") if file.mapping else ""
    if file.form == "csv":
        return read_table(raw, Places(names), read_mapping(text) if text else None, revision=file.revision)
    options = read_options(text) if text else CalendarOptions()
    today = datetime.now(STOCKHOLM).date()
    return read_calendar(raw, Places(names, options.resources), options, today=today)
