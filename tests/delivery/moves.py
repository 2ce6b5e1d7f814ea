"""Every move that a lane makes, held against the tables of `hub.model.states`: whatever a test is about."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from hub.model.states import DELIVERY_MOVES, EFFECT_MOVES, RECORD_MOVES, Delivery, Effect, Record

_WATCHED = """
CREATE TABLE moves(kind TEXT, what TEXT, before TEXT, after TEXT);
CREATE TRIGGER watch_effect AFTER UPDATE OF effect ON lanes WHEN old.effect <> new.effect
BEGIN INSERT INTO moves VALUES(new.kind, 'effect', old.effect, new.effect); END;
CREATE TRIGGER watch_delivery AFTER UPDATE OF delivery ON lanes WHEN old.delivery <> new.delivery
BEGIN INSERT INTO moves VALUES(new.kind, 'delivery', old.delivery, new.delivery); END;
"""


def watch(file: Path) -> None:
    """Have a database remember the moves of its lanes."""
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(_WATCHED)


def made(file: Path) -> set[tuple[str, str, str, str]]:
    """(kind, effect or delivery, from, to) of all moves that were made."""
    with closing(sqlite3.connect(file)) as connection:
        return set(connection.execute("SELECT DISTINCT kind, what, before, after FROM moves"))


def illegal(file: Path) -> Iterator[str]:
    """The moves that the tables do not know."""
    for kind, what, before, after in sorted(made(file)):
        if not _legal(kind, what, before, after):
            yield f"{what} of a {kind}: {before} to {after}"


def _legal(kind: str, what: str, before: str, after: str) -> bool:
    if what == "delivery":
        return Delivery(after) in DELIVERY_MOVES[Delivery(before)]
    if kind == "record":
        return Record(after) in RECORD_MOVES[Record(before)]
    return Effect(after) in EFFECT_MOVES[Effect(before)]
