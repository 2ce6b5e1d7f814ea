"""The history of carryings."""

from collections.abc import Iterable
from typing import NamedTuple

from hub.clock import NEVER
from hub.model.states import Delivery
from hub.store.engine.database import Connection
from hub.store.lanes import Lane

_FAR_ENOUGH = 20
"""Confirmations of a lane before the end of a claim: each level that it had in that time is one."""


class Carried(NamedTuple):
    """One carrying that ended. Times in microseconds."""

    lane: int
    generation: int
    outcome: str
    proof: str | None
    sent: str | None
    detail: str | None
    at: int


class Stood(NamedTuple):
    """What was known to stand on a lane: from a confirmation to the carrying after it. Microseconds."""

    since: int
    until: int
    state: str | None
    """As it was sent; None: as a look found it, and as it should be just then."""


def expire(connection: Connection, lanes: Iterable[Lane], *, now: int) -> None:
    """Report what was tried on those lanes until its time had passed."""
    connection.each(
        "INSERT INTO deliveries(municipality, lane, generation, outcome, at) VALUES(?, ?, ?, ?, ?)",
        [(lane.municipality, lane.id, lane.generation, Delivery.EXPIRED, now) for lane in lanes],
    )


class Spell(NamedTuple):
    """A part of a lane's history. Microseconds, half open."""

    lane: int
    since: int
    until: int


def of_lanes(connection: Connection, municipality: str, spells: Iterable[Spell], *, limit: int) -> list[Carried]:
    """What was carried on lanes in those spells, the latest of each, oldest first."""
    found: list[Carried] = []
    for spell in spells:
        rows = connection.rows(
            "SELECT lane, generation, outcome, proof, sent, detail, at FROM deliveries"
            " WHERE municipality = ? AND lane = ? AND at >= ? AND at < ? ORDER BY id DESC LIMIT ?",
            (municipality, *spell, limit),
        )
        found += (Carried(*row) for row in reversed(rows))
    return sorted(found, key=lambda carried: carried.at)


def has_expired(connection: Connection, municipality: str, lane: int, *, since: int) -> bool:
    """Whether something on the lane was reported as expired at that moment or later."""
    sql = "SELECT 1 FROM deliveries WHERE municipality = ? AND lane = ? AND at >= ? AND outcome = ? LIMIT 1"
    return bool(connection.rows(sql, (municipality, lane, since, Delivery.EXPIRED)))


def stood(connection: Connection, municipality: str, lane: int, *, before: int) -> list[Stood]:
    """What was confirmed on the lane before a moment, the latest first."""
    after = (
        "SELECT min(n.at) FROM deliveries n"
        " WHERE n.municipality = d.municipality AND n.lane = d.lane AND n.id > d.id AND n.outcome <> ?"
    )
    rows = connection.rows(
        f"SELECT d.at, ({after}), d.sent FROM deliveries d"
        " WHERE d.municipality = ? AND d.lane = ? AND d.at < ? AND d.outcome = ? ORDER BY d.id DESC LIMIT ?",
        (Delivery.EXPIRED, municipality, lane, before, Delivery.CONFIRMED, _FAR_ENOUGH),
    )
    return [Stood(at, NEVER if until is None else until, sent) for at, until, sent in rows]
