"""Lanes: raised by accepting, leased by a node, settled with the token that it was leased with."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hub.clock import NEVER
from hub.model.plan import TargetKind
from hub.model.states import Delivery
from hub.store.database import Connection

_RAISE = (
    "INSERT INTO lanes(municipality, connection, key, kind, body, due, delivery) VALUES(?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT(municipality, connection, key) DO UPDATE SET generation = lanes.generation + 1, wanted = 1,"
    " body = coalesce(excluded.body, lanes.body), effect = CASE WHEN lanes.effect = 'removed' THEN 'planned' ELSE lanes.effect END,"
    " due = CASE WHEN excluded.due < lanes.due THEN excluded.due ELSE lanes.due END,"
    " delivery = CASE WHEN excluded.delivery = 'due' OR lanes.delivery IN ('waiting', 'due', 'expired', 'superseded', 'dismissed')"
    " THEN excluded.delivery ELSE lanes.delivery END RETURNING id, generation"
)
_TAKE = (
    "SELECT id, municipality, connection, key, kind, generation, confirmed, effect, token, attempts, owner, look, repairs, body,"
    " wanted, wanted_until, failing_since, problem, proof, due FROM lanes"
    " WHERE due <= ? AND due < ? AND lease_until <= ? ORDER BY due LIMIT ?"
)
_HOLD = (
    "UPDATE lanes SET owner = ?, lease_until = ?, due = ?, token = token + 1,"
    " delivery = CASE WHEN delivery = 'due' THEN 'sending' ELSE delivery END WHERE id = ?"
)


class Raise(NamedTuple):
    """A target whose claims changed; `due` may only be lowered by it. Times in microseconds."""

    municipality: str
    connection: str
    key: str
    kind: TargetKind
    body: str | None
    due: int
    delivery: Delivery


class Lane(NamedTuple):
    """A lane that is ours until the lease ends. `generation` was read before the claims, never after."""

    id: int
    municipality: str
    connection: str
    key: str
    kind: TargetKind
    generation: int
    confirmed: str | None
    effect: str
    token: int
    attempts: int
    taken_over: bool
    look: bool
    repairs: int
    body: str | None
    wanted: bool
    wanted_until: int | None
    failing_since: int | None
    problem: int | None
    proof: str | None
    due: int


class Take(NamedTuple):
    """`now` is the domain clock; how long the lease holds is the database's clock. Microseconds."""

    owner: str
    at_most: int
    now: int
    lease: int


def raise_all(connection: Connection, targets: Sequence[Raise]) -> list[tuple[int, int]]:
    """Raise the generation of targets, making those that are new; gives (id, generation) in order.

    Called once for a whole group with the targets sorted: two groups never wait for each other.
    """
    return [(id_, generation) for id_, generation in connection.each_returning(_RAISE, targets)]


def withdraw(connection: Connection, rows: Iterable[tuple[int, str, int]]) -> None:
    """(due, municipality, id) of records that are wanted no more."""
    connection.each(
        "UPDATE lanes SET wanted = 0, generation = generation + 1, due = ?, delivery = 'due' WHERE municipality = ? AND id = ?", rows
    )


def take(connection: Connection, asked: list[Take]) -> list[list[Lane]]:
    """Lease lanes that are due. While leased, `due` is the lease's end: a dead owner is found by the same query."""
    return [_take(connection, one) for one in asked]


def _take(connection: Connection, asked: Take) -> list[Lane]:
    clock = connection.clock()
    rows = connection.rows(_TAKE, (asked.now, NEVER, clock, asked.at_most))
    until = clock + asked.lease
    connection.each(_HOLD, [(asked.owner, until, asked.now + asked.lease, row[0]) for row in rows])
    return [_lane(row) for row in rows]


def _lane(row: Sequence[object]) -> Lane:
    id_, town, connection, key, kind, generation, confirmed, effect, token, attempts, owner, look, repairs, body, wanted, *rest = row
    return Lane(
        id_, town, connection, key, TargetKind(kind), generation, confirmed, effect, token + 1, attempts, owner is not None,  # type: ignore[arg-type,operator]
        bool(look), repairs, body, bool(wanted), *rest,  # type: ignore[arg-type]
    )  # fmt: skip


