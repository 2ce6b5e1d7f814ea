"""Lanes: raised by accepting, leased by a node, settled with the token that it was leased with."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from hub.clock import NEVER, SECOND
from hub.model.plan import TARGET_KINDS, TargetKind
from hub.model.states import Delivery, Effect
from hub.store.engine.bells import Bell
from hub.store.engine.database import Connection, Row
from hub.store.engine.many import Columns

_RAISE = (
    "INSERT INTO lanes(municipality, connection, key, kind, body, due, delivery, wanted) VALUES(?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT(municipality, connection, key) DO UPDATE SET generation = lanes.generation + 1,"
    " wanted = excluded.wanted, kind = excluded.kind,"
    " body = coalesce(excluded.body, lanes.body), effect = CASE WHEN lanes.effect = 'removed' THEN 'planned' ELSE"
    " lanes.effect END,"
    " due = CASE WHEN excluded.due < lanes.due THEN excluded.due ELSE lanes.due END,"
    " delivery = CASE WHEN excluded.delivery = 'due' OR lanes.delivery IN ('waiting', 'expired',"
    " 'superseded', 'dismissed')"
    " THEN excluded.delivery ELSE lanes.delivery END RETURNING id, generation, municipality, connection, key"
)
LANE = (
    "id, municipality, connection, key, kind, generation, confirmed, effect, token, attempts, owner IS NOT NULL,"
    " look, repairs, body, wanted, wanted_until, failing_since, problem, proof, due"
)
"""The columns of a `Lane`."""
_TAKE = f"SELECT {LANE} FROM lanes WHERE due <= ? AND due < {NEVER} AND lease_until <= {{}}{{}} ORDER BY due LIMIT ?"
_PLACE = "municipality || '/' || connection"
_HOLD = "UPDATE lanes SET owner = ?, lease_until = {} + ?, due = ?, token = token + 1, delivery = 'sending' WHERE "


class Raise(NamedTuple):
    """A target whose claims changed; `due` may only be lowered by it. Times in microseconds."""

    municipality: str
    connection: str
    key: str
    kind: TargetKind
    body: str | None
    due: int
    delivery: Delivery
    wanted: int = 1
    """0 for a record that is wanted no more."""


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
    look: int
    """How often a look was asked for: who carries the lane sees whether it was asked again meanwhile."""
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
    full: tuple[tuple[str, str], ...] = ()
    """(municipality, connection) of which this node has enough in hand, or no share."""
    crowded: tuple[str, ...] = ()
    """Municipalities of which it has enough in hand, whatever is due there."""
    lanes_only: bool = False
    """Whether more lanes are known to be due, and what else may be was looked for a moment ago."""


def raise_all(connection: Connection, targets: Sequence[Raise]) -> list[tuple[int, int]]:
    """Raise the generation of targets, making those that are new; gives (id, generation) in order.

    Called once for a whole group with the targets sorted: two groups never wait for each other.
    """
    connection.ring(Bell.LANES)
    rows = connection.all_returning(_RAISE, targets)
    found = {tuple(place): (id_, generation) for id_, generation, *place in rows}
    return [found[one[:3]] for one in targets]


def take(connection: Connection, asked: list[Take]) -> list[list[Lane]]:
    """Lease lanes that are due. While leased, `due` is the lease's end: a dead owner is found by the same query."""
    return [_take(connection, one) for one in asked]


def _take(connection: Connection, asked: Take) -> list[Lane]:
    clock, moment = connection.clock_now()
    full = _none_of(connection, _PLACE, ["/".join(place) for place in asked.full])
    crowded = _none_of(connection, "municipality", asked.crowded)
    sql = _TAKE.format(clock, full[0] + crowded[0]) + connection.skip_locked
    rows = connection.rows(sql, (asked.now, *moment, *full[1], *crowded[1], asked.at_most))
    if rows:
        condition, ids = connection.among("id", [row[0] for row in rows])
        held = [asked.owner, *moment, asked.lease, asked.now + asked.lease, *ids]
        connection.each(_HOLD.format(clock) + condition, [held])
    return sorted([read(row, taken=1) for row in rows], key=_in_turn)


def _in_turn(lane: Lane) -> tuple[int, int]:
    """Of what is due at one moment the oldest first, as far as it is taken together: a debt before what lowers it."""
    return lane.due, lane.id


def _none_of(connection: Connection, column: str, values: Sequence[str]) -> tuple[str, list[Any]]:
    """One more condition, that the column is none of the values, and what to bind for it."""
    if not values:
        return "", []
    of, bound = connection.among(column, values)
    return f" AND NOT ({of})", bound


