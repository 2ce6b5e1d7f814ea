"""The history of carryings."""

from collections.abc import Iterable
from typing import NamedTuple

from hub.store.database import Connection


class Carried(NamedTuple):
    """One carrying that ended. Times in microseconds."""

    lane: int
    generation: int
    outcome: str
    proof: str | None
    sent: str | None
    detail: str | None
    at: int


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
