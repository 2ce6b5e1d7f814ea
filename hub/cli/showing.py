"""How the command line shows things: JSON, tables, and moments as people in Sweden read them."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import click
from pydantic import BaseModel, TypeAdapter
from rich import box
from rich.console import Console
from rich.table import Table

from hub.clock import STOCKHOLM

_PIPED_WIDTH = 240
"""Columns where nobody looks at a terminal: wide enough that no line is broken."""


def screen(*, stderr: bool = False) -> Console:
    """The terminal as rich sees it. Nothing in a text is taken for a command of its own."""
    console = Console(stderr=stderr, markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console.width = _PIPED_WIDTH
    return console


def table(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> Table:
    """Rows under headings; None is empty."""
    made = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for row in rows:
        made.add_row(*("" if cell is None else str(cell) for cell in row))
    return made


def as_json(answer: BaseModel | Iterable[BaseModel] | Mapping[str, object]) -> None:
    """Print JSON for programs."""
    click.echo(TypeAdapter(object).dump_json(answer, indent=2, by_alias=True).decode())


def local(at: datetime | None) -> str | None:
    """A moment in Stockholm; in the hour that comes twice, with its offset."""
    if at is None:
        return None
    there = at.astimezone(STOCKHOLM)
    twice = there.utcoffset() != there.replace(fold=1 - there.fold).utcoffset()
    return f"{there:%Y-%m-%d %H:%M%z}" if twice else f"{there:%Y-%m-%d %H:%M}"


def span(starts: datetime, ends: datetime) -> str:
    """From one moment to another, the day once when it is the same."""
    same = starts.astimezone(STOCKHOLM).date() == ends.astimezone(STOCKHOLM).date()
    until = str(local(ends))
    return f"{local(starts)} - {until.split()[1] if same else until}"