def read(row: Row, *, taken: int = 0) -> Lane:
    """A lane, of a row of `LANE`; `taken_over` says whether anybody has it; `taken`: how often since it was read."""
    id_, town, name, key, kind, generation, confirmed, effect, token, *rest = row
    return Lane(id_, town, name, key, TARGET_KINDS[kind], generation, confirmed, effect, token + taken, *rest)


class Settled(NamedTuple):
    """How a carrying ended, as columns. `quiet`: microseconds in which nobody may take the lane: a call may still land.

    `quiet` is not `due`: an accept lowers that.
    """

    lane: Lane
    outcome: Delivery
    effect: str
    due: int
    now: int
    state: str | None
    proof: str | None
    sent: str | None
    detail: str | None
    reference: str | None
    quiet: int
    attempts: int
    look: bool
    repairs: int
    problem: int | None
    wanted_until: int | None
    told: bool
    proven: bool


_ENDED: Columns = (
    ("municipality", "text"), ("lane", "bigint"), ("lease_until", "bigint"), ("attempts", "bigint"),
    ("confirmed", "text"), ("effect", "text"), ("delivery", "text"), ("proof", "text"), ("keeps", "bigint"),
    ("detail", "text"), ("reference", "text"), ("due", "bigint"), ("look", "bigint"), ("repairs", "bigint"),
    ("problem", "bigint"), ("wanted_until", "bigint"), ("proven", "bigint"), ("fails", "bigint"), ("at", "bigint"),
)  # fmt: skip
_SETTLE = (
    "UPDATE lanes SET owner = NULL, lease_until = v.lease_until, attempts = v.attempts, confirmed = v.confirmed,"
    " effect = v.effect, delivery = v.delivery, proof = v.proof,"
    " detail = CASE WHEN v.keeps <> 0 THEN lanes.detail ELSE v.detail END,"
    " reference = coalesce(v.reference, lanes.reference), due = v.due, look = v.look, repairs = v.repairs,"
    " problem = v.problem, wanted_until = v.wanted_until,"
    " confirmed_at = CASE WHEN v.proven <> 0 THEN v.at ELSE lanes.confirmed_at END,"
    " failing_since = CASE WHEN v.fails <> 0 THEN coalesce(lanes.failing_since, v.at) END"
    " FROM v WHERE lanes.municipality = v.municipality AND lanes.id = v.lane"
)
_CONFESS = (
    "UPDATE lanes SET generation = generation + 1, confirmed = '?', due = 0, delivery = 'due'"
    " WHERE municipality = ? AND id = ?"
)
_CURRENT = (
    "SELECT id, token, generation, look, confirmed, detail, problem FROM lanes"
    " WHERE {} ORDER BY municipality, connection, key{}"
)
_DUE, _SOON = _ENDED.index(("due", "bigint")), SECOND // 4
"""Where a row for `_SETTLE` has it, and how near it is worth telling whoever waits: he looks as often by himself."""
_TOLD = (
    "INSERT INTO deliveries(municipality, lane, generation, outcome, proof, sent, detail, at)"
    " VALUES(?, ?, ?, ?, ?, ?, ?, ?)"
)


def current(connection: Connection, ids: Iterable[int]) -> dict[int, "Current"]:
    """Those lanes as they are, and stay until this transaction ends; held in the order in which accepting does."""
    condition, values = connection.among("id", ids)
    rows = connection.rows(_CURRENT.format(condition, connection.for_update), values)
    return {row[0]: Current(*row[1:]) for row in rows}


def settle(connection: Connection, done: Sequence[Settled], current: Mapping[int, "Current"]) -> list[bool]:
    """Write the outcomes of lanes that are still ours; for one that is not, confess: its owner must send again.

    Says which were ours.
    """
    ours = [current[s.lane.id].token == s.lane.token for s in done]
    clock = connection.clock() if any(s.quiet for s in done) else 0
    ordered = sorted(zip(done, ours, strict=True), key=lambda pair: pair[0].lane.id)
    rows = [(s, _row(s, clock, current[s.lane.id])) for s, mine in ordered if mine]
    confessed = [(s.lane.municipality, s.lane.id) for s, mine in ordered if not mine and s.told]
    connection.change(_SETTLE, _ENDED, [row for _, row in rows])
    connection.each(_CONFESS, confessed)
    if confessed or any(row[_DUE] <= s.now + _SOON for s, row in rows):
        connection.ring(Bell.LANES)
    connection.each(_TOLD, [_told(s) for s, mine in ordered if mine and s.told and not _again(s, current[s.lane.id])])
    return ours


class Current(NamedTuple):
    """What a settle must know of the lane as it is now."""

    token: int
    generation: int
    look: int
    confirmed: str | None
    detail: str | None
    problem: int | None
    """Behind which it waits; another than when it was taken, where that one explained its own meanwhile."""


