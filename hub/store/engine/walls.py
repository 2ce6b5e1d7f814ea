"""The second wall between municipalities (mur): whom it is for that the database is asked now.

The first is the WHERE of every statement. A task says once whom it acts for (`within`), and all that it asks of the
database, and all that it starts, is bound by it. On PostgreSQL each transaction tells it to the policies of the tables
(row-level security): a statement that forgot its WHERE finds and changes nothing of others. SQLite has no such wall.

It is a wall against mistakes: whoever may say SQL of their own may say another name too.
"""

import re
from contextvars import ContextVar

from hub.store.engine.database import Connection, Towns

SETTING, ALL, NAME = "knutpunkt.municipality", "*", "of_municipality"
"""The session's setting, what it is where nobody is bound, and the policy of each table that reads it."""
_KEY = re.compile(r"[0-9]{4}|[a-z][a-z0-9-]{2,30}")
"""What a municipality's configuration may call it."""
_NOBODY = "-"
_BOUND: ContextVar[str | None] = ContextVar("bound", default=None)


class within:  # noqa: N801 - read as a word: `with within(town)`
    """Until the end of the block this task, and what it starts, is bound to one municipality; None: to none.

    Around every request: a generator would take twice as long.
    """

    __slots__ = ("_before", "_municipality")

    def __init__(self, municipality: str | None) -> None:
        self._municipality = municipality

    def __enter__(self) -> None:
        self._before = _BOUND.set(self._municipality)

    def __exit__(self, *_: object) -> None:
        _BOUND.reset(self._before)


def bound() -> str | None:
    """The municipality that this task is bound to."""
    return _BOUND.get()


def only(municipality: str | None) -> Towns:
    """A transaction that is bound to that one; None: to none."""
    return None if municipality is None else frozenset({municipality})


def told(towns: Towns) -> str:
    """What a transaction that has begun says first; a name that no municipality can have stands for nobody's rows."""
    if towns is None:
        return ""
    names = ",".join(sorted(one if _KEY.fullmatch(one) else _NOBODY for one in towns)) or _NOBODY
    return f"SET LOCAL {SETTING} = '{names}'"


_NOW = f"current_setting('{SETTING}', true)"
_SEEN = (
    f"CASE coalesce({_NOW}, '') WHEN municipality THEN true WHEN '{ALL}' THEN true WHEN '' THEN true"
    f" ELSE municipality = ANY (string_to_array({_NOW}, ',')) END"
)
"""Who says nothing is not bound: so it is for nodes of the version before the wall, until the version after it.

Asked for each row, and not once a statement (as a subquery would be): statements are many and their rows are few.
"""


def made(table: str) -> list[str]:
    """The statements that put the wall around a table; also against its owner, who the hub is.

    A migration that makes a table with a municipality runs them.
    """
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY {NAME} ON {table} USING ({_SEEN})",
    ]


MISSING = (
    "the second wall between municipalities is not there: PostgreSQL's row-level security holds neither for a superuser"
    " nor with BYPASSRLS; give the hub an ordinary role that owns its database"
)


def stands(connection: Connection) -> bool:
    """Whether the wall holds for whom we are to PostgreSQL: for a superuser, and with BYPASSRLS, there is none."""
    return connection.rows("SELECT row_security_active('bookings')") == [(True,)]
