"""`knutpunkt problems`: causes, not symptoms, and what to do."""

import click

from hub.cli import options, showing
from hub.cli.words import Words
from hub.client import At
from hub.service.saying import Language


@click.command()
@options.remote
@options.language
@options.as_json
def problems(here: At, language: Language, *, as_json: bool) -> None:
    """List the open problems: since when, how much waits, and what to do."""
    found, words = here.problems(language=language), Words(language)
    if as_json:
        showing.as_json(found)
    elif not found:
        click.echo(words("none_open"))
    else:
        columns = [words(key) for key in ("id", "connection", "problems", "detail", "since", "waiting", "remedy")]
        rows = ((p.id, p.connection, p.title, p.detail, showing.local(p.since), p.waiting, p.remedy) for p in found)
        showing.screen().print(showing.table(columns, rows))
