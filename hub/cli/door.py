"""`knutpunkt explain --door`, as a person reads it."""

from collections.abc import Iterable, Iterator

from hub.cli import showing
from hub.cli.showing import local, span
from hub.cli.words import Words
from hub.model.doors import DoorAnswer

Row = Iterable[object]


def show(told: DoorAnswer, words: Words) -> None:
    """The answer first, then what it stands on."""
    screen = showing.screen()
    screen.print(words("door_is", door=told.door, connection=told.connection, external=told.key, at=local(told.at)))
    screen.print(words("times"), *(f"- {sentence}" for sentence in told.why), sep="\n")
    for title, columns, rows in _sections(told, words):
        if found := [list(row) for row in rows]:
            screen.print("", words(title), showing.table([words(one) for one in columns], found), sep="\n")


def _sections(told: DoorAnswer, words: Words) -> Iterator[tuple[str, tuple[str, ...], Iterable[Row]]]:
    opens = (
        (one.number, one.occasion, one.resource, span(one.opens_at, one.shuts_at),
         *map(words.state, (one.state, one.delivery, one.proof)), one.detail)
        for one in told.opens
    )  # fmt: skip
    columns = ("number", "occasion", "resource", "when", "state", "delivery", "proof", "detail")
    yield "door_opens", columns, opens
    came = ((local(one.at), one.text, one.number, one.credential, one.times) for one in told.attempts)
    yield "door_came", ("when", "what", "number", "target", "times_here"), came
    wrong = ((one.id, one.title, one.detail, one.remedy) for one in told.problems)
    yield "problems", ("id", "what", "detail", "remedy"), wrong
