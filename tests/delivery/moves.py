"""Every move that a lane makes, held against the tables of `hub.model.states`: whatever a test is about."""

from collections.abc import Iterator

from hub.model.states import DELIVERY_MOVES, EFFECT_MOVES, RECORD_MOVES, Delivery, Effect, Record
from hub.store.engine.database import Session

_TRIGGER = "CREATE TRIGGER watch_{0} AFTER UPDATE OF {0} ON lanes {1} WHEN (old.{0} <> new.{0}) {2}"
_IN_SQLITE = (
    "CREATE TABLE moves(kind TEXT, what TEXT, before TEXT, after TEXT)",
    *(
        _TRIGGER.format(what, "", f"BEGIN INSERT INTO moves VALUES(new.kind, '{what}', old.{what}, new.{what}); END")
        for what in ("effect", "delivery")
    ),
)
_IN_POSTGRESQL = (
    "CREATE SCHEMA watching",
    "CREATE TABLE watching.moves(kind text, what text, before text, after text)",
    *(
        f"CREATE FUNCTION watching.{what}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$BEGIN INSERT INTO watching.moves VALUES(new.kind, '{what}', old.{what}, new.{what}); RETURN new; END$$"
        for what in ("effect", "delivery")
    ),
    *(_TRIGGER.format(what, "FOR EACH ROW", f"EXECUTE FUNCTION watching.{what}()") for what in ("effect", "delivery")),
)
"""In a schema of its own: what makes tables need not know of it."""


def watch(connection: Session) -> None:
    """Have a database remember the moves of its lanes; what it remembered of another test it forgets."""
    if not connection.shared:
        for sql in _IN_SQLITE:
            connection.run(sql)
    elif connection.has_table("watching.moves"):
        connection.run("DELETE FROM watching.moves")
    else:
        for sql in _IN_POSTGRESQL:
            connection.run(sql)


def watch_no_more(connection: Session) -> None:
    """What watches stands in a schema that is not the hub's: it would be in a backup, and in the way of its restore."""
    if connection.shared:
        connection.run("DROP SCHEMA IF EXISTS watching CASCADE")


def made(connection: Session) -> set[tuple[str, str, str, str]]:
    """(kind, effect or delivery, from, to) of all moves that were made."""
    table = "watching.moves" if connection.shared else "moves"
    if not connection.has_table(table):
        return set()
    rows = connection.rows(f"SELECT DISTINCT kind, what, before, after FROM {table}")  # noqa: S608 - of the two
    return {(kind, what, before, after) for kind, what, before, after in rows}


def illegal(connection: Session) -> Iterator[str]:
    """The moves that the tables do not know."""
    for kind, what, before, after in sorted(made(connection)):
        if not _legal(kind, what, before, after):
            yield f"{what} of a {kind}: {before} to {after}"


def _legal(kind: str, what: str, before: str, after: str) -> bool:
    if what == "delivery":
        return Delivery(after) in DELIVERY_MOVES[Delivery(before)]
    if kind == "record":
        return Record(after) in RECORD_MOVES[Record(before)]
    return Effect(after) in EFFECT_MOVES[Effect(before)]
