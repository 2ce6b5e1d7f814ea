"""The order in which bookings arrive, and how they are grouped, never changes what a target should be."""

import random
from contextlib import closing
from itertools import cycle, islice
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.clock import DAY, MINUTE, micros
from hub.model.plan import Ask, TargetKind
from hub.planner.fold import fold
from hub.service.accept.accepting import Accepting
from hub.service.asking.preparing import prepared
from hub.store import configurations
from hub.store.engine.database import Session, connect
from hub.store.seals.sealing import Seal
from tests.builders import SATURDAY, a_booking, a_holder, a_town, occasion, rules
from tests.counts import examples
from tests.databases import Databases
from tests.delivery.harness import TOWN

NOW = micros(SATURDAY) - DAY
SEAL = Seal(bytes(32))
RULES = {strategy: rules(a_town(strategy=strategy)) for strategy in ("per_booking", "per_holder")}
HORIZON = RULES["per_booking"].horizons["locks"]


class Told(NamedTuple):
    """One revision of a booking, as the core sends it."""

    number: int
    revision: int
    status: str
    court: int
    after: int
    minutes: int
    holders: int


one = st.builds(
    Told,
    st.integers(0, 3),
    st.integers(1, 4),
    st.sampled_from(["confirmed", "confirmed", "cancelled", "preliminary"]),
    st.integers(0, 3),
    st.sampled_from([0, 30, 60, 90]),
    st.sampled_from([30, 60, 90]),
    st.integers(0, 2),
)
stories = st.lists(one, min_size=1, max_size=10, unique_by=lambda told: (told.number, told.revision))


def put_all(connection: Session, story: list[Told], groups: list[int], strategy: str) -> None:
    """Accept the story, in groups of these sizes, again and again."""
    accepting, left = Accepting(SEAL), iter(story)
    for size in cycle(groups):
        group = [prepared(booked(told), RULES[strategy], SEAL, now=NOW) for told in islice(left, size)]
        if not group:
            return
        with connection.transaction():
            accepting.accept(connection, group)


def booked(told: Told) -> Any:
    resource = f"hall.court-{told.court}" if told.court else "hall.whole"
    holders = [a_holder(f"Holder {n}") for n in range(told.holders)]
    kept = occasion(resource, after=told.after, minutes=told.minutes, holders=holders)
    return a_booking(f"B-{told.number}", told.revision, status=told.status, occasions=[kept])


def outcome(databases: Databases, story: list[Told], groups: list[int], strategy: str) -> list[Any]:
    """Revisions, claims, uses and folds after the whole story."""
    with databases.empty() as url, closing(connect(url)) as connection:
        configurations.add(connection, TOWN, {}, now=NOW)
        put_all(connection, story, groups, strategy)
        found = [
            connection.rows("SELECT number, revision, status FROM bookings ORDER BY number"),
            connection.rows(
                "SELECT b.number, c.occasion, l.connection, l.key, c.door, c.starts, c.ends, c.level FROM claims c"
                " JOIN lanes l ON l.id = c.lane JOIN bookings b ON b.id = c.booking ORDER BY 1, 2, 3, 4, 5"
            ),
            connection.rows(
                "SELECT b.number, o.resource, o.starts, o.ends FROM occupancy o JOIN bookings b ON b.id = o.booking"
                " ORDER BY 1, 2, 3"
            ),
            folds(connection),
        ]
        require_due_in_time(connection)
        require_unique_codes(connection)
    return found


def claims_on(connection: Session, lane: int) -> list[Ask]:
    rows = connection.rows("SELECT starts, ends, level, door FROM claims WHERE lane = ?", (lane,))
    return [Ask(*row) for row in rows]


def folds(connection: Session) -> dict[tuple[str, int], str]:
    """What each target should be at six moments; those of which nothing is wanted left out."""
    found = {}
    for id_, key, kind in connection.rows("SELECT id, key, kind FROM lanes"):
        for minutes in (-16, 0, 45, 70, 100, 200):
            at = micros(SATURDAY) + minutes * MINUTE
            desired = fold(TargetKind(kind), claims_on(connection, id_), now=at, horizon=HORIZON)
            if desired.wanted:
                found[key, minutes] = desired.state
    return found


def require_due_in_time(connection: Session) -> None:
    for id_, kind, due in connection.rows("SELECT id, kind, due FROM lanes"):
        desired = fold(TargetKind(kind), claims_on(connection, id_), now=NOW, horizon=HORIZON)
        assert due <= (NOW if desired.wanted else desired.next_edge)


def require_unique_codes(connection: Session) -> None:
    """Every credential that is wanted has a code, and no two have the same."""
    wanted = connection.rows(
        "SELECT DISTINCT c.lane, k.hash FROM claims c JOIN lanes l ON l.id = c.lane"
        " LEFT JOIN codes k ON k.lane = c.lane WHERE l.kind = 'credential'"
    )
    hashes = [bytes(hash_) for _, hash_ in wanted]
    assert len(set(hashes)) == len(hashes)


def test_the_order_of_arrival_and_the_groups_never_change_what_should_be(
    databases: Databases,
) -> None:
    groupings = st.lists(st.integers(1, 5), min_size=1, max_size=3)

    @settings(max_examples=databases.examples(examples(60)))
    @given(stories, groupings, st.sampled_from(sorted(RULES)), st.randoms())
    def arrives(story: list[Told], groups: list[int], strategy: str, chance: random.Random) -> None:
        shuffled = chance.sample(story, len(story))
        assert outcome(databases, story, [1], strategy) == outcome(databases, shuffled, groups, strategy)

    arrives()
