"""Pools of spare codes: free ones are given for rungs, and rest afterwards. Times in microseconds."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from hub.model.ladder import SpareState
from hub.store.engine.database import OF_TOWN, Connection


class Spare(NamedTuple):
    """A code of a pool."""

    id: int
    facility: str
    hash: bytes
    sealed: bytes
    state: str
    rung: int | None
    since: int
    missed_at: int | None


_SELECT = f"SELECT id, facility, hash, sealed, state, rung, since, missed_at FROM spare_codes WHERE {OF_TOWN}"
_AMONG_FREE = (
    f"SELECT id FROM spare_codes WHERE {OF_TOWN} AND facility = ? AND state = 'free' AND missed_at IS NULL"
    " ORDER BY since, id LIMIT 1"
)


def take(connection: Connection, municipality: str, facility: str, *, now: int) -> int | None:
    """A code that was free is given, to nobody yet; None when there is none. Whoever else looks passes it by."""
    sql = (
        f"UPDATE spare_codes SET state = '{SpareState.GIVEN}', since = ? WHERE {OF_TOWN} AND state = 'free'"
        f" AND id = ({_AMONG_FREE}{connection.skip_locked}) RETURNING id"
    )
    rows = connection.rows(sql, (now, municipality, municipality, facility))
    return int(rows[0][0]) if rows else None


def belongs(connection: Connection, municipality: str, id_: int, rung: int) -> None:
    """It was given for that rung: part of the transaction that took it."""
    connection.run(f"UPDATE spare_codes SET rung = ? WHERE {OF_TOWN} AND id = ?", (rung, municipality, id_))


def rest(connection: Connection, municipality: str, rung: int, *, now: int) -> None:
    """The rung holds no more; somebody may know its code."""
    sql = (
        f"UPDATE spare_codes SET state = '{SpareState.RESTING}', since = ?"
        f" WHERE {OF_TOWN} AND rung = ? AND state = '{SpareState.GIVEN}'"
    )
    connection.run(sql, (now, municipality, rung))


def free(connection: Connection, municipality: str, id_: int, *, now: int) -> bool:
    """One that rests may be given anew; false when it does not rest."""
    sql = (
        f"UPDATE spare_codes SET state = '{SpareState.FREE}', rung = NULL, since = ?"
        f" WHERE {OF_TOWN} AND id = ? AND state = '{SpareState.RESTING}'"
    )
    return connection.run(sql, (now, municipality, id_)) > 0


def listed(connection: Connection, municipality: str) -> list[Spare]:
    """All of a municipality, by facility."""
    return [Spare(*row) for row in connection.rows(f"{_SELECT} ORDER BY facility, id", (municipality,))]


def with_id(connection: Connection, municipality: str, id_: int) -> Spare | None:
    """One code."""
    rows = connection.rows(f"{_SELECT} AND id = ?", (municipality, id_))
    return Spare(*rows[0]) if rows else None


def of_rungs(connection: Connection, municipality: str, rungs: Iterable[int]) -> dict[int, Spare]:
    """The codes that were given for those rungs and not freed since, by rung."""
    condition, values = connection.among("rung", rungs)
    found = [Spare(*row) for row in connection.rows(f"{_SELECT} AND {condition}", [municipality, *values])]
    return {one.rung: one for one in found if one.rung is not None}


def add(connection: Connection, municipality: str, new: Iterable[tuple[str, bytes, bytes]], *, now: int) -> None:
    """(facility, hash, sealed) of lines that are new: free."""
    connection.each(
        "INSERT INTO spare_codes(municipality, facility, hash, sealed, state, since) VALUES(?, ?, ?, ?, ?, ?)"
        " ON CONFLICT(municipality, facility, hash) DO NOTHING",
        [(municipality, *one, SpareState.FREE, now) for one in new],
    )


def miss(connection: Connection, municipality: str, ids: Collection[int], at: int | None) -> None:
    """Those lines are not in their files from then on; or are there again."""
    sql = f"UPDATE spare_codes SET missed_at = ? WHERE {OF_TOWN} AND id = ?"
    connection.each(sql, [(at, municipality, id_) for id_ in ids])


def forget(connection: Connection, municipality: str, ids: Collection[int]) -> None:
    """Codes that are in no file; not one that somebody has."""
    sql = f"DELETE FROM spare_codes WHERE {OF_TOWN} AND id = ? AND state <> '{SpareState.GIVEN}'"
    connection.each(sql, [(municipality, id_) for id_ in ids])
