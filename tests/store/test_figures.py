"""What is counted over all municipalities, in both databases."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest

from hub.clock import HOUR, NEVER
from hub.store import figures, subscriptions
from hub.store.engine.database import Session, connect
from hub.store.engine.measured import MeasuredWriter

NOW = 100 * HOUR


@pytest.fixture
def connection(url: str) -> Iterator[Session]:
    with closing(connect(url)) as made:
        yield made


def insert(connection: Session, table: str, /, **values: Any) -> int:
    names = ", ".join(["municipality", *values])
    sql = f"INSERT INTO {table}({names}) VALUES({', '.join('?' * (len(values) + 1))}) RETURNING id"
    ((id_,),) = connection.all_returning(sql, [(values.pop("town", "2480"), *values.values())])
    return int(id_)


def lane(connection: Session, key: str, /, **values: Any) -> int:
    kind = values.pop("kind", "dim")
    return insert(connection, "lanes", connection="c", key=key, kind=kind, **({"due": NEVER} | values))


def invoice(connection: Session, key: str, /, *, at: int, **values: Any) -> None:
    of = lane(connection, key, kind="record", **values)
    told = {"kind": "invoice", "account": "a", "connection": "c", "state": "formed", "sealed": b"", "net": 1, "vat": 0}
    insert(connection, "invoices", key=key, lane=of, rounding=0, at=at, **told)


def test_the_oldest_that_is_due_is_found_by_municipality(connection: Session) -> None:
    lane(connection, "later", due=NOW + 1)
    assert figures.urgent(connection, NOW).due == {}
    lane(connection, "first", due=NOW - HOUR)
    lane(connection, "second", due=NOW)
    assert figures.urgent(connection, NOW).due == {"2480": NOW - HOUR}


def test_open_problems_are_counted_by_what_they_are(connection: Session) -> None:
    for cause, until in (("a", None), ("b", None), ("c", NOW)):
        about = {"connection": "c", "code": "rejected", "detail": "", "since": 0}
        insert(connection, "problems", cause=cause, until=until, **about)
    assert figures.urgent(connection, NOW).problems == [("2480", "rejected", 2)]


def test_lanes_are_counted_with_the_oldest_revoke_that_fails(connection: Session) -> None:
    for key, since in (("a", 7), ("b", 5)):
        lane(connection, key, effect="removing", delivery="retrying", failing_since=since)
    lane(connection, "c", effect="standing", delivery="retrying", failing_since=1)
    assert sorted(figures.whole(connection).lanes) == [
        ("2480", "dim", "removing", "retrying", 2, 5),
        ("2480", "dim", "standing", "retrying", 1, None),
    ]


def test_the_oldest_invoice_that_has_not_gone_out_is_found(connection: Session) -> None:
    invoice(connection, "done", at=1, effect="done")
    invoice(connection, "withdrawn", at=2, wanted=0)
    invoice(connection, "dismissed", at=3, delivery="dismissed")
    assert figures.whole(connection).invoices == {}
    invoice(connection, "stuck", at=5, delivery="stuck")
    invoice(connection, "due", at=6, due=0)
    assert figures.whole(connection).invoices == {"2480": 5}


def test_rows_that_nobody_understands_are_counted(connection: Session) -> None:
    for number, state in enumerate(("quarantined", "done", "quarantined", "dismissed")):
        about = {"connection": "c", "version": b"", "place": "", "sealed": b"", "at": 0}
        insert(connection, "intake", source=bytes([number]), state=state, **about)
    assert figures.whole(connection).quarantined == {"2480": 2}


def test_events_wait_from_the_feed_to_the_last_posting(connection: Session) -> None:
    first = insert(connection, "events", type="t", subject="a", body="{}", at=10)
    one = subscriptions.add(connection, "2480", "core", url="u", secrets=b"", now=0)
    other = subscriptions.add(connection, "2480", "paused", url="u", secrets=b"", now=0)
    subscriptions.set_paused(connection, *other.place, "caller")
    insert(connection, "events", type="t", subject="b", body="{}", at=20)
    assert figures.whole(connection).waiting == [("2480", 1, 20)]
    insert(connection, "postings", subscription=one.id, event=first, subject="a", due=0, born=0)
    assert sorted(figures.whole(connection).waiting) == [("2480", 1, 10), ("2480", 1, 20)]


def test_a_write_that_stays_open_holds_the_feed_back(postgresql_database: str) -> None:
    with closing(connect(postgresql_database)) as connection:
        assert figures.urgent(connection, NOW).held_back is None
        with psycopg.connect(postgresql_database) as other:
            other.execute("INSERT INTO installation(name, value) VALUES('a', 'b')")
            assert figures.urgent(connection, NOW).held_back is None, "nothing newer was written yet"
            connection.run("INSERT INTO installation(name, value) VALUES('c', 'd')")
            held = figures.urgent(connection, NOW).held_back
            assert held is not None
            assert figures.urgent(connection, NOW).held_back == held
        assert figures.urgent(connection, NOW).held_back is None


def test_of_each_transaction_is_told_how_much_shared_it(url: str) -> None:
    told: list[tuple[int, float]] = []

    def work(_connection: object, items: list[str]) -> list[str]:
        if "bad" in items:
            raise ValueError
        return items

    async def story() -> None:
        writer = MeasuredWriter(url, lambda size, seconds: told.append((size, seconds)))
        try:
            await asyncio.gather(*(writer.do(work, item) for item in ("a", "b", "bad")), return_exceptions=True)
        finally:
            writer.stop()

    asyncio.run(story())
    assert [size for size, _ in told] == [1, 1], "together they failed, and were tried alone"
    assert all(0 < seconds < 60 for _, seconds in told)