def next_due(connection: Connection) -> int:
    """When the next lane is due; NEVER when none is."""
    ((due,),) = connection.rows("SELECT min(due) FROM lanes WHERE due < ?", (NEVER,))
    return NEVER if due is None else int(due)


class Settled(NamedTuple):
    """How a carrying ended. `quiet`: microseconds in which nobody may take the lane, for an unanswered call may still land.

    `quiet` is not `due`: an accept lowers that.
    """

    lane: Lane
    outcome: Delivery
    effect: str
    due: int
    now: int
    state: str | None = None
    """What now stands there, as far as is known."""
    proof: str | None = None
    sent: str | None = None
    detail: str | None = None
    reference: str | None = None
    quiet: int = 0
    look: bool = False
    repairs: int = 0
    problem: int | None = None
    wanted_until: int | None = None
    told: bool = True
    """Whether it is worth a row in the history."""


_SETTLE = (
    "UPDATE lanes SET owner = NULL, lease_until = ?, attempts = ?, confirmed = ?, effect = ?, delivery = ?, proof = ?, detail = ?,"
    " reference = coalesce(?, reference), due = ?, look = ?, repairs = ?, problem = ?, wanted_until = ?,"
    " confirmed_at = CASE WHEN ? THEN ? ELSE confirmed_at END, failing_since = CASE WHEN ? THEN coalesce(failing_since, ?) END"
    " WHERE municipality = ? AND id = ?"
)
_CONFESS = "UPDATE lanes SET generation = generation + 1, confirmed = NULL, due = 0, delivery = 'due' WHERE municipality = ? AND id = ?"
_TOLD = "INSERT INTO deliveries(municipality, lane, generation, outcome, proof, sent, detail, at) VALUES(?, ?, ?, ?, ?, ?, ?, ?)"


def settle(connection: Connection, done: Sequence[Settled]) -> list[bool]:
    """Write the outcomes of lanes that are still ours; for one that is not, confess: its owner must send and read again.

    In order of id, as accepting does: both hold several rows of this table at once. Says which were ours.
    """
    condition, values = connection.among("id", sorted(s.lane.id for s in done))
    current = {
        id_: (token, generation, due)
        for id_, token, generation, due in connection.rows(f"SELECT id, token, generation, due FROM lanes WHERE {condition}", values)
    }
    ours = [current[s.lane.id][0] == s.lane.token for s in done]
    clock = connection.clock()
    ordered = sorted(zip(done, ours, strict=True), key=lambda pair: pair[0].lane.id)
    connection.each(_SETTLE, [_row(s, clock, current[s.lane.id]) for s, mine in ordered if mine])
    connection.each(_CONFESS, [(s.lane.municipality, s.lane.id) for s, mine in ordered if not mine and s.told])
    connection.each(_TOLD, [_told(s) for s, mine in ordered if mine and s.told])
    return ours


def _row(done: Settled, clock: int, current: tuple[int, int, int]) -> tuple[object, ...]:
    """Something newer came while we sent: due at once, and what stands there is not trusted."""
    lane, retried = done.lane, done.outcome is Delivery.RETRYING
    newer = current[1] != lane.generation
    state, due, outcome = done.state, done.due, done.outcome
    if newer:
        due = done.due if retried else done.now
        state, outcome = (state, outcome) if retried else (None if done.told else state, Delivery.DUE)
    confirmed, failing = outcome is Delivery.CONFIRMED, outcome in {Delivery.RETRYING, Delivery.STUCK}
    return (
        clock + done.quiet if done.quiet else 0, lane.attempts + 1 if retried else 0, state, done.effect, outcome, done.proof,
        done.detail, done.reference, due, done.look, done.repairs, done.problem, done.wanted_until, confirmed, done.now, failing,
        done.now, lane.municipality, lane.id,
    )  # fmt: skip


def _told(done: Settled) -> tuple[object, ...]:
    lane = done.lane
    return (lane.municipality, lane.id, lane.generation, done.outcome, done.proof, done.sent, done.detail, done.now)
