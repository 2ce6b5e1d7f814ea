"""An import report as people read it: how much, the receipt, what is wrong and where."""

from collections.abc import Iterable

import click

from hub.cli import showing
from hub.cli.words import Words
from hub.model.imported import GatheringChange, GatheringCounts, ImportReport, OverlapAnswer, Placed


def show_report(report: ImportReport, words: Words, *, as_json: bool) -> None:
    """Print it."""
    if as_json:
        showing.as_json(report)
        return
    click.echo(words("would_read") if report.dry_run else words("was_read", id=report.id))
    click.echo(words("items_came", **report.model_dump(include={"items", "new", "changed", "doubles", "quarantined"})))
    click.echo(words("receipt_is", **report.receipt.model_dump()))
    if report.state == "failed":
        click.echo(words("not_read_whole", detail=report.detail))
    if report.changes:
        click.echo(words("changes_are", count=len(report.changes)))
        for change in report.changes:
            click.echo("  " + _change(change, words))
    _show(report.faults, len(report.faults), "faults_are", words)
    _show(report.remarks, report.remarked, "remarks_are", words)
    if report.overlaps:
        click.echo(words("overlaps_are", count=len(report.overlaps)))
        for overlap in report.overlaps:
            click.echo("  " + _overlap(overlap, words))


def _show(placed: Iterable[Placed], count: int, heading: str, words: Words) -> None:
    if count:
        click.echo(words(heading, count=count))
    for one in placed:
        click.echo("  " + words("at_place", place=one.place, text=one.text.removeprefix(f"{one.place}: ")))


def _change(change: GatheringChange, words: Words) -> str:
    """A line: + new, - gone, ~ another."""
    gathering = change.gathering.model_dump(exclude={"connection"})
    match change.before, change.after:
        case GatheringCounts() as before, GatheringCounts() as after:
            return words(
                "a_change",
                sign="~",
                when=_moved(_when(before), _when(after)),
                participants=_moved(before.participants, after.participants),
                leaders=_moved(before.leaders, after.leaders),
                **gathering,
            )
        case GatheringCounts() as one, None:
            return words("a_change", sign="-", when=_when(one), **_counts(one), **gathering)
        case _, GatheringCounts() as one:
            return words("a_change", sign="+", when=_when(one), **_counts(one), **gathering)
    return ""


def _when(one: GatheringCounts) -> str:
    return showing.span(one.starts_at, one.ends_at)


def _counts(one: GatheringCounts) -> dict[str, int]:
    return one.model_dump(include={"participants", "leaders"})


def _moved(before: object, after: object) -> str:
    return str(after) if before == after else f"{before} -> {after}"


def _overlap(overlap: OverlapAnswer, words: Words) -> str:
    one, other = overlap.gathering, overlap.other
    return words(
        "overlap",
        association=one.association,
        card=one.card,
        code=one.code,
        other_association=other.association,
        other_card=other.card,
        other_code=other.code,
        when=showing.span(overlap.starts_at, overlap.ends_at),
        persons=overlap.persons,
    )
