"""How far values have been sealed anew under the newest key, as the installation remembers it."""

import json
from contextlib import closing
from dataclasses import asdict, dataclass

from hub.store import installation
from hub.store.engine.database import Connection, connect, is_postgresql, path_of
from hub.store.seals.sealed import COLUMNS, Key

_NAME = "resealing"


@dataclass(frozen=True)
class Progress:
    """A walk over all sealed values, again and again until it meets none that is under another key."""

    key: str
    """Id of the key that seals, in hexadecimal."""
    known: tuple[str, ...]
    """Ids of all keys of the file."""
    begun: int
    """By the database's clock, microseconds."""
    ended: int | None = None
    """Likewise; None while it goes on."""
    column: str = COLUMNS[0].name
    after: Key = COLUMNS[0].start
    """Where the walk is: after this row of that column."""
    walk: int = 1
    """Which walk this is, counted from 1."""
    total: int = 0
    """Values that there were when it began."""
    looked: int = 0
    renewed: int = 0
    """Of this walk."""
    unopened: int = 0
    """Values that no key opens; of this walk, so far."""
    lost: int = 0
    """The same of the last whole walk."""

    @property
    def percent(self) -> int:
        """How much of the first walk is done, in whole per cent."""
        return 100 if self.walk > 1 or self.ended else min(99, 100 * self.looked // max(self.total, 1))


def progress(connection: Connection, *, to_move: bool = False) -> Progress | None:
    """How far it has come; None before the first start of a version that knows several keys.

    `to_move`: nobody else moves it before this transaction ends.
    """
    locked = connection.for_update if to_move else ""
    rows = connection.rows(f"SELECT value FROM installation WHERE name = ?{locked}", (_NAME,))
    if not rows:
        return None
    told = json.loads(rows[0][0])
    return Progress(**told | {"known": tuple(told["known"]), "after": tuple(told["after"])})


def has_run(url: str) -> bool:
    """Whether a hub has run on the database: then there was a key file. Raises AwayError."""
    if not is_postgresql(url) and not path_of(url).exists():
        return False
    with closing(connect(url)) as connection:
        there = connection.has_table("installation")
        return there and bool(connection.rows("SELECT 1 FROM installation WHERE name = 'epoch'"))


def keep(connection: Connection, now: Progress) -> None:
    """Remember it, in place of what was known."""
    installation.keep(connection, _NAME, json.dumps(asdict(now)))
