"""`knutpunkt import`: a season of bookings, streamed."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from io import BufferedIOBase

import click
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from hub.cli import options, showing
from hub.cli.words import Words
from hub.client import At, Source
from hub.console.states import Language
from hub.model.answers import ImportLine, ImportSummary

_PIECE = 65536


@click.command("import")
@click.argument("file", type=click.File("rb"))
@options.option("--format", "_form", type=click.Choice(["ndjson"]), default="ndjson", help="One booking a line.")
@options.remote
@options.language
@options.as_json
@click.pass_context
def import_bookings(
    context: click.Context, here: At, file: BufferedIOBase, _form: str, language: Language, *, as_json: bool
) -> None:
    """Send the bookings in FILE (`-`: standard input); what was sent before and is the same changes nothing."""
    words, summary = Words(language), None
    with _progress(file) as source:
        for answer in here.import_lines(source):
            summary = answer if isinstance(answer, ImportSummary) else summary
            if as_json:
                click.echo(_plain(answer))
            elif isinstance(answer, ImportLine) and answer.outcome == "rejected":
                _show_rejected(answer, words)
    if summary and not as_json:
        click.echo(words("imported", **summary.model_dump()))
    context.exit(1 if summary and summary.rejected else 0)


def _plain(answer: ImportLine | ImportSummary) -> str:
    text = answer.model_dump_json(exclude_none=True)
    return text if isinstance(answer, ImportLine) else f'{{"summary":{text}}}'


def _show_rejected(answer: ImportLine, words: Words) -> None:
    code = answer.problem.code if answer.problem else ""
    click.echo(words("line", line=answer.line, number=answer.number or "?", outcome=f"{words('rejected')} [{code}]"))
    for fault in answer.problem.errors if answer.problem else ():
        click.echo(f"  {fault.pointer or '/'}: {fault.detail} [{fault.code}]")


@contextmanager
def _progress(file: BufferedIOBase) -> Iterator[Source]:
    """The file's bytes, counted on the terminal as they are sent."""
    console = showing.screen(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    disable, through = not console.is_terminal, sys.stdout.isatty()
    with Progress(*columns, console=console, transient=True, disable=disable, redirect_stdout=through) as progress:
        task = progress.add_task("import", total=_size(file))
        yield _counted(file, partial(progress.advance, task))


def _counted(file: BufferedIOBase, advance: "partial[None]") -> Iterator[bytes]:
    for piece in iter(partial(file.read1, _PIECE), b""):
        advance(len(piece))
        yield piece


def _size(file: BufferedIOBase) -> int | None:
    """How many bytes there are; None for a pipe, and for what is no file."""
    try:
        return os.fstat(file.fileno()).st_size or None
    except OSError:
        return None
