"""Group commit: a bad item costs itself only, nobody is answered before COMMIT, and order of arrival decides."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, closing
from typing import Any, TypeVar

import psycopg
import pytest

from hub.store.engine.bells import Bell
from hub.store.engine.database import Connection, Later, NoRoomError, connect, is_postgresql
from hub.store.engine.postgres import PostgresConnection
from hub.store.engine.writer import Readers, Writer
from tests.store.waiting import until_it_waits_for_a_lock

Result = TypeVar("Result")
INSERT = "INSERT INTO events(municipality, type, subject, body, at) VALUES('2480', 't', ?, '', 0)"


def running(story: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    return asyncio.run(story())


def store(connection: Connection, subjects: list[str]) -> list[int]:
    """Store one row each; those called bad are refused."""
    connection.each(INSERT, [(subject,) for subject in subjects])
    if "bad" in subjects:
        raise ValueError("bad")
    return [len(subjects)] * len(subjects)


def other_work(connection: Connection, subjects: list[str]) -> list[str]:
    connection.each(INSERT, [(subject,) for subject in subjects])
    return [f"other {subject}" for subject in subjects]


def told_with_commit(connection: Connection, subjects: list[str]) -> Later[list[int]]:
    """Store one row each, and tell how many there were then, as the answer to COMMIT tells it."""
    connection.each(INSERT, [(subject,) for subject in subjects])
    counted = connection.rows_later("SELECT count(*) FROM events")
    return lambda: [count for (count,) in counted()] * len(subjects)


def stored(url: str) -> list[str]:
    connection = connect(url, read_only=True)
    rows = connection.rows("SELECT subject FROM events ORDER BY id")
    connection.close()
    return [subject for (subject,) in rows]


@asynccontextmanager
async def grouped(url: str, *, cap: int = 400, behind: int = 32) -> AsyncIterator[tuple[Writer, threading.Event]]:
    """A writer that is kept busy until the event is set, so that what comes meanwhile is one group."""
    writer, go_on, busy = Writer(url, cap=cap, behind=behind), threading.Event(), threading.Event()

    def wait(_connection: Connection) -> None:
        busy.set()
        go_on.wait(20)

    held = asyncio.create_task(writer.call(wait))
    await asyncio.to_thread(busy.wait, 20)
    try:
        yield writer, go_on
    finally:
        go_on.set()
        await held
        writer.stop()


async def arriving(writer: Writer, *subjects: str, behind: bool = False) -> list[asyncio.Task[int]]:
    tasks = [asyncio.create_task(writer.do(store, subject, behind=behind)) for subject in subjects]
    await asyncio.sleep(0)  # they ask
    return tasks


def test_what_is_known_with_the_answer_to_commit_is_told_to_each(url: str) -> None:
    async def story() -> list[int]:
        async with grouped(url) as (writer, go_on):
            waiting = [asyncio.create_task(writer.do(told_with_commit, subject)) for subject in "abc"]
            await asyncio.sleep(0)
            go_on.set()
            return await asyncio.gather(*waiting)

    assert running(story) == [3, 3, 3]


def test_what_waits_shares_one_commit_in_order_of_arrival(url: str) -> None:
    async def story() -> list[int]:
        async with grouped(url) as (writer, go_on):
            tasks = await arriving(writer, *"abcde")
            go_on.set()
            return await asyncio.gather(*tasks)

    assert running(story) == [5] * 5
    assert stored(url) == list("abcde")


def test_a_bad_item_costs_itself_only(url: str) -> None:
    async def story() -> list[int | BaseException]:
        async with grouped(url) as (writer, go_on):
            tasks = await arriving(writer, "a", "bad", "c")
            go_on.set()
            return await asyncio.gather(*tasks, return_exceptions=True)

    first, bad, third = running(story)
    assert (first, third) == (1, 1), "each was tried alone"
    assert isinstance(bad, ValueError)
    assert stored(url) == ["a", "c"]


def test_a_bad_item_of_one_work_costs_no_other_work(url: str) -> None:
    async def story() -> tuple[object, object]:
        async with grouped(url) as (writer, go_on):
            bad = asyncio.create_task(writer.do(store, "bad"))
            good = asyncio.create_task(writer.do(other_work, "good"))
            await asyncio.sleep(0)
            go_on.set()
            return await asyncio.gather(bad, good, return_exceptions=True)

    told = running(story)
    assert isinstance(told[0], ValueError)
    assert told[1] == "other good"
    assert stored(url) == ["good"]


def test_nobody_is_answered_before_the_commit(sqlite_database: str) -> None:
    told: list[tuple[str, bool]] = []

    async def story() -> None:
        async with grouped(sqlite_database) as (writer, go_on):
            (task,) = await arriving(writer, "a")
            raw = writer._connection.raw  # type: ignore[attr-defined]
            raw.set_trace_callback(lambda sql: told.append((sql.split()[0], task.done())))
            go_on.set()
            await task
            assert stored(sqlite_database) == ["a"]

    running(story)
    assert ("COMMIT", False) in told
    assert not any(done for word, done in told if word in {"BEGIN", "INSERT", "COMMIT"})


def test_nobody_is_answered_while_the_commit_still_waits(postgresql_database: str) -> None:
    url = postgresql_database

    async def story() -> None:
        async with grouped(url) as (writer, go_on):
            (task,) = await arriving(writer, "a")
            with psycopg.connect(url) as other:
                other.execute("SELECT name FROM installation FOR UPDATE")
                go_on.set()
                await asyncio.to_thread(until_it_waits_for_a_lock, url, "INSERT INTO installation")
                await asyncio.sleep(0)
                assert not task.done()
                assert stored(url) == []
            assert await task == 1
            assert stored(url) == ["a"]

    running(story)


def test_a_full_disk_is_told_as_that_to_all_that_waited_and_nothing_of_it_is_there(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*_: object) -> None:
        raise psycopg.errors.DiskFull("could not extend file")

    def fill(writer: Writer) -> None:
        if is_postgresql(url):
            monkeypatch.setattr(PostgresConnection, "each", full_disk)
        else:
            writer._connection.rows("PRAGMA max_page_count=1")  # which is never less than there are

    async def story() -> list[int | BaseException]:
        async with grouped(url) as (writer, go_on):
            tasks = await arriving(writer, "a" * 5000, "b" * 5000)
            await asyncio.sleep(0)
            fill(writer)
            go_on.set()
            return await asyncio.gather(*tasks, return_exceptions=True)

    told = running(story)
    assert [one.code for one in told if isinstance(one, NoRoomError)] == ["no-room"] * 2
    assert stored(url) == []


def test_a_group_has_a_largest_size(url: str) -> None:
    async def story() -> list[int]:
        async with grouped(url, cap=3) as (writer, go_on):
            tasks = await arriving(writer, *"abcdefg")
            go_on.set()
            return await asyncio.gather(*tasks)

    assert running(story) == [3, 3, 3, 3, 3, 3, 1]
    assert stored(url) == list("abcdefg")


def test_what_comes_in_bulk_lets_others_go_first_and_keeps_its_own_order(url: str) -> None:
    async def story() -> list[int]:
        async with grouped(url, behind=2) as (writer, go_on):
            bulk = await arriving(writer, *"vwxyz", behind=True)
            others = await arriving(writer, *"abc")
            go_on.set()
            return await asyncio.gather(*others, *bulk)

    assert running(story) == [5, 5, 5, 5, 5, 2, 2, 1], "the others are not held up by more than two of the bulk"
    assert stored(url) == list("abcvwxyz")


def test_bulk_comes_along_however_much_else_there_is(url: str) -> None:
    async def story() -> list[int]:
        async with grouped(url, cap=2, behind=1) as (writer, go_on):
            bulk = await arriving(writer, *"xyz", behind=True)
            others = await arriving(writer, *"abcdef")
            go_on.set()
            return await asyncio.gather(*others, *bulk)

    assert running(story) == [3] * 9
    assert stored(url) == list("abxcdyefz")


def test_stopping_finishes_what_comes_in_bulk_too(url: str) -> None:
    async def story() -> None:
        writer = Writer(url, behind=1)
        tasks = await arriving(writer, *"xyz", behind=True)
        await asyncio.to_thread(writer.stop)
        await asyncio.gather(*tasks)

    running(story)
    assert stored(url) == list("xyz")


def test_who_no_longer_waits_keeps_nobody_from_an_answer(url: str) -> None:
    async def story() -> tuple[int, int]:
        async with grouped(url) as (writer, go_on):
            first, second, third = await arriving(writer, *"abc")
            second.cancel()
            go_on.set()
            return await first, await third

    assert running(story) == (3, 3)
    assert stored(url) == list("abc"), "what was asked for is done"


def test_stopping_finishes_what_waits(url: str) -> None:
    async def story() -> None:
        writer = Writer(url)
        tasks = await arriving(writer, *"abc")
        await asyncio.to_thread(writer.stop)
        await asyncio.gather(*tasks)

    running(story)
    assert stored(url) == list("abc")


def test_a_reader_sees_one_moment_whatever_is_written_meanwhile(url: str) -> None:
    async def story() -> tuple[int, int]:
        writer, readers = Writer(url), Readers(url)
        looked, written = threading.Event(), threading.Event()

        def twice(connection: Connection) -> tuple[int, int]:
            ((before,),) = connection.rows("SELECT count(*) FROM events")
            looked.set()
            written.wait(20)
            ((after,),) = connection.rows("SELECT count(*) FROM events")
            return before, after

        reading = asyncio.create_task(readers.read(twice))
        await asyncio.to_thread(looked.wait, 20)
        await writer.do(store, "a")
        written.set()
        counts = await reading
        writer.stop()
        readers.stop()
        return counts

    assert running(story) == (0, 0)
    assert stored(url) == ["a"]


def test_a_commit_that_fails_leaves_the_writer_able_to_write(url: str) -> None:
    """A disk that is full tells so at COMMIT; here a rule that is held against the whole transaction does."""
    refused = (sqlite3.IntegrityError, psycopg.errors.ForeignKeyViolation)

    def broken(connection: Connection) -> None:
        connection.run("CREATE TABLE child_of(id INTEGER PRIMARY KEY)")
        connection.run("CREATE TABLE child(parent INTEGER REFERENCES child_of(id) DEFERRABLE INITIALLY DEFERRED)")
        connection.run("INSERT INTO child VALUES(7)")

    async def story() -> None:
        writer = Writer(url)
        try:
            if not writer._connection.shared:
                writer._connection.run("PRAGMA foreign_keys=ON")
            with pytest.raises(refused):
                await writer.call(broken)
            await writer.do(store, "after")
        finally:
            writer.stop()

    running(story)
    assert stored(url) == ["after"]
    with closing(connect(url)) as connection:
        assert not connection.has_table("child")


def test_readers_cannot_write(url: str) -> None:
    async def story() -> None:
        readers = Readers(url)
        try:
            with pytest.raises((sqlite3.OperationalError, psycopg.errors.ReadOnlySqlTransaction), match=r"read-?only"):
                await readers.read(store, ["a"])
        finally:
            readers.stop()

    running(story)
    assert stored(url) == []


def raising(connection: Connection, subjects: list[str]) -> list[str]:
    """Store, and make lanes due."""
    connection.ring(Bell.LANES)
    store(connection, subjects)
    return subjects


def looking(connection: Connection, asked: list[str]) -> list[list[str]]:
    """What is seen from within the transaction."""
    rows = connection.rows("SELECT subject FROM events ORDER BY id")
    return [[who, *(subject for (subject,) in rows)] for who in asked]


def test_who_stands_by_is_served_by_the_transaction_that_makes_lanes_due_as_its_last(url: str) -> None:
    async def story() -> list[str] | None:
        async with grouped(url) as (writer, go_on):
            standing = writer.stand_by(looking, "first")
            tasks = [
                asyncio.create_task(writer.do(work, subject))
                for work, subject in ((other_work, "a"), (raising, "b"), (raising, "c"))
            ]
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            go_on.set()
            await asyncio.gather(*tasks)
            return await standing

    assert running(story) == ["first", "a", "b", "c"]


def test_who_stands_by_is_left_standing_by_what_makes_nothing_due_and_may_stand_down(url: str) -> None:
    async def story() -> tuple[bool, bool]:
        writer, rang = Writer(url), threading.Event()
        writer.rang = rang.set
        standing = writer.stand_by(looking, "first")
        await writer.do(store, "a")
        left = not standing.done() and not rang.is_set()
        down = writer.stand_down(standing)
        await writer.do(raising, "b")
        writer.stop()
        return left and rang.is_set(), down and not standing.done()

    assert running(story) == (True, True)


def test_of_a_transaction_that_is_undone_nothing_is_taken_along_and_nobody_is_told_that_it_rang(url: str) -> None:
    async def story() -> tuple[list[str] | None, bool]:
        writer, rang = Writer(url), threading.Event()
        writer.rang = rang.set
        standing = writer.stand_by(looking, "first")
        with pytest.raises(ValueError, match="bad"):
            await writer.do(raising, "bad")
        writer.stop()
        return await standing if standing.done() else [], rang.is_set()

    assert running(story) == ([], False)
    assert stored(url) == []


def test_who_stands_by_and_fails_costs_nobody_else_anything(url: str) -> None:
    def failing(_connection: Connection, _asked: list[str]) -> list[str]:
        raise ValueError("cannot lease")

    async def story() -> tuple[str, str | None]:
        writer = Writer(url)
        standing = writer.stand_by(failing, "first")
        done = await writer.do(raising, "a")
        writer.stop()
        return done, await standing

    assert running(story) == ("a", None)
    assert stored(url) == ["a"]
