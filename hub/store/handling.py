"""Lanes that an operator has tried again, or gives up."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from hub.model.states import Delivery
from hub.store.engine.bells import Bell
from hub.store.engine.database import Connection

_AGAIN = (
    "UPDATE lanes SET due = ?, delivery = 'due', repairs = 0, confirmed = CASE WHEN problem IN (SELECT id FROM problems"
    " WHERE code = 'unknown-outcome') THEN NULL ELSE confirmed END, problem = NULL WHERE municipality = ? AND"
)
"""A person who has asked knows what the hub did not: a record of unknown outcome is sent again."""


def retry_problem(connection: Connection, municipality: str, problem: int, *, now: int) -> int:
    """What waits behind a problem is tried again, with a fresh start. Gives how many."""
    connection.ring(Bell.LANES)
    return connection.run(f"{_AGAIN} problem = ?", (now, municipality, problem))


def retry(connection: Connection, municipality: str, ids: Iterable[int], states: Collection[str], *, now: int) -> int:
    """Those lanes are tried again, if they are still in one of the states. Gives how many."""
    connection.ring(Bell.LANES)
    (mine, values), (still, stands) = connection.among("id", ids), connection.among("delivery", states)
    return connection.run(f"{_AGAIN} {mine} AND {still}", [now, municipality, *values, *stands])


def at_hand(
    connection: Connection, municipality: str, ids: Iterable[int], states: Collection[str]
) -> dict[int, int | None]:
    """The problem of each of those lanes that is still in one of the states, and that nobody carries just now."""
    (mine, values), (still, stands) = connection.among("id", ids), connection.among("delivery", states)
    rows = connection.rows(
        f"SELECT id, problem FROM lanes WHERE municipality = ? AND owner IS NULL AND {mine} AND {still}",
        [municipality, *values, *stands],
    )
    return dict(rows)


class GivenUp(NamedTuple):
    """A lane that is carried no more until `due`, when something else may be wanted there. Microseconds."""

    municipality: str
    id: int
    generation: int
    effect: str
    due: int
    detail: str
    at: int


def dismiss(connection: Connection, lanes: Iterable[GivenUp]) -> None:
    """Give lanes up, and keep in their history why."""
    given_up = list(lanes)
    connection.each(
        "UPDATE lanes SET delivery = 'dismissed', effect = ?, due = ?, detail = ?, look = 0, problem = NULL,"
        " failing_since = NULL WHERE municipality = ? AND id = ?",
        [(one.effect, one.due, one.detail, one.municipality, one.id) for one in given_up],
    )
    connection.each(
        "INSERT INTO deliveries(municipality, lane, generation, outcome, detail, at) VALUES(?, ?, ?, ?, ?, ?)",
        [(o.municipality, o.id, o.generation, Delivery.DISMISSED, o.detail, o.at) for o in given_up],
    )
