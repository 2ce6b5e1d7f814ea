"""What another configuration would come to, as people read it."""

from collections.abc import Iterator

import click

from hub.cli import showing
from hub.cli.words import Words
from hub.model.configured import Asks, ChangedLine, ChangedLines, ChangeExample, ConfigurationPlan, Lit

_MOST = 30
"""Differences of the folder that are shown."""


def show(found: ConfigurationPlan, words: Words) -> None:
    """Print it."""
    screen = showing.screen()
    key = "plan_is" if found.current is not None else "plan_is_new"
    screen.print(words(key, **found.model_dump(include={"municipality", "current", "bookings", "changed"})))
    for line in found.differences[:_MOST]:
        screen.print(f"  {line}")
    if len(found.differences) > _MOST:
        screen.print("  " + words("more", count=len(found.differences) - _MOST))
    if found.targets:
        rows = ((one.connection, words.state(one.kind), one.added, one.removed, one.changed) for one in found.targets)
        columns = [words(each) for each in ("connection", "kind", "added", "removed", "changed")]
        screen.print("", words("plan_targets"), showing.table(columns, rows), sep="\n")
        columns = [words(each) for each in ("number", "occasion", "target", "before", "after")]
        screen.print("", words("plan_examples"), showing.table(columns, _examples(found, words)), sep="\n")
    if found.lines.rules:
        _lines(found.lines, words)
    if found.served:
        lacks = (
            (words.unserved(f"{one.capability}: {one.what}"), one.unserved, one.served, ", ".join(one.examples))
            for one in found.served
        )
        columns = [words(each) for each in ("what", "newly_unserved", "newly_served", "bookings")]
        screen.print("", words("unserved"), showing.table(columns, lacks), sep="\n")
    _warn(found, words)


def _lines(found: ChangedLines, words: Words) -> None:
    screen = showing.screen()
    screen.print("", words("plan_lines", rules=found.rules, zones=found.zones), sep="\n")
    if found.examples:
        columns = [words(each) for each in ("zone", "stretches", "at_first", "before", "after", "hours")]
        rows = (
            (
                one.zone,
                one.stretches,
                showing.local(one.at),
                _lit(one.before, words),
                _lit(one.after, words),
                _hours(one),
            )
            for one in found.examples
        )
        screen.print(showing.table(columns, rows))


def _lit(one: Lit | None, words: Words) -> str:
    if one is None:
        return words("released")
    return f"{showing.span(one.starts_at, one.ends_at)}, {words('level', level=one.level)}"


def _hours(one: ChangedLine) -> str:
    return f"{one.hours_before:g} → {one.hours_after:g}"


def _examples(found: ConfigurationPlan, words: Words) -> Iterator[tuple[object, ...]]:
    for one in (example for each in found.targets for example in each.examples):
        yield one.number, one.occasion, _target(one), _asks(one.before, words), _asks(one.after, words)


def _target(one: ChangeExample) -> str:
    return f"{one.target} {one.door}" if one.door else one.target


def _asks(one: Asks | None, words: Words) -> str | None:
    if one is None:
        return None
    level = "" if one.level is None else f", {words('level', level=one.level)}"
    closed = f" ({words.state('suspended')})" if one.suspended else ""
    return f"{showing.span(one.starts_at, one.ends_at)}{level}{closed}"


def _warn(found: ConfigurationPlan, words: Words) -> None:
    if found.unplannable:
        numbers = ", ".join(found.unplannable_examples)
        click.echo(words("plan_lost", count=found.unplannable, numbers=numbers))
    for one in found.refused:
        click.echo(words("plan_refused", **one.model_dump()))
    if not (found.differences or found.targets or found.served or found.lines.rules) and found.current is not None:
        click.echo(words("plan_nothing"))
