"""When there is something to carry next, asked in one statement: it is asked after all that is carried."""

from typing import NamedTuple

from hub.clock import NEVER
from hub.store.engine.database import Connection, Later

_DUES = (
    f"SELECT (SELECT min(due) FROM lanes WHERE due < {NEVER}), (SELECT min(due) FROM told WHERE due < {NEVER}),"
    f" (SELECT min(due) FROM watches WHERE due < {NEVER})"
)


class Dues(NamedTuple):
    """The next lane, the next digest, the next booking that is watched; microseconds, NEVER where there is none."""

    lanes: int
    told: int
    watches: int


def dues(connection: Connection) -> Dues:
    """What is due next of each."""
    return dues_later(connection)()


def dues_later(connection: Connection) -> Later[Dues]:
    """The same, with what is asked next."""
    rows = connection.rows_later(_DUES)

    def told() -> Dues:
        ((lanes, told, watches),) = rows()
        return Dues(*(NEVER if due is None else int(due) for due in (lanes, told, watches)))

    return told