def _again(done: Settled, current: Current) -> bool:
    """Whether it failed as it had failed before, or differs as it did, and nothing was sent: history has that."""
    failed = done.outcome is Delivery.RETRYING and done.lane.attempts > 0
    differs = done.outcome is Delivery.DUE
    return (failed or differs) and done.sent is None and current.detail == done.detail


def _row(done: Settled, clock: int, current: Current) -> tuple[Any, ...]:
    """Something newer came while we sent: due at once, and what stands there is not trusted.

    Nor is it when another has confessed, though we only looked: its write may have landed after.
    """
    lane = done.lane
    newer, retried = current.generation != lane.generation, done.outcome is Delivery.RETRYING and done.attempts > 0
    state, due, outcome = done.state, done.due, done.outcome
    if newer and not retried:
        due, outcome = done.now, Delivery.DUE
        state = state if done.sent is None and current.confirmed != "?" else "?"
    asked_meanwhile = current.look > lane.look
    due = min(due, done.now) if asked_meanwhile else due
    confirmed, failing = outcome is Delivery.CONFIRMED, outcome in {Delivery.RETRYING, Delivery.STUCK}
    failing = failing or done.problem is not None  # behind a gate that is shut, too
    return (
        lane.municipality,
        lane.id,
        clock + done.quiet if done.quiet else 0,
        done.attempts,
        state,
        done.effect,
        outcome,
        done.proof,
        int(not done.told and outcome in _UNDONE),
        done.detail,
        done.reference,
        due,
        int(done.look or asked_meanwhile),
        done.repairs,
        done.problem,
        done.wanted_until,
        int(confirmed and done.proven),
        int(failing),
        done.now,
    )


_UNDONE = frozenset({Delivery.DUE, Delivery.RETRYING})
"""What was put off: what went wrong last still stands there to be read."""


def _told(done: Settled) -> tuple[object, ...]:
    """A row of history: clearing away what has expired is itself confirmed, though its lane rests as expired.

    What was set by hand is told as that: the carrying is at its end, and nothing of ours is confirmed.
    """
    lane, outcome = done.lane, Delivery.CONFIRMED if done.outcome is Delivery.EXPIRED else done.outcome
    told = Effect.OVERRIDDEN if done.effect == Effect.OVERRIDDEN else outcome
    return (lane.municipality, lane.id, lane.generation, told, done.proof, done.sent, done.detail, done.now)


class Near(NamedTuple):
    """Another record of a booking. `in_hand`: somebody has it; `in_doubt`: nobody knows whether it was done."""

    id: int
    key: str
    effect: str
    wanted: bool
    due: int
    in_hand: bool
    in_doubt: bool


def records_between(
    connection: Connection, municipality: str, name: str, low: str, high: str, *, but: int
) -> list[Near]:
    """The records between two keys."""
    rows = connection.rows(
        "SELECT id, key, effect, wanted, due, owner IS NOT NULL, coalesce(confirmed, '') = '?' FROM lanes WHERE"
        " municipality = ? AND connection = ? AND key > ? AND key < ? AND kind = 'record' AND id <> ?",
        (municipality, name, low, high, but),
    )
    return [Near(*row) for row in rows]


def count_between(connection: Connection, municipality: str, name: str, low: str, high: str) -> int:
    """How many lanes have a key between two."""
    sql = "SELECT count(*) FROM lanes WHERE municipality = ? AND connection = ? AND key > ? AND key < ?"
    ((count,),) = connection.rows(sql, (municipality, name, low, high))
    return int(count)


class Standing(NamedTuple):
    """How much of ours there is, or may be, in a connection's system."""

    connection: str
    targets: int
    records: int
    """That have not gone out."""
    first: str
    """The key of one of them."""


_STANDS = (
    "SELECT connection, sum(CASE WHEN kind = 'record' THEN 0 ELSE 1 END), sum(CASE WHEN kind = 'record' THEN 1 ELSE 0"
    " END), min(key) FROM lanes WHERE municipality = ? AND delivery <> 'dismissed' AND (owner IS NOT NULL OR"
    " (kind <> 'record' AND confirmed IS NOT NULL AND confirmed NOT IN (?, ?)) OR"
    " (kind = 'record' AND wanted = 1 AND effect = 'planned' AND delivery <> 'expired')) AND "
)


def standing(connection: Connection, municipality: str, names: Iterable[str], rest: tuple[str, str]) -> list[Standing]:
    """Connections with anything of ours; `rest`: how what is at rest is confirmed."""
    condition, values = connection.among("connection", names)
    sql = f"{_STANDS}{condition} GROUP BY connection ORDER BY connection"
    rows = connection.rows(sql, [municipality, *rest, *values])
    return [Standing(name, int(targets), int(records), key) for name, targets, records, key in rows]
