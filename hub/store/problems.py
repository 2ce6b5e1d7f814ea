"""Problems: one open row for each cause; lanes that wait behind it point at it."""

from collections.abc import Iterable
from typing import NamedTuple

from hub.model.events import EventType
from hub.store import events
from hub.store.engine.database import Connection
from hub.store.events import Event


class Cause(NamedTuple):
    """What stops deliveries: the same code and cause on a connection is the same problem."""

    code: str
    cause: str
    """Empty where the connection itself is the cause; else the system's words, without secrets or names."""


class Problem(NamedTuple):
    """One cause, since when, and how many wait behind it. Times in microseconds; `until` None while it lasts."""

    id: int
    municipality: str
    connection: str
    code: str
    cause: str
    detail: str
    since: int
    until: int | None
    waiting: int


_OPEN = (
    "INSERT INTO problems(municipality, connection, code, cause, detail, since) VALUES(?, ?, ?, ?, ?, ?)"
    " ON CONFLICT(municipality, connection, code, cause) WHERE until IS NULL DO UPDATE SET"
    " detail = CASE WHEN excluded.detail = '' THEN problems.detail ELSE excluded.detail END"
    " RETURNING id"
)
_IS_OPEN = (
    "SELECT 1 FROM problems WHERE municipality = ? AND connection = ? AND code = ? AND cause = ? AND until IS NULL"
)
_LIST = (
    "SELECT p.id, p.municipality, p.connection, p.code, p.cause, p.detail, p.since, p.until,"
    " (SELECT count(*) FROM lanes l WHERE l.problem = p.id) FROM problems p WHERE p.municipality = ?"
)


def open_(connection: Connection, municipality: str, name: str, cause: Cause, *, detail: str, now: int) -> int:
    """Make the cause known, once; gives the problem's id. The first time an event tells."""
    known = connection.rows(_IS_OPEN, (municipality, name, *cause))
    ((id_,),) = connection.all_returning(_OPEN, [(municipality, name, *cause, detail, now)])
    if not known:
        events.append(
            connection,
            [Event(municipality, EventType.PROBLEM_STARTED, name, f'{{"problem":{id_},"code":"{cause.code}"}}', now)],
        )
    return int(id_)


def tell_again(connection: Connection, municipality: str, name: str, id_: int, code: str, *, now: int) -> None:
    """An open problem has become more urgent: an event tells."""
    told = f'{{"problem":{id_},"code":"{code}"}}'
    events.append(connection, [Event(municipality, EventType.PROBLEM_ESCALATED, name, told, now)])


def absorb(connection: Connection, municipality: str, name: str, code: str, into: int, *, now: int) -> None:
    """One cause explains the others of the same code: what waits behind them waits behind it, and they end.

    Not what somebody settles just now: it is told its own cause, and its problem ends when nothing waits behind it.
    """
    sql = (
        "SELECT id, since FROM problems"
        " WHERE municipality = ? AND connection = ? AND code = ? AND id <> ? AND until IS NULL"
    )
    behind = f"SELECT id FROM lanes WHERE municipality = ? AND problem = ?{connection.skip_locked}"
    for id_, since in connection.rows(sql, (municipality, name, code, into)):
        connection.run(f"UPDATE lanes SET problem = ? WHERE id IN ({behind})", (into, municipality, id_))
        close(connection, [id_], now=now)
        connection.run("UPDATE problems SET since = ? WHERE id = ? AND since > ?", (since, into, since))


def close(connection: Connection, ids: Iterable[int], *, now: int, even_waiting: bool = False) -> None:
    """End problems behind which nothing waits any more."""
    for id_ in ids:
        still = "" if even_waiting else " AND NOT EXISTS (SELECT 1 FROM lanes WHERE problem = problems.id)"
        ended = f"UPDATE problems SET until = ? WHERE id = ? AND until IS NULL{still}"
        sql = f"{ended} RETURNING municipality, connection, code"
        for municipality, name, code in connection.rows(sql, (now, id_)):
            told = f'{{"problem":{id_},"code":"{code}"}}'
            events.append(connection, [Event(municipality, EventType.PROBLEM_ENDED, name, told, now)])


def close_of(
    connection: Connection,
    municipality: str,
    name: str,
    codes: Iterable[str],
    *,
    now: int,
    even_waiting: bool = True,
) -> None:
    """End the connection's problems of these codes; whatever waits behind them, unless told otherwise."""
    condition, values = connection.among("code", codes)
    sql = f"SELECT id FROM problems WHERE municipality = ? AND connection = ? AND until IS NULL AND {condition}"
    ids = [id_ for (id_,) in connection.rows(sql, [municipality, name, *values])]
    close(connection, ids, now=now, even_waiting=even_waiting)


def close_cause(connection: Connection, municipality: str, name: str, cause: Cause, *, now: int) -> None:
    """End one cause's problem, if it is open."""
    sql = (
        "SELECT id FROM problems WHERE municipality = ? AND connection = ? AND code = ? AND cause = ? AND until IS NULL"
    )
    rows = connection.rows(sql, (municipality, name, *cause))
    close(connection, [id_ for (id_,) in rows], now=now, even_waiting=True)


def causes(
    connection: Connection, municipality: str, name: str, codes: Iterable[str], *, ended: bool = False
) -> set[Cause]:
    """The causes of the connection's open problems of these codes; or of those that have ended."""
    condition, values = connection.among("code", codes)
    which = "NOT NULL" if ended else "NULL"
    sql = f"SELECT code, cause FROM problems WHERE municipality = ? AND connection = ? AND until IS {which}"
    return {Cause(*row) for row in connection.rows(f"{sql} AND {condition}", [municipality, name, *values])}


def open_of(connection: Connection, code: str) -> list[tuple[str, str, Cause]]:
    """(municipality, connection, cause) of all open problems of a code."""
    sql = "SELECT municipality, connection, cause FROM problems WHERE until IS NULL AND code = ?"
    return [(town, name, Cause(code, cause)) for town, name, cause in connection.rows(sql, (code,))]


def listed(connection: Connection, municipality: str, *, ended: bool = False) -> list[Problem]:
    """The open problems, the oldest first; or those that have ended, the latest first."""
    which = (
        " AND p.until IS NOT NULL ORDER BY p.until DESC LIMIT 100" if ended else " AND p.until IS NULL ORDER BY p.since"
    )
    return [Problem(*row) for row in connection.rows(_LIST + which, (municipality,))]


def find(connection: Connection, municipality: str, id_: int) -> Problem | None:
    """One problem, open or ended."""
    rows = connection.rows(_LIST + " AND p.id = ?", (municipality, id_))
    return Problem(*rows[0]) if rows else None
