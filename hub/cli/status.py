"""`knutpunkt status`: everything counted."""

import click

from hub.cli import options, showing
from hub.cli.words import Words
from hub.client import At
from hub.model.standing import ExpiryAnswer, SealingAnswer, StatusAnswer
from hub.service.words.saying import Language


@click.command()
@options.remote
@options.language
@options.as_json
def status(here: At, language: Language, *, as_json: bool) -> None:
    """Count bookings, effects, deliveries, what is unserved, and problems."""
    answer = here.status()
    if as_json:
        showing.as_json(answer)
    else:
        _show(answer, Words(language))


def _show(answer: StatusAnswer, words: Words) -> None:
    rows = [
        (words("bookings"), words.counts(answer.bookings)),
        (words("effects"), words.counts(answer.effects)),
        (words("deliveries"), words.counts(answer.deliveries)),
        (words("unserved"), words.counts(answer.unserved)),
        (words("connections"), ", ".join(f"{name} {words.state(at)}" for name, at in answer.connections.items())),
        (words("problems"), answer.problems),
    ]
    if answer.revokes:
        since = showing.local(answer.oldest_revoke) or "-"
        rows.append((words("revokes"), words("revokes_open", count=answer.revokes, since=since)))
    rows += [(words("ending") if n == 0 else "", _ending(one, words)) for n, one in enumerate(answer.expires)]
    if answer.sealing:
        rows.append((words("sealing"), _sealing(answer.sealing, words)))
    shown = showing.table(("", ""), rows)
    shown.show_header = False
    showing.screen().print(
        words("status_of", municipality=answer.municipality, now=showing.local(answer.now)), shown, sep="\n"
    )


def _sealing(answer: SealingAnswer, words: Words) -> str:
    return words(f"sealing_{answer.state}", id=answer.key, percent=answer.percent)


def _ending(one: ExpiryAnswer, words: Words) -> str:
    what = words(f"ends_{one.thing}", name=one.name)
    return words("ends", connection=one.connection, what=what, day=one.last_day, days=one.days)
