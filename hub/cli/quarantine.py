"""`knutpunkt quarantine` and `knutpunkt fetch`: what came in and was not understood; and looking for more now."""

import click

from hub.cli import options, showing
from hub.cli.words import Words
from hub.client import At
from hub.service.words.saying import Language


@click.group()
def quarantine() -> None:
    """Tell of, or try again, items that could not be understood."""


@quarantine.command("list")
@options.option("--connection", help="Only what came over this one.")
@options.remote
@options.language
@options.as_json
def list_rows(here: At, connection: str | None, language: Language, *, as_json: bool) -> None:
    """List items in quarantine, with place and reason."""
    found, words = list(here.quarantine(connection)), Words(language)
    if as_json:
        showing.as_json(found)
    elif not found:
        click.echo(words("none_quarantined"))
    else:
        columns = [words(key) for key in ("id", "connection", "place", "reason", "at")]
        rows = ((row.id, row.connection, row.place, row.reason, showing.local(row.at)) for row in found)
        showing.screen().print(showing.table(columns, rows))


@quarantine.command()
@click.argument("connection")
@click.argument("ids", nargs=-1, type=click.IntRange(1, 2**53))
@options.remote
@options.language
@options.as_json
@click.pass_context
def rerun(
    context: click.Context, here: At, connection: str, ids: tuple[int, ...], language: Language, *, as_json: bool
) -> None:
    """Try the items of CONNECTION again, or only those with these IDS: when a mapping or a connector was mended."""
    told = here.rerun(connection, ids or None)
    if as_json:
        showing.as_json(told)
    else:
        click.echo(Words(language)("rerun", **told.model_dump()))
    context.exit(1 if told.left else 0)


@quarantine.command()
@click.argument("row", type=click.IntRange(1, 2**53))
@options.remote
@options.language
@options.as_json
def dismiss(here: At, row: int, language: Language, *, as_json: bool) -> None:
    """Say that item ROW will never mean anything; it is kept as it came until it expires."""
    told = here.dismiss_row(row)
    if as_json:
        showing.as_json(told)
    else:
        click.echo(Words(language)("dismissed_row", id=told.id, reason=told.reason))


@click.command()
@click.argument("connection")
@options.remote
@options.language
@options.as_json
@click.pass_context
def fetch(context: click.Context, here: At, connection: str, language: Language, *, as_json: bool) -> None:
    """Look now for what is new at CONNECTION: in its system, its folder or on its server."""
    told = here.fetch(connection)
    if as_json:
        showing.as_json(told)
    else:
        click.echo(told.failed or Words(language)("fetched", **told.model_dump(exclude={"failed"})))
    context.exit(1 if told.failed or told.quarantined else 0)
