"""What comes first in a database: what could not be told before, and a key for whoever sits at the machine."""

import os
from pathlib import Path

from hub.model.audit import Act
from hub.service.audit.acting import CLI
from hub.service.audit.auditing import Auditing, Note, written
from hub.service.keeping.keys import EVERY_MUNICIPALITY, Scope
from hub.service.keeping.keys import create as create_key
from hub.store import keys, untold
from hub.store.engine.database import Connection
from hub.store.seals.sealing import Seal


def tell_untold(connection: Connection, seal: Seal) -> None:
    """What was done to the database while nobody could prove it."""
    told = untold.take(connection)
    mine = [Note(EVERY_MUNICIPALITY, Act(one.act), one.subject, one.at, one.told, CLI) for one in told]
    Auditing(seal).write(connection, mine)


def write_operator_key(connection: Connection, file: Path, seal: Seal, now: int) -> None:
    """Where there has never been one: a key for the command line, mode 0600, on disk before it is in force."""
    if keys.listed(connection, EVERY_MUNICIPALITY):
        return
    key = create_key(connection, municipality=EVERY_MUNICIPALITY, name="operator", scopes=[Scope.ADMIN], now=now)
    told = written({"scopes": Scope.ADMIN})
    Auditing(seal).write(connection, [Note(EVERY_MUNICIPALITY, Act.KEY_MADE, "operator", now, told)])
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as written_to:
        os.fchmod(written_to.fileno(), 0o600)
        written_to.write(key + "\n")
        written_to.flush()
        os.fsync(written_to.fileno())
