"""The event feed: pages by cursor that never skip, and what the installation remembers about itself."""

import secrets

from hub.store import events
from hub.store.database import Connection
from hub.store.events import Numbered


def epoch(connection: Connection) -> str:
    """The feed's epoch; a restored database gets another, and old cursors lead nowhere."""
    rows = connection.rows("SELECT value FROM installation WHERE name = 'epoch'")
    return str(rows[0][0]) if rows else ""


def begin_epoch(connection: Connection) -> str:
    """Begin an epoch when there is none; gives the one in force."""
    connection.run(
        "INSERT INTO installation(name, value) VALUES('epoch', ?) ON CONFLICT(name) DO NOTHING",
        (secrets.token_hex(4),),
    )
    return epoch(connection)


def new_epoch(connection: Connection) -> str:
    """Begin another epoch: cursors of before lead nowhere. Gives it."""
    connection.run("DELETE FROM installation WHERE name = 'epoch'")
    return begin_epoch(connection)


def pruned_to(connection: Connection, municipality: str) -> int:
    """The highest id of an event that retention has removed."""
    rows = connection.rows("SELECT value FROM installation WHERE name = ?", (f"pruned/{municipality}",))
    return int(rows[0][0]) if rows else 0


def latest(connection: Connection, municipality: str) -> int:
    """The id of the newest event."""
    ((id_,),) = connection.rows("SELECT coalesce(max(id), 0) FROM events WHERE municipality = ?", (municipality,))
    return int(id_)


def page(connection: Connection, municipality: str, after: int, *, limit: int) -> list[Numbered]:
    """The next events, in the order of their commit.

    With one writer an id is drawn and committed before the next is drawn, so nothing can come later with a lower id.
    """
    return events.after(connection, municipality, after, limit=limit)
