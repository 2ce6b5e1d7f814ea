"""Applications: kept with their documents, shown to the booking core, emptied when somebody is protected."""

from typing import NamedTuple

from hub.store.engine.database import Connection


class Applied(NamedTuple):
    """An application; see the table."""

    municipality: str
    key: str
    connection: str
    source_id: str
    form: str
    completes: int
    acknowledged: int
    erased: int
    sealed: bytes


_FIELDS = ", ".join(Applied._fields)
_ADD = f"INSERT INTO applications({_FIELDS}) VALUES({', '.join('?' * len(Applied._fields))})"


def add(connection: Connection, one: Applied) -> None:
    """Keep it."""
    connection.run(_ADD, one)


def find(connection: Connection, municipality: str, key: str) -> Applied | None:
    """The application whose document has that key."""
    rows = connection.rows(
        f"SELECT {_FIELDS} FROM applications WHERE municipality = ? AND key = ?", (municipality, key)
    )
    if not rows:
        return None
    found = Applied(*rows[0])
    return found._replace(sealed=bytes(found.sealed))


def erase(connection: Connection, municipality: str, key: str, nothing: bytes) -> None:
    """Leave nothing of what was told in it; harmless where it is none."""
    sql = "UPDATE applications SET erased = 1, sealed = ? WHERE municipality = ? AND key = ? AND erased = 0"
    connection.run(sql, (nothing, municipality, key))
