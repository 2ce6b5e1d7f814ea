"""What slots know of bookings, and what waits for a digest, on both databases."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from hub.clock import NEVER
from hub.service.telling import news
from hub.store import lanes, told
from hub.store.dues import dues
from hub.store.engine.database import Connection, Session, connect
from hub.store.engine.migrating import migrate
from hub.store.told import Due, Learnt, Row

OURS, THEIRS = "2480", "2482"


@pytest.fixture
def session(url: str) -> Iterator[Session]:
    migrate(url)
    with closing(connect(url)) as made:
        yield made


def wished(connection: Connection, *rows: tuple[str, str, int], town: str = OURS, slot: str = "office") -> None:
    """(number, wish, due)."""
    told.wish(connection, [(town, number, slot, wish, "mail", due) for number, wish, due in rows])


def test_what_is_learnt_is_kept_and_replaced_and_seen_by_nobody_else(session: Session) -> None:
    with session.transaction():
        told.learn(session, [(OURS, Learnt("B-1", "office", "a")), (THEIRS, Learnt("B-1", "office", "b"))])
        told.learn(session, [(OURS, Learnt("B-1", "office", "c")), (OURS, Learnt("B-1", "guard", "d"))])
    assert told.states(session, OURS, "office", ["B-1", "B-2"]) == {"B-1": "c"}
    assert told.states(session, THEIRS, "office", ["B-1"]) == {"B-1": "b"}
    assert dues(session).told == NEVER


def test_news_wait_no_later_than_those_before_them_and_are_taken_once(session: Session) -> None:
    with session.transaction():
        wished(session, ("B-1", "1:", 500), ("B-2", "1:", 500))
        wished(session, ("B-1", "2:", 900))
        wished(session, ("B-9", "1:", 500), town=THEIRS)
        wished(session, ("B-1", "1:", 400), slot="guard")
    assert dues(session).told == 400
    assert told.due(session, now=499) == [Due(OURS, "mail", "guard", 400)]
    assert len(told.due(session, now=500)) == 3
    office = Due(OURS, "mail", "office", 500)
    with session.transaction():
        assert told.take(session, office) == [("B-1", "2:"), ("B-2", "1:")]
        assert told.take(session, office) == []
    assert [row for row in told.of_bookings(session, OURS, ["B-1"]) if row.slot == "office"] == [
        Row("B-1", "office", None, "2:", "mail", NEVER)
    ]


def test_what_was_learnt_keeps_what_waits_and_the_other_way_round(session: Session) -> None:
    with session.transaction():
        wished(session, ("B-1", "1:", 500))
        told.learn(session, [(OURS, Learnt("B-1", "office", "a"))])
        wished(session, ("B-1", "2:", 700))
    assert told.of_bookings(session, OURS, ["B-1"]) == [Row("B-1", "office", "a", "2:", "mail", 500)]
    with session.transaction():
        told.forgo(session, [(OURS, "B-1", "office")])
    assert told.of_bookings(session, OURS, ["B-1"]) == [Row("B-1", "office", "a", "2:", "mail", NEVER)]


def test_a_digest_is_made_of_its_news_and_another_of_the_same_time_beside_it(session: Session) -> None:
    for _ in range(2):
        with session.transaction():
            wished(session, ("B-1", "1:", 0), ("B-2", "1:", 0))
            wished(session, ("B-3", "1:", 0), slot="office.hall:sms")
        with session.transaction():
            news.form(session, now=10)
            news.form(session, now=10)
    low, high = "digest.", "digest/"
    keys = [one.key for one in lanes.records_between(session, OURS, "mail", low, high, but=0)]
    assert sorted(keys) == [
        "digest.office.1970-01-01T0100.0001",
        "digest.office.1970-01-01T0100.0002",
        "digest.office:hall:sms.1970-01-01T0100.0001",
        "digest.office:hall:sms.1970-01-01T0100.0002",
    ]
    assert dues(session).told == NEVER


def test_a_transaction_that_is_broken_off_has_made_none(session: Session) -> None:
    with session.transaction():
        wished(session, ("B-1", "1:", 0))

    def broken_off() -> None:
        with session.transaction():
            news.form(session, now=10)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        broken_off()
    assert dues(session).told == 0
    assert dues(session).lanes == NEVER
