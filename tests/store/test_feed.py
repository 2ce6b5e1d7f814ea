"""Readers of events while several processes write: nothing is skipped, nothing comes twice, and causes come first."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.delivery.posts import posting
from hub.store import feed, postings, subscriptions
from hub.store.engine.database import Session, connect
from hub.store.feed import Reach

TOWN = "2480"
INSERT = b"INSERT INTO events(municipality, type, subject, body, at) VALUES('2480', 't', %s, '', 0)"


class Reader:
    """Who reads the feed, page by page."""

    def __init__(self, connection: Session, reach: Reach | None = None, *, limit: int = 10) -> None:
        self._connection, self.limit = connection, limit
        self.reach = reach or feed.beginning(connection, TOWN)

    def page(self) -> list[str]:
        with self._connection.snapshot():
            page = feed.page(self._connection, TOWN, self.reach, limit=self.limit)
        self.reach = page.reach
        return [event.subject for event in page.events]

    def all(self) -> list[str]:
        """To the end, as it is now."""
        return [subject for page in iter(self.page, []) for subject in page]


class Subscriber:
    """Whom webhooks tell."""

    def __init__(self, connection: Session) -> None:
        self._connection = connection
        self._one = subscriptions.add(connection, TOWN, "core", url="u", secrets=b"", now=0)
        subscriptions.move(connection, *self._one.place, feed.beginning(connection, TOWN))

    def all(self) -> list[str]:
        """What has got its posting since it was last asked."""
        with self._connection.transaction():
            while posting.fill(self._connection, *self._one.place, now=0):
                pass
            found: list[str] = []
            for known in iter(lambda: postings.due(self._connection, *self._one.place, now=0, limit=1), []):
                found.append(known[0].event.subject)
                postings.end(self._connection, known[0], now=0)
        return found


@pytest.fixture
def connection(postgresql_database: str) -> Iterator[Session]:
    with closing(connect(postgresql_database)) as made:
        yield made


@pytest.fixture(params=[Reader, Subscriber])
def reading(connection: Session, request: pytest.FixtureRequest) -> Callable[[], list[str]]:
    """Who reads on, each in the two ways that there are."""
    return request.param(connection).all  # type: ignore[no-any-return]


@pytest.fixture
def writers(postgresql_database: str) -> Iterator[tuple[psycopg.Connection, psycopg.Connection]]:
    """Two processes that write."""
    with psycopg.connect(postgresql_database) as one, psycopg.connect(postgresql_database) as other:
        yield one, other


def write(connection: psycopg.Connection, *subjects: str) -> None:
    for subject in subjects:
        connection.execute(INSERT, (subject,))


Writers = tuple[psycopg.Connection, psycopg.Connection]


def test_an_event_that_is_committed_after_a_later_one_is_not_skipped(
    reading: Callable[[], list[str]], writers: Writers
) -> None:
    first, second = writers
    write(first, "a")
    write(second, "b")
    second.commit()
    assert reading() == [], "a stands before it, and may yet come"
    first.commit()
    assert reading() == ["a", "b"]


def test_what_was_undone_holds_nobody_up(reading: Callable[[], list[str]], writers: Writers) -> None:
    first, second = writers
    write(first, "a")
    write(second, "b")
    second.commit()
    first.rollback()
    assert reading() == ["b"]


def test_a_revision_comes_after_the_one_that_its_transaction_waited_for(
    reading: Callable[[], list[str]], writers: Writers
) -> None:
    first, second = writers
    second.execute(b"SELECT pg_current_xact_id()")
    write(first, "revision 1")
    first.commit()
    write(second, "revision 2")
    second.commit()
    assert reading() == ["revision 1", "revision 2"]


def test_events_of_before_transactions_were_told_apart_are_read_with_the_cursors_of_then(
    connection: Session, writers: Writers
) -> None:
    writer, _ = writers
    write(writer, "a", "b")
    writer.execute(b"UPDATE events SET xact = 0")
    write(writer, "c", "d")
    writer.commit()
    (first, *_) = [id_ for (id_,) in connection.rows("SELECT id FROM events ORDER BY id")]
    assert Reader(connection, Reach(first), limit=1).all() == ["b", "c", "d"]
    assert Reader(connection, Reach(first)).all() == ["b", "c", "d"]


def test_who_has_read_all_is_not_behind_though_newer_ones_are_not_over(connection: Session, writers: Writers) -> None:
    first, second = writers
    write(first, "old")
    first.execute(b"UPDATE events SET xact = 0")
    first.commit()
    write(first, "open")
    write(second, "early")
    second.commit()
    (old, *_) = [id_ for (id_,) in connection.rows("SELECT id FROM events ORDER BY id")]
    reader = Reader(connection, Reach(old))
    assert reader.page() == []
    assert not feed.is_behind(connection, TOWN, reader.reach)
    first.commit()
    assert feed.is_behind(connection, TOWN, reader.reach)
    assert reader.all() == ["open", "early"]


def test_who_begins_now_is_told_of_what_comes(connection: Session, writers: Writers) -> None:
    first, second = writers
    write(first, "before")
    first.commit()
    write(first, "while it was open")
    reader = Reader(connection, feed.end(connection, TOWN))
    write(second, "after")
    second.commit()
    first.commit()
    assert reader.all() == ["while it was open", "after"]


@pytest.mark.parametrize("seed", [1, 2])
def test_every_event_is_read_once_and_each_writers_in_order_while_many_write(
    seed: int, connection: Session, postgresql_database: str
) -> None:
    dice, stop, numbers = random.Random(seed), threading.Event(), [count(1) for _ in range(4)]
    told: list[list[str]] = [[] for _ in numbers]

    def busy(place: int) -> None:
        mine = random.Random(f"{seed}/{place}")
        with psycopg.connect(postgresql_database) as writer:
            while not stop.is_set():
                subjects = [f"{place}/{next(numbers[place])}" for _ in range(mine.randint(1, 5))]
                write(writer, *subjects)
                stop.wait(mine.choice([0, 0, 0.001, 0.02]))
                if mine.random() < 0.9:
                    writer.commit()
                    told[place] += subjects
                else:
                    writer.rollback()

    threads = [threading.Thread(target=busy, args=(place,)) for place in range(len(numbers))]
    for thread in threads:
        thread.start()
    readers = [Reader(connection, limit=limit) for limit in (1, 7, 1000)]
    read: list[list[str]] = [[] for _ in readers]
    end = time.monotonic() + 1
    while time.monotonic() < end:
        chosen = dice.randrange(len(readers))
        read[chosen] += readers[chosen].page()
    stop.set()
    for thread in threads:
        thread.join()
    for reader, mine in zip(readers, read, strict=True):
        mine.extend(reader.all())
        assert sorted(mine) == sorted(subject for each in told for subject in each)
        for place, subjects in enumerate(told):
            assert [subject for subject in mine if subject.startswith(f"{place}/")] == subjects
    assert all(len(each) > 20 for each in told)


def test_each_events_cursor_goes_on_right_after_it(connection: Session, writers: Writers) -> None:
    """As a stream gives them, one for each event of a page."""
    first, second = writers
    for turn in range(3):
        write(first, f"a{turn}")
        write(second, f"b{turn}")
        second.commit()
        first.commit()
    page = feed.page(connection, TOWN, feed.beginning(connection, TOWN), limit=10)
    subjects = [event.subject for event in page.events]
    assert sorted(subjects) == ["a0", "a1", "a2", "b0", "b1", "b2"]
    for place, event in enumerate(page.events):
        assert Reader(connection, page.reach._replace(id=event.id)).all() == subjects[place + 1 :]


def test_only_what_lies_beyond_a_cursor_is_posted_anew(connection: Session, writers: Writers) -> None:
    """Of events with lower ids that were committed later, and higher ones before: none is lost, none comes twice."""
    first, second = writers
    subscriber = Subscriber(connection)
    write(first, "late")
    write(second, "early")
    second.commit()
    first.commit()
    write(second, "last")
    second.commit()
    (one,) = subscriptions.running(connection)
    reader = Reader(connection, limit=1)
    assert reader.page() == ["late"]
    with connection.transaction():
        posting.fill(connection, *one.place, now=0)
        postings.remove_beyond(connection, *one.place, reader.reach)
        subscriptions.move(connection, *one.place, reader.reach.or_earlier(one.cursor))
    assert subscriber.all() == ["late", "early", "last"]


# ---- reaches

READ = st.builds(
    lambda cuts, id_, last: Reach(min(id_, last), cuts[0], cuts[1], last),
    st.tuples(st.integers(0, 8), st.integers(0, 8)).map(sorted),
    st.integers(0, 20),
    st.integers(0, 20),
)


def is_read(reach: Reach, xact: int, id_: int) -> bool:
    return xact < reach.low or (xact < reach.high and id_ <= reach.id)


@given(READ, READ, st.integers(0, 9), st.integers(1, 21))
def test_the_earlier_of_two_has_read_only_what_both_have(one: Reach, other: Reach, xact: int, id_: int) -> None:
    earlier = one.or_earlier(other)
    if is_read(earlier, xact, id_):
        assert is_read(one, xact, id_)
        assert is_read(other, xact, id_)


@given(READ, READ)
def test_of_two_of_whom_one_follows_the_other_the_earlier_is_the_one_behind(behind: Reach, ahead: Reach) -> None:
    if behind.high < ahead.low:
        assert behind.or_earlier(ahead) == ahead.or_earlier(behind) == behind
