"""What only PostgreSQL asks of the store: lost connections, others that write too, and what a server may be."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from enum import StrEnum
from typing import Any

import psycopg
import pytest

from hub.errors import RefusedError
from hub.store.engine import driver, messages
from hub.store.engine import postgres as store
from hub.store.engine.bells import Bell
from hub.store.engine.database import AgainError, AwayError, Connection, Row, connect, shown
from hub.store.engine.lists import Texts, Wholes
from hub.store.engine.migrating import migrate, ready
from hub.store.engine.postgres import PostgresConnection
from hub.store.engine.writer import Readers, Writer
from tests.counterparts.network import HALF_OPEN, Network
from tests.counterparts.postgres import Postgres
from tests.counterparts.wire import Cut, Wire
from tests.store.waiting import until_it_waits_for_a_lock

INSERT = "INSERT INTO events(municipality, type, subject, body, at) VALUES('2480', 't', ?, '', 0)"


class Word(StrEnum):
    YES = "yes"


@pytest.fixture
def url(postgresql_database: str) -> str:
    return postgresql_database


@pytest.fixture
def connection(url: str) -> Iterator[PostgresConnection]:
    with closing(PostgresConnection(url)) as made:
        yield made


def stored(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [subject for (subject,) in connection.execute("SELECT subject FROM events ORDER BY id")]


def add(connection: Connection, subjects: list[str]) -> list[str]:
    connection.each(INSERT, [(subject,) for subject in subjects])
    return subjects


# ---- the surface


def test_a_question_mark_within_a_text_is_no_mark(connection: PostgresConnection) -> None:
    assert connection.rows("SELECT '?', ?, '%', 'it''s ?'", ("a",)) == [("?", "a", "%", "it's ?")]


def test_values_are_what_they_are_in_sqlite(connection: PostgresConnection) -> None:
    asked = "SELECT ? + 1, ? + 0, ?, ? = 'yes', ? = ?"
    assert connection.rows(asked, (1 << 61, True, None, Word.YES, b"\x00", b"\x00")) == [
        ((1 << 61) + 1, 1, None, True, True)
    ]


@pytest.mark.parametrize("many", [0, 1, 2, 700])
def test_many_rows_are_inserted_in_their_order(many: int, connection: PostgresConnection) -> None:
    rows = [("2480", "t", f"{place}", "" if place % 2 else "{}", place) for place in range(many)]
    sql = "INSERT INTO events(municipality, type, subject, body, at) VALUES(?, ?, ?, ?, ?)"
    connection.each(sql, rows)
    assert connection.rows("SELECT municipality, type, subject, body, at FROM events ORDER BY id") == rows
    returned = connection.all_returning(f"{sql} RETURNING at, id", rows)
    assert [at for at, _ in sorted(returned, key=lambda row: row[1])] == list(range(many))


def test_rows_with_nothing_in_a_column_are_inserted(connection: PostgresConnection) -> None:
    sql = "INSERT INTO codes(lane, municipality, domain, hash, starts, ends, method, sealed, made_at) VALUES({})"
    rows = [(lane, "2480", "locks", bytes([lane]), 0, True, Word.YES, b"", 0) for lane in range(3)]
    connection.each(sql.format(", ".join("?" * 9)), rows)
    assert connection.rows("SELECT hash, ends, method FROM codes ORDER BY lane") == [
        (bytes([lane]), 1, "yes") for lane in range(3)
    ]
    empty = [("2480", name, None, None) for name in "abc"]
    connection.each("INSERT INTO connections(municipality, name, paused, paused_at) VALUES(?, ?, ?, ?)", empty)
    assert connection.rows("SELECT municipality, name, paused, paused_at FROM connections ORDER BY name") == empty


@pytest.mark.parametrize(
    "numbers, texts",
    [
        ([], []),
        ([None], [None]),
        ([1 << 62, -1, True], ["", "å", Word.YES]),
        ([None, 0, False, None], ["a", None, "{NULL}", None]),
    ],
)
def test_lists_of_numbers_and_of_texts_arrive_as_they_are(
    numbers: list[int | None], texts: list[str | None], connection: PostgresConnection
) -> None:
    sent = Wholes(numbers), Texts(texts)
    assert connection.rows("SELECT ?::bigint[], ?::text[]", sent) == [(numbers, texts)]


@pytest.mark.parametrize("values", [[], ["a"], ["a", "c", "å"]])
def test_rows_are_found_among_values(values: list[str], connection: PostgresConnection) -> None:
    connection.each(INSERT, [(subject,) for subject in "abcå"])
    condition, bound = connection.among("subject", values)
    assert connection.rows(f"SELECT subject FROM events WHERE {condition} ORDER BY id", bound) == [(v,) for v in values]  # noqa: S608


def test_what_is_asked_later_is_as_it_stood_between_what_was_done_before_and_after(
    connection: PostgresConnection,
) -> None:
    count = "SELECT count(*) FROM events"
    with connection.transaction():
        add(connection, ["a"])
        then = connection.rows_later(count)
        add(connection, ["b"])
        assert connection.rows(count) == [(2,)]
        assert then() == [(1,)]
        last = connection.rows_later(count)
        add(connection, ["c"])
        assert last() == [(2,)], "also when nothing else is asked"
    assert connection.rows_later(count)() == [(3,)], "and outside of a transaction"


def test_what_a_transaction_does_without_asking_goes_in_one_message(url: str, postgres: Postgres) -> None:
    with Wire(postgres.port, b"") as wire:
        through = url.replace(str(postgres.port), str(wire.port))
        with closing(PostgresConnection(through)) as connection:
            with connection.transaction():
                for subject in "abc":
                    add(connection, [subject])
            whole = next(told for told in wire.told if b"BEGIN" in told)
            assert whole.count(b"INSERT INTO events") == len("abc"), whole
            assert b"COMMIT" in whole
    assert stored(url) == ["a", "b", "c"]


def test_a_question_of_lists_is_planned_once_by_who_writes(connection: PostgresConnection) -> None:
    for number in range(20):
        connection.rows("SELECT 1 FROM bookings WHERE municipality = ? AND number = ANY(?)", ("2480", [f"B-{number}"]))
    planned = (
        "SELECT generic_plans > 0, custom_plans FROM pg_prepared_statements WHERE statement LIKE '%FROM bookings%'"
    )
    assert connection.rows(planned) == [(True, 0)]


def test_what_was_to_be_prepared_in_a_message_that_failed_is_prepared_with_the_next(
    connection: PostgresConnection,
) -> None:
    def fail() -> None:
        with connection.transaction():
            connection.rows_later("SELECT 1 / ?", (0,))
            connection.rows("SELECT ? || 'b'", ("a",))

    for _ in range(5):
        with pytest.raises(psycopg.errors.DivisionByZero):
            fail()
    assert connection.rows("SELECT ? || 'b'", ("a",)) == [("ab",)]
    assert connection.rows("SELECT 1 / ?", (1,)) == [(1,)]


def test_what_was_asked_longest_ago_makes_room_for_what_is_prepared(
    connection: PostgresConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "_MOST", 3)
    for _ in range(4):
        for n in range(5):
            assert connection.rows(f"SELECT ? + {n}", (1,)) == [(1 + n,)]
    ((kept,),) = connection.rows("SELECT count(*) FROM pg_prepared_statements")
    assert kept == 3


def test_a_value_of_no_known_type_is_refused_before_anything_is_sent(connection: PostgresConnection) -> None:
    def ask() -> None:
        with connection.transaction():
            add(connection, ["a"])
            connection.rows("SELECT ?", (object(),))

    with pytest.raises(psycopg.ProgrammingError):
        ask()
    with connection.transaction():
        add(connection, ["b"])
    assert connection.rows("SELECT subject FROM events") == [("b",)]


def test_what_fails_with_its_commit_through_no_fault_of_its_own_is_to_be_run_again(
    url: str, connection: PostgresConnection
) -> None:
    add(connection, ["a"])
    with closing(PostgresConnection(url)) as other, other.transaction():
        other.rows("SELECT 1 FROM events FOR UPDATE")
        with pytest.raises(AgainError):
            change_with_commit(connection)
    change_with_commit(connection)
    assert stored(url) == ["b"]


def change_with_commit(connection: PostgresConnection) -> None:
    with connection.transaction():
        connection.run("SET LOCAL lock_timeout = '10ms'")
        connection.each("UPDATE events SET subject = ?", [("b",)])


# ---- what is lost, and what comes back


def working(url: str, *subjects: str, between: Callable[[], None] = lambda: None) -> list[str]:
    """Have the subjects stored, one after the other; something happens before the last."""
    ran: list[str] = []

    def work(connection: Connection, items: list[str]) -> list[str]:
        ran.extend(items)
        return add(connection, items)

    async def story() -> None:
        writer = Writer(url)
        try:
            for place, subject in enumerate(subjects, 1):
                if place == len(subjects):
                    between()
                await writer.do(work, subject)
        finally:
            writer.stop()

    asyncio.run(story())
    return ran


def test_a_commit_that_did_not_arrive_is_done_once_more(url: str, postgres: Postgres) -> None:
    with Wire(postgres.port, b"COMMIT") as wire:
        through = url.replace(str(postgres.port), str(wire.port))
        ran = working(through, "a", "b", between=lambda: setattr(wire, "cut", Cut.BEFORE))
        assert wire.cuts == 1
    assert ran == ["a", "b", "b"]
    assert stored(url) == ["a", "b"]


def test_a_commit_whose_answer_was_lost_is_not_done_twice(url: str, postgres: Postgres) -> None:
    with Wire(postgres.port, b"COMMIT") as wire:
        through = url.replace(str(postgres.port), str(wire.port))
        ran = working(through, "a", "b", between=lambda: setattr(wire, "cut", Cut.AFTER))
        assert wire.cuts == 1
    assert ran == ["a", "b"]
    assert stored(url) == ["a", "b"]


def test_what_is_known_with_the_answer_of_a_commit_that_was_lost_is_asked_once_more(
    url: str, postgres: Postgres
) -> None:
    asked = []

    def work(connection: Connection, items: list[str]) -> Callable[[], list[int]]:
        asked.extend(items)
        counted = connection.rows_later("SELECT count(*) FROM events")
        return lambda: [count for (count,) in counted()] * len(items)

    def serving(connection: Connection, items: list[str]) -> Callable[[], list[int]]:
        counted = connection.rows_later("SELECT count(*) FROM events")
        return lambda: [count for (count,) in counted()] * len(items)

    def ringing(connection: Connection, items: list[str]) -> list[str]:
        connection.ring(Bell.LANES)
        return add(connection, items)

    async def story() -> tuple[int, object, object]:
        writer = Writer(through)
        try:
            await writer.do(add, "a")
            wire.cut = Cut.AFTER
            told = await writer.do(work, "asked")
            stands = writer.stand_by(serving, "lanes")
            wire.cut = Cut.AFTER
            added = await writer.do(ringing, "b")
            return told, added, await stands
        finally:
            writer.stop()

    with Wire(postgres.port, b"COMMIT") as wire:
        through = url.replace(str(postgres.port), str(wire.port))
        assert asyncio.run(story()) == (1, "b", None)
        assert wire.cuts == 2
    assert asked == ["asked", "asked"]
    assert stored(url) == ["a", "b"], "and what is told at once is done once"


def test_a_network_that_swallows_everything_is_given_up_and_nothing_is_lost_or_done_twice(
    url: str, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "SILENCE_SECONDS", 0.3)
    with Network(postgres.port, seed=1) as network:
        through = url.replace(str(postgres.port), str(network.port))

        def swallows() -> None:
            network.odds = HALF_OPEN
            threading.Timer(0.2, setattr, (network, "odds", {})).start()

        ran = working(through, "a", "b", between=swallows)
        assert network.met > 0
    assert ran[:2] == ["a", "b"]
    assert stored(url) == ["a", "b"]


def test_a_reader_gives_up_a_network_that_swallows_everything(
    url: str, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "SILENCE_SECONDS_READING", 0.3)
    with Network(postgres.port, seed=1) as network:
        through = url.replace(str(postgres.port), str(network.port))
        with closing(connect(through, read_only=True)) as reading:
            network.odds = HALF_OPEN
            with pytest.raises(AgainError, match="has not answered"), reading.snapshot():
                pass
            network.odds = {}
            with reading.snapshot():
                assert reading.rows("SELECT 1") == [(1,)]


def end_all_others(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_a_writer_whose_session_was_ended_goes_on(url: str) -> None:
    working(url, "a", "b", between=lambda: end_all_others(url))
    assert stored(url) == ["a", "b"]


def test_a_connection_that_is_lost_again_as_it_comes_back_comes_back_once_more(
    url: str, connection: PostgresConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, rows = [], PostgresConnection.rows

    def lost_once(self: PostgresConnection, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        asked.append(sql)
        if len(asked) == 1:
            self.raw.close()
        return rows(self, sql, values)

    end_all_others(url)
    with pytest.raises(AgainError), connection.transaction():
        connection.rows("SELECT 1")
    monkeypatch.setattr(PostgresConnection, "rows", lost_once)
    with connection.transaction():
        assert connection.rows("SELECT 2") == [(2,)]
    assert len(asked) == 3, "what was left is ended twice, for it was not known the first time"


def test_readers_whose_sessions_were_ended_go_on(url: str) -> None:
    async def story() -> list[list[tuple[object, ...]]]:
        readers = Readers(url, threads=1)
        try:
            asked = [await readers.read(lambda c: c.rows("SELECT 1"))]
            end_all_others(url)
            return [*asked, await readers.read(lambda c: c.rows("SELECT 2"))]
        finally:
            readers.stop()

    assert asyncio.run(story()) == [[(1,)], [(2,)]]


def killed_and_started(server: Postgres) -> None:
    server.kill()
    server.start()


def test_what_was_accepted_is_there_after_the_server_was_killed() -> None:
    with Postgres() as server:
        url = server.database()
        migrate(url)
        working(url, "a", "b", between=lambda: killed_and_started(server))
        assert stored(url) == ["a", "b"]


def test_work_is_told_when_the_database_stays_away_and_done_when_it_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "PATIENCE_SECONDS", 0.3)

    async def story(server: Postgres, url: str) -> None:
        writer, readers = Writer(url), Readers(url, threads=1)
        try:
            await writer.do(add, "a")
            server.stop()
            asked = [writer.do(add, "b"), writer.do(add, "c"), readers.read(lambda c: c.rows("SELECT 1"))]
            assert [type(one) for one in await asyncio.gather(*asked, return_exceptions=True)] == [AwayError] * 3
            server.start()
            await writer.do(add, "d")
        finally:
            writer.stop()
            readers.stop()

    with Postgres() as server:
        url = server.database()
        migrate(url)
        asyncio.run(story(server, url))
        assert stored(url) == ["a", "d"]
        server.stop()
        with pytest.raises(AwayError, match="Connection refused"):
            connect(url)


def test_a_node_that_stands_still_in_a_transaction_holds_its_locks_no_longer(url: str) -> None:
    hasty = f"{url}?options=-c%20idle_in_transaction_session_timeout%3D100ms"
    tried: list[int] = []

    def slow_once(connection: Connection, subjects: list[str]) -> list[str]:
        add(connection, subjects)
        if not tried:
            tried.append(1)
            threading.Event().wait(1)
            connection.run("UPDATE events SET at = 1")
        return subjects

    async def story() -> None:
        writer = Writer(hasty)
        try:
            await writer.do(slow_once, "a")
        finally:
            writer.stop()

    asyncio.run(story())
    assert stored(url) == ["a"]


def go_on_after_a_fault(connection: PostgresConnection) -> None:
    connection.run(INSERT, ("a",))
    with pytest.raises(psycopg.errors.DivisionByZero):
        connection.rows("SELECT 1 / 0")


def test_work_that_goes_on_after_a_statement_failed_is_not_told_as_done(connection: PostgresConnection) -> None:
    with pytest.raises(psycopg.errors.InFailedSqlTransaction), connection.transaction():
        go_on_after_a_fault(connection)
    with connection.transaction():
        connection.run(INSERT, ("b",))
    assert connection.rows("SELECT subject FROM events") == [("b",)]


def test_a_connection_takes_its_mark_along(url: str, connection: PostgresConnection) -> None:
    working(url, "a")
    assert connection.rows("SELECT name FROM installation") == []


# ---- others that write too


def crossing(url: str, pair: tuple[str, str], met: threading.Barrier) -> int:
    """Change two rows in this order, when another has the one that comes second; gives how often it was tried."""
    first, second = pair
    tries = 0

    def work(connection: Connection, _items: list[None]) -> list[None]:
        nonlocal tries
        tries += 1
        for subject in (first, second):
            connection.run("UPDATE events SET at = at + 1 WHERE subject = ?", (subject,))
            if tries == 1 and subject == first:
                met.wait(20)
        return [None]

    async def story() -> None:
        writer = Writer(url)
        try:
            await writer.do(work, None)
        finally:
            writer.stop()

    asyncio.run(story())
    return tries


def test_of_two_that_wait_for_each_other_one_is_done_once_more(url: str, connection: PostgresConnection) -> None:
    connection.each(INSERT, [("a",), ("b",)])
    met, tries = threading.Barrier(2), list[int]()
    threads = [
        threading.Thread(target=lambda pair=pair: tries.append(crossing(url, pair, met)))
        for pair in (("a", "b"), ("b", "a"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sum(tries) > 2
    assert connection.rows("SELECT at FROM events ORDER BY id") == [(2,), (2,)]


def test_who_holds_a_place_is_waited_for_and_those_who_share_it_are_not(
    url: str, connection: PostgresConnection
) -> None:
    order: list[str] = []

    def other(take: Callable[[PostgresConnection], None], name: str) -> threading.Thread:
        def run() -> None:
            with closing(PostgresConnection(url)) as mine, mine.transaction():
                take(mine)
                mine.clock()  # whoever holds asks something next, and waits there
                order.append(name)

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    with connection.transaction():
        connection.hold([], share=["here"])
        connection.clock()
        other(lambda mine: mine.hold([], share=["here"]), "shares").join(20)
        other(lambda mine: mine.hold(["elsewhere"]), "elsewhere").join(20)
        waits = other(lambda mine: mine.hold(["there", "here"]), "holds")
        until_it_waits_for_a_lock(url, "pg_advisory_xact_lock")
        order.append("ends")
    waits.join(20)
    assert order == ["shares", "elsewhere", "ends", "holds"]


def test_only_places_that_nobody_holds_are_taken_at_once(url: str, connection: PostgresConnection) -> None:
    with closing(PostgresConnection(url)) as other, other.transaction(), connection.transaction():
        assert other.hold_free(["a", "b"])() == {"a", "b"}
        assert connection.hold_free(["b", "c"])() == {"c"}
        assert connection.hold_free(["c"])() == {"c"}, "its own"


def test_a_deadlock_that_comes_again_and_again_is_told(connection: PostgresConnection) -> None:
    with pytest.raises(AgainError), connection.transaction():
        raise psycopg.errors.DeadlockDetected("deadlock detected")


# ---- what a server may be


def test_a_commit_is_on_disk_whatever_the_server_says(connection: PostgresConnection) -> None:
    assert connection.rows("SHOW synchronous_commit") == [("on",)]
    assert connection.rows("SHOW idle_in_transaction_session_timeout") == [("5s",)]


def test_a_database_in_another_encoding_is_refused_with_what_to_do(postgres: Postgres) -> None:
    url = postgres.database("ENCODING 'LATIN1'")
    with pytest.raises(RefusedError, match=r"is in LATIN1.*CREATE DATABASE .* ENCODING 'UTF8'") as caught:
        ready(url)
    assert caught.value.code == "database-unfit"


def test_keys_are_sorted_as_in_code_whatever_the_database_was_made_for(postgres: Postgres) -> None:
    url = postgres.database("LOCALE_PROVIDER icu ICU_LOCALE 'sv-SE'")
    migrate(url)
    numbers = ["Ö-1", "a-1", "Å-1", "B-1", "b-1", "A-1", "B 1", "B-10", "é"]
    with closing(PostgresConnection(url)) as connection:
        connection.each(INSERT, [(number,) for number in numbers])
        found = connection.rows("SELECT subject FROM events ORDER BY subject")
        above = connection.rows("SELECT subject FROM events WHERE subject > ? ORDER BY subject", ("a",))
    assert [number for (number,) in found] == sorted(numbers)
    assert [number for (number,) in above] == sorted(number for number in numbers if number > "a")


@pytest.mark.parametrize(
    "url, told",
    [
        ("postgresql://hub:pa55@db.example:5432/hub?sslmode=require", "postgresql://hub:***@db.example:5432/hub?sslmode=require"),
        ("postgresql:///hub?host=/run&password=pa55&user=hub", "postgresql:///hub?host=/run&password=***&user=hub"),
        ("postgresql://db.example:5432/hub", "postgresql://db.example:5432/hub"),
        ("sqlite:///hub.db", "sqlite:///hub.db"),
    ],
)  # fmt: skip
def test_an_address_is_shown_without_its_password(url: str, told: str) -> None:
    assert shown(url) == told
