"""How a command tells the audit what it does, and for whom: the user of the machine."""

import getpass
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from hub.cli.databases import key_file
from hub.cli.options import CannotRunError
from hub.clock import micros
from hub.model.audit import Act
from hub.service.audit.acting import CLI, Actor
from hub.service.audit.auditing import Auditing, Note, written
from hub.service.keeping.keys import EVERY_MUNICIPALITY
from hub.store import untold
from hub.store.engine.database import Connection, connect
from hub.store.seals import rotation
from hub.store.seals.keyring import key_from, read
from hub.store.seals.sealing import Seal
from hub.store.untold import Untold


def user() -> Actor:
    """The user of this machine, at the command line."""
    try:
        return CLI._replace(person=getpass.getuser())
    except (OSError, KeyError):  # nobody of that number has a name
        return CLI


def seal_of(database: str) -> Seal:
    """The keys of a database; made where no hub has run on it yet. Raises CannotRunError."""
    path: Path = key_file(database)
    try:
        return Seal(key_from(path, made=_now().isoformat(timespec="seconds"), may_make=not rotation.has_run(database)))
    except (OSError, ValueError) as error:
        raise CannotRunError(str(error)) from error


def tell(
    connection: Connection,
    seal: Seal,
    municipality: str,
    act: Act,
    subject: str,
    *,
    private: str = "",
    **told: str | int | None,
) -> None:
    """Write down what the user does, in the transaction in which it is done."""
    told_ = written(told)
    Auditing(seal).write(connection, [Note(municipality, act, subject, micros(_now()), told_, user(), private)])


def tell_when_possible(database: str, act: Act, subject: str, **told: str | int | None) -> None:
    """Write down what was done to the whole database, whatever state it is in.

    Where it cannot be proven yet (an older schema, no key file here) the next hub that starts writes it down.
    """
    with closing(connect(database)) as connection, connection.transaction():
        seal = _seal_there(database) if connection.has_table("audit") else None
        if seal is not None:
            done = Note(EVERY_MUNICIPALITY, act, subject, micros(_now()), written(told), user())
            Auditing(seal).write(connection, [done])
        else:
            untold.leave(connection, Untold(act, subject, micros(_now()), written(told)))


def _seal_there(database: str) -> Seal | None:
    try:
        return Seal(read(key_file(database)))
    except (OSError, ValueError):
        return None


def _now() -> datetime:
    return datetime.now(UTC)
