"""`knutpunkt import`: a season of bookings, streamed; or a file of attendance."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from io import BufferedIOBase
from pathlib import Path
from typing import BinaryIO

import click
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from hub.cli import options, showing
from hub.cli.converting import FORMATS, File, saved, sent
from hub.cli.reports import show_report
from hub.cli.words import Words
from hub.client import At, Source
from hub.model.answers import ImportLine, ImportSummary
from hub.service.words.saying import Language

_PIECE = 65536


@click.command("import")
@click.argument("file", type=click.File("rb"))
@options.option(
    "--format",
    "form",
    default="ndjson",
    help="What FILE is: ndjson, ics or csv with bookings; or dak, ... with attendance, or the name of its connection.",
)
@options.option("--mapping", type=click.File("rb"), help="YAML: what the columns, or the places of a calendar, mean.")
@options.option(
    "--revision", type=click.IntRange(1, 2**53), help="Of a table without one. [default: when it was saved]"
)
@options.option("--dry-run", is_flag=True, help="Store nothing: the plan of each line, its conflicts, and a token.")
@options.option("--token", help="A dry run's: make exactly that plan, or be refused.")
@options.remote
@options.language
@options.as_json
@click.pass_context
def import_bookings(  # noqa: PLR0913 - a command line
    context: click.Context,
    here: At,
    file: BufferedIOBase,
    *,
    form: str,
    mapping: BinaryIO | None,
    revision: int | None,
    language: Language,
    token: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Send the bookings or the attendance in FILE (`-`: standard input); what is known and the same changes nothing."""
    words, summary = Words(language), None
    if form not in FORMATS:
        given = [name for name, told in (("mapping", mapping), ("revision", revision), ("token", token)) if told]
        if given:
            raise click.BadParameter("attendance takes none", param_hint=f"--{given[0]}")
        with _progress(file, words) as pieces:
            report = here.import_attendance(pieces, form, name=_name(file), dry_run=dry_run)
        show_report(report, words, as_json=as_json)
        context.exit(1 if report.quarantined or report.state == "failed" else 0)
    with _progress(file, words) as pieces:
        sending = sent(here, File(form, pieces, mapping, revision or saved(file)))
        for answer in sending.answers(here, dry_run=dry_run, token=token):
            summary = answer if isinstance(answer, ImportSummary) else summary
            if as_json:
                click.echo(_plain(answer))
            elif isinstance(answer, ImportLine):
                _show(answer, words, dry_run=dry_run)
    if summary and not as_json:
        click.echo(words("imported", **summary.model_dump()))
        if summary.state_token:
            click.echo(words("token", token=summary.state_token))
    context.exit(1 if summary and summary.rejected else 0)


def _name(file: BufferedIOBase) -> str:
    return Path(str(getattr(file, "name", "upload"))).name[:200].strip("<>")


def _plain(answer: ImportLine | ImportSummary) -> str:
    text = answer.model_dump_json(exclude_none=True)
    return text if isinstance(answer, ImportLine) else f'{{"summary":{text}}}'


def _show(answer: ImportLine, words: Words, *, dry_run: bool) -> None:
    """What was refused; and, of a dry run, who is in whose way."""
    if answer.outcome == "rejected":
        _show_rejected(answer, words)
    for conflict in answer.conflicts if dry_run else ():
        when = showing.span(conflict.starts_at, conflict.ends_at)
        told = {"other": conflict.number, "resource": conflict.resource, "when": when}
        click.echo(words("in_the_way", line=answer.line, number=answer.number, **told))


def _show_rejected(answer: ImportLine, words: Words) -> None:
    code = answer.problem.code if answer.problem else ""
    click.echo(words("line", line=answer.line, number=answer.number or "?", outcome=f"{words('rejected')} [{code}]"))
    for fault in answer.problem.errors if answer.problem else ():
        click.echo(f"  {fault.pointer or '/'}: {fault.detail} [{fault.code}]")


@contextmanager
def _progress(file: BufferedIOBase, words: Words) -> Iterator[Source]:
    """The file's bytes, counted on the terminal as they are sent; then how long the hub has been at work with them."""
    console = showing.screen(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    disable, through = not console.is_terminal, sys.stdout.isatty()
    with Progress(*columns, console=console, transient=True, disable=disable, redirect_stdout=through) as progress:
        task = progress.add_task(words("sending"), total=_size(file))
        waits = partial(progress.update, task, description=words("working"), total=None)
        yield _counted(file, partial(progress.advance, task), waits)


def _counted(file: BufferedIOBase, advance: "partial[None]", sent_all: "partial[None]") -> Iterator[bytes]:
    for piece in iter(partial(file.read1, _PIECE), b""):
        advance(len(piece))
        yield piece
    sent_all()


def _size(file: BufferedIOBase) -> int | None:
    """How many bytes there are; None for a pipe, and for what is no file."""
    try:
        return os.fstat(file.fileno()).st_size or None
    except OSError:
        return None
