"""The history of carryings."""

from collections.abc import Iterable
from typing import NamedTuple

from hub.model.states import Delivery
from hub.store.database import Connection
from hub.store.lanes import Lane


class Carried(NamedTuple):
    """One carrying that ended. Times in microseconds."""

    lane: int
    generation: int
    outcome: str
    proof: str | None
    sent: str | None
    detail: str | None
    at: int


def expire(connection: Connection, lanes: Iterable[Lane], *, now: int) -> None:
    """Report what was tried on those lanes until its time had passed."""
    connection.each(
        "INSERT INTO deliveries(municipality, lane, generation, outcome, at) VALUES(?, ?, ?, ?, ?)",
        [(lane.municipality, lane.id, lane.generation, Delivery.EXPIRED, now) for lane in lanes],
    )


def of_lanes(connection: Connection, municipality: str, lanes: Iterable[int], *, limit: int) -> list[Carried]:
    """What was carried on those lanes, the latest of each, oldest first."""
    found: list[Carried] = []
    for lane in lanes:
        rows = connection.rows(
            "SELECT lane, generation, outcome, proof, sent, detail, at FROM deliveries"
            " WHERE municipality = ? AND lane = ? ORDER BY id DESC LIMIT ?",
            (municipality, lane, limit),
        )
        found += (Carried(*row) for row in rows)
    return sorted(found, key=lambda carried: carried.at)
