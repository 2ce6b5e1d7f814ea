"""The lanes of one municipality that stand: all of them asked for a look, and how they stood before and after."""

from collections.abc import Iterable
from typing import NamedTuple

from hub.store.engine.bells import Bell
from hub.store.engine.database import Connection

_STANDING = "kind <> 'record' AND effect IN ('standing', 'overridden', 'removing', 'lost')"

_LOOKED_AT = "delivery NOT IN ('stuck', 'dismissed')"


class Looked(NamedTuple):
    """A lane, as far as a look matters to it. `look`: not looked at yet."""

    id: int
    connection: str
    key: str
    effect: str
    delivery: str
    proof: str | None
    generation: int
    confirmed: str | None
    look: bool
    repairs: int
    detail: str | None


_COLUMNS = "id, connection, key, effect, delivery, proof, generation, confirmed, look, repairs, detail"


def ask(connection: Connection, municipality: str, *, now: int) -> list[Looked]:
    """Have all that stands looked at soon, but for what is stuck or given up; gives how it stood."""
    connection.ring(Bell.LANES)
    stood = connection.rows(f"SELECT {_COLUMNS} FROM lanes WHERE municipality = ? AND {_STANDING}", (municipality,))
    connection.run(
        "UPDATE lanes SET look = look + 1, due = CASE WHEN due > ? AND owner IS NULL THEN ? ELSE due END"
        f" WHERE municipality = ? AND {_STANDING} AND {_LOOKED_AT}",
        (now, now, municipality),
    )
    return [Looked(*row) for row in stood]


def unseen(connection: Connection, municipality: str) -> bool:
    """Whether any of those that stand is still to be looked at."""
    sql = f"SELECT 1 FROM lanes WHERE municipality = ? AND look > 0 AND {_STANDING} AND {_LOOKED_AT} LIMIT 1"
    return bool(connection.rows(sql, (municipality,)))


def after(connection: Connection, municipality: str, ids: Iterable[int]) -> dict[int, Looked]:
    """How those lanes stand."""
    condition, values = connection.among("id", ids)
    rows = connection.rows(
        f"SELECT {_COLUMNS} FROM lanes WHERE municipality = ? AND {condition}", [municipality, *values]
    )
    return {row[0]: Looked(*row) for row in rows}


def latest(connection: Connection) -> int:
    """The newest carrying."""
    ((id_,),) = connection.rows("SELECT coalesce(max(id), 0) FROM deliveries")
    return int(id_)


def sent_since(connection: Connection, municipality: str, id_: int) -> set[int]:
    """The lanes to which something was sent after that carrying."""
    sql = "SELECT DISTINCT lane FROM deliveries WHERE municipality = ? AND id > ? AND sent IS NOT NULL"
    return {int(lane) for (lane,) in connection.rows(sql, (municipality, id_))}
