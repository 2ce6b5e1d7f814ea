"""Bells between processes on PostgreSQL: rung once for what is committed, and for nothing else."""

import asyncio
import queue
import select
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager

import psycopg
import pytest

from hub.model.plan import TargetKind
from hub.model.states import Delivery
from hub.store import events, lanes, waking
from hub.store.engine import listening
from hub.store.engine.bells import Bell
from hub.store.engine.database import Connection
from hub.store.engine.listening import Listening
from hub.store.engine.postgres import PostgresConnection
from hub.store.engine.writer import Writer
from hub.store.events import Event
from hub.store.lanes import Raise
from tests.counterparts.postgres import Postgres
from tests.counterparts.wire import Cut, Wire

LONGEST_SECONDS = 20
HAPPENED = Event("2480", "t", "B-1", "{}", 0)


def raised(key: str) -> list[Raise]:
    return [Raise("2480", "locks", key, TargetKind.CREDENTIAL, None, 0, Delivery.DUE)]


@pytest.fixture
def url(postgresql_database: str) -> str:
    return postgresql_database


@pytest.fixture
def rung(url: str) -> Iterator[Callable[[], list[str]]]:
    """What is rung up to now, by anybody."""
    with psycopg.connect(url, autocommit=True) as connection:
        for bell in Bell:
            connection.execute(f"LISTEN {bell}".encode())
        connection.execute(b"LISTEN here")

        def told() -> list[str]:
            with psycopg.connect(url, autocommit=True) as other:
                other.execute(b"NOTIFY here")
            found: list[str] = []
            while "here" not in found:
                assert select.select([connection], [], [], LONGEST_SECONDS)[0]
                found += [one.channel for one in connection.notifies(timeout=0)]
            return found[: found.index("here")]

        yield told


def test_what_a_transaction_raises_and_tells_is_rung_once(url: str, rung: Callable[[], list[str]]) -> None:
    with closing(PostgresConnection(url)) as connection:
        with connection.transaction():
            for key in "abc":
                lanes.raise_all(connection, raised(key))
                events.append(connection, [HAPPENED, HAPPENED])
            assert rung() == [], "nothing is committed"
        assert sorted(rung()) == [Bell.EVENTS, Bell.LANES]
        with connection.transaction():
            lanes.take(connection, [lanes.Take("node", 10, 0, 1_000_000)])
            waking.awaken(connection, "2480", [], now=0)
            events.append(connection, [])
        assert rung() == []


def raised_in_vain(connection: PostgresConnection) -> None:
    with connection.transaction():
        lanes.raise_all(connection, raised("a"))
        raise ZeroDivisionError


def test_what_was_undone_rings_nothing_later_either(url: str, rung: Callable[[], list[str]]) -> None:
    with closing(PostgresConnection(url)) as connection:
        with pytest.raises(ZeroDivisionError):
            raised_in_vain(connection)
        with connection.transaction():
            events.append(connection, [HAPPENED])
        assert rung() == [Bell.EVENTS]


def test_what_is_committed_is_done_though_its_bell_cannot_be_rung(
    url: str, monkeypatch: pytest.MonkeyPatch, rung: Callable[[], list[str]]
) -> None:
    """The server keeps a bounded number of them."""

    def work(connection: Connection, items: list[str]) -> list[str]:
        events.append(connection, [HAPPENED])
        return items

    async def story() -> str:
        writer = Writer(url)
        monkeypatch.setattr(writer._connection, "name", "x" * 9000)  # longer than any that is taken
        try:
            return await writer.do(work, "done")
        finally:
            writer.stop()

    assert asyncio.run(story()) == "done"
    assert rung() == []
    with psycopg.connect(url) as connection:
        assert connection.execute(b"SELECT count(*) FROM events").fetchall() == [(1,)]


def test_where_somebody_is_answered_bells_are_rung_with_the_next_commit_or_when_told_to(
    url: str, rung: Callable[[], list[str]]
) -> None:
    with closing(PostgresConnection(url)) as connection:
        connection.answers_first = True
        with connection.transaction():
            events.append(connection, [HAPPENED])
        assert rung() == []
        with connection.transaction():
            lanes.raise_all(connection, raised("a"))
        assert rung() == [Bell.EVENTS]
        connection.ring_out()
        assert rung() == [Bell.LANES]
        connection.ring_out()
        assert rung() == [], "each once"
        with connection.transaction():
            events.append(connection, [HAPPENED])
    assert rung() == [Bell.EVENTS], "also who leaves tells"


def test_a_writer_tells_others_when_it_has_nothing_more_to_do(url: str) -> None:
    def work(connection: Connection, items: list[str]) -> list[str]:
        events.append(connection, [HAPPENED])
        return items

    async def story(ears: Ears) -> None:
        writer = Writer(url)
        try:
            await writer.do(work, "done")
            assert ears.next() == [Bell.EVENTS]
        finally:
            writer.stop()

    with listening_to(url) as ears:
        ears.next(len(Bell))
        asyncio.run(story(ears))


class Ears:
    """What a process hears, in order."""

    def __init__(self) -> None:
        self._heard: queue.SimpleQueue[Bell] = queue.SimpleQueue()
        self.heard = self._heard.put

    def next(self, count: int = 1) -> list[Bell]:
        return [self._heard.get(timeout=LONGEST_SECONDS) for _ in range(count)]


@contextmanager
def listening_to(url: str, **more: Collection[str]) -> Iterator[Ears]:
    ears = Ears()
    made = Listening(url, ears.heard, **more)
    try:
        yield ears
    finally:
        made.stop()


def ring(url: str, bell: Bell, by: str = "another") -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"NOTIFY {bell}, '{by}'".encode())


def test_a_process_hears_others_and_not_itself(url: str) -> None:
    with listening_to(url, but=["itself"]) as ears:
        assert ears.next(len(Bell)) == list(Bell), "for what was rung before it listened"
        ring(url, Bell.LANES, by="itself")
        ring(url, Bell.EVENTS)
        assert ears.next() == [Bell.EVENTS]


def test_a_process_whose_connection_was_lost_hears_again_and_looks_for_all_meanwhile(
    url: str, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "REST_SECONDS", 0.01)
    with Wire(postgres.port, b"LISTEN") as wire:
        wire.cut = Cut.BEFORE
        with listening_to(url.replace(str(postgres.port), str(wire.port))) as ears:
            assert ears.next(len(Bell)) == list(Bell)
            assert wire.cuts == 1, "it was cut off before it listened, and came back"
            end_the_one_that_listens(url)
            assert ears.next(len(Bell)) == list(Bell)
            ring(url, Bell.RULES)
            assert ears.next() == [Bell.RULES]


def end_the_one_that_listens(url: str) -> None:
    sql = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'knutpunkt listening'"
    with psycopg.connect(url, autocommit=True) as connection:
        assert connection.execute(sql.encode()).fetchall() == [(True,)]
