"""`knutpunkt rehearse`: a season of bookings through a municipality's folder, without touching any system."""

from collections.abc import Iterator
from io import BufferedIOBase
from pathlib import Path

import click

from hub.cli import options, rehearsed, showing
from hub.cli.words import Words
from hub.configuration.reader import read_folder
from hub.errors import ConfigurationError
from hub.service.accept.bookings import LINE_LIMIT
from hub.service.governing.rehearsing import Rehearsing
from hub.service.words.saying import Language


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@options.option(
    "--bookings", type=click.File("rb"), required=True, help="One booking a line (ndjson); -: standard input."
)
@options.language
@options.as_json
@click.pass_context
def rehearse(
    context: click.Context, folder: Path, bookings: BufferedIOBase, *, language: Language, as_json: bool
) -> None:
    """Run a season of bookings through FOLDER and tell what will not fit, when, why and what to do; nothing is sent.

    Ends 1 if anything does not fit.
    """
    try:
        rehearsing = Rehearsing(read_folder(folder).required())
    except ConfigurationError as error:
        raise options.CannotRunError(f"{folder} cannot be used; knutpunkt check tells more:\n{error}") from None
    for raw in _lines(bookings):
        rehearsing.take(raw)
    found = rehearsing.told()
    if as_json:
        showing.as_json(rehearsed.for_programs(found, Words(language)))
    else:
        rehearsed.show(found, Words(language))
    context.exit(0 if found.fits else 1)


def _lines(file: BufferedIOBase) -> Iterator[bytes]:
    """Each line that is not empty; of one that is too long a little more than may be, so that it is told."""
    while raw := file.readline(LINE_LIMIT + 1):
        rest = raw
        while rest and not rest.endswith(b"\n"):
            rest = file.readline(LINE_LIMIT)
        if raw.strip():
            yield raw
