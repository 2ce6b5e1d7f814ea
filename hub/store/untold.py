"""What was done to the whole database while the audit could not be written: kept until a hub starts on it."""

import json
import secrets
from typing import NamedTuple

from hub.store.engine.database import Connection, Session

_NAMES = "name > 'untold/' AND name < 'untold0'"


class Untold(NamedTuple):
    """What was done, when (microseconds, real time), and references as JSON."""

    act: str
    subject: str
    at: int
    told: str


def leave(connection: Session, kept: Untold) -> None:
    """Keep it; nothing is kept in a database without tables."""
    if connection.has_table("installation"):
        name = f"untold/{kept.at:020}-{secrets.token_hex(4)}"
        connection.run("INSERT INTO installation(name, value) VALUES(?, ?)", (name, json.dumps(kept)))


def take(connection: Connection) -> list[Untold]:
    """All that was kept, the oldest first; it is kept no longer."""
    rows = connection.rows(f"SELECT value FROM installation WHERE {_NAMES} ORDER BY name")
    connection.run(f"DELETE FROM installation WHERE {_NAMES}")
    return [Untold(*json.loads(value)) for (value,) in rows]
