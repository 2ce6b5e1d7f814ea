"""`knutpunkt problems`: causes, not symptoms, what to do, and trying again when it is done."""

import click

from hub.cli import options, showing
from hub.cli.words import Words
from hub.client import At
from hub.model.standing import ConnectionAnswer, ProblemAnswer
from hub.service.words.saying import Language


@click.command()
@options.option(
    "--retry",
    type=click.IntRange(1),
    multiple=True,
    help="Try what waits behind the problem of this number again; may be given several times.",
)
@options.option("--resume", metavar="CONNECTION", help="Let a paused connection run again.")
@options.remote
@options.language
@options.as_json
def problems(here: At, retry: tuple[int, ...], resume: str | None, language: Language, *, as_json: bool) -> None:
    """List the open problems: since when, how much waits, and what to do. Or act, when it is done."""
    words = Words(language)
    if retry:
        count = sum(map(here.retry_problem, retry))
        _tell({"deliveries": count}, words("tried_again", count=count), as_json=as_json)
    if resume:
        connection = here.resume(resume)
        _tell(connection.model_dump(), words("resumed", name=connection.name), as_json=as_json)
    if not retry and not resume:
        paused = [] if as_json else [one for one in here.connections() if one.state == "paused"]
        _list(here.problems(language=language), paused, words, as_json=as_json)


def _tell(plain: dict[str, object], text: str, *, as_json: bool) -> None:
    if as_json:
        showing.as_json(plain)
    else:
        click.echo(text)


def _list(found: list[ProblemAnswer], paused: list[ConnectionAnswer], words: Words, *, as_json: bool) -> None:
    if as_json:
        showing.as_json(found)
        return
    problems_of = {one.connection for one in found if one.code == "credentials"}
    held = [one for one in paused if one.name not in problems_of]
    for one in held:
        since = showing.local(one.since) if one.since else ""
        click.echo(words("paused_since", name=one.name, by=one.paused_by, since=since, waiting=one.waiting))
    if not found and not held:
        click.echo(words("none_open"))
    if found:
        told = ("id", "connection", "problems", "detail", "since", "waiting", "needed", "remedy")
        columns = [words(key) for key in told]
        rows = (
            (p.id, p.connection, p.title, p.detail, showing.local(p.since), p.waiting, _needed(p, words), p.remedy)
            for p in found
        )
        showing.screen().print(showing.table(columns, rows))


def _needed(problem: ProblemAnswer, words: Words) -> str | None:
    """When the first of what waits is needed."""
    if problem.minutes is None:
        return None
    key = "needed_in" if problem.minutes >= 0 else "needed_since"
    return words(key, minutes=abs(problem.minutes))
