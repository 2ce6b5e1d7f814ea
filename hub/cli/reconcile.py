"""`knutpunkt reconcile`: what stands in systems against what the hub thinks, and what is done about each difference."""

from collections.abc import Iterable
from datetime import datetime

import click

from hub.cli import options, showing
from hub.cli.words import Words
from hub.client import At
from hub.clock import STOCKHOLM
from hub.model.findings import Decision, Finding, Reconciled, What
from hub.service.words.saying import Language


@click.command()
@click.argument("connection", required=False)
@options.option(
    "--apply", type=click.Choice([str(what) for what in What]), multiple=True, help="Mend all of a kind that is open."
)
@options.option("--adopt", type=click.IntRange(1), help="Let the finding of this number stay; with --reason.")
@options.option("--revoke", type=click.IntRange(1), help="Make the finding of this number as it should be.")
@options.option("--ignore", type=click.IntRange(1), help="Be silent of the finding of this number; with --until.")
@options.option(
    "--until", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]), help="Swedish time, e.g. 2026-12-01T06:00."
)
@options.option("--reason", default="", help="Why; no names of persons.")
@options.remote
@options.language
@options.as_json
@click.pass_context
def reconcile(  # noqa: PLR0913 - a command line
    context: click.Context,
    here: At,
    connection: str | None,
    *,
    apply: tuple[str, ...],
    adopt: int | None,
    revoke: int | None,
    ignore: int | None,
    until: datetime | None,
    reason: str,
    language: Language,
    as_json: bool,
) -> None:
    """Compare CONNECTION, or each in turn, with what the hub thinks; or say what is to be done of a finding.

    Ends 0 only if nothing differs that nobody has decided upon.
    """
    words = Words(language)
    if adopt or revoke or ignore:
        decided = list(_decided(here, adopt, revoke, ignore, until, reason))
        _tell(decided, words, as_json=as_json)
        return
    names = [connection] if connection else [one.name for one in here.connections()]
    found = [here.reconcile(name, apply=map(What, apply), language=language) for name in names]
    _show(found, words, as_json=as_json)
    still = any(one.decision is Decision.OPEN for each in found for one in each.findings)
    context.exit(1 if still or any(each.outcome != "compared" for each in found) else 0)


def _decided(
    here: At, adopt: int | None, revoke: int | None, ignore: int | None, until: datetime | None, reason: str
) -> Iterable[Finding]:
    if ignore and until is None:
        raise click.UsageError("--ignore needs --until: for how long?")
    if adopt and not reason:
        raise click.UsageError("--adopt needs --reason: why may it stay?")
    if adopt:
        yield here.adopt(adopt, reason=reason)
    if revoke:
        yield here.revoke(revoke, reason=reason)
    if ignore and until:
        yield here.ignore(ignore, until.replace(tzinfo=STOCKHOLM), reason=reason)


def _tell(decided: list[Finding], words: Words, *, as_json: bool) -> None:
    if as_json:
        showing.as_json(decided)
        return
    for one in decided:
        click.echo(words("decided", id=one.id, target=one.target, decision=words(one.decision)))


def _show(found: list[Reconciled], words: Words, *, as_json: bool) -> None:
    if as_json:
        showing.as_json(found)
        return
    screen = showing.screen()
    for each in found:
        told = "reconciled" if each.outcome == "compared" else "unanswered_there"
        count = len(each.findings)
        screen.print(words(told, **each.model_dump(exclude={"findings"}), count=count))
    rows = [
        (one.id, one.target, words(one.what), one.detail, showing.local(one.since), _decision(one, words))
        for each in found
        for one in each.findings
    ]
    columns = [words(key) for key in ("id", "target", "difference", "detail", "since", "decision")]
    screen.print(*([showing.table(columns, rows)] if rows else []), end="")


def _decision(one: Finding, words: Words) -> str:
    until = f" {words('until', at=showing.local(one.until))}" if one.until else ""
    return words(one.decision) + until
