"""Several processes on one PostgreSQL: what each does holds against what the others do at the same moment."""

import asyncio
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from itertools import cycle
from pathlib import Path
from typing import Any, Self, TypeVar

import psycopg
import pytest

from hub.delivery.errands.leasing import lease
from hub.model.events import EventType
from hub.model.states import Delivery, Effect, Proof
from hub.service.accept.accepting import Accepting, Outcome
from hub.service.asking.changes import change, raises
from hub.service.asking.preparing import Accept, prepared
from hub.service.doors import allocating
from hub.service.governing.closing import Closing
from hub.store import closures, configurations, lanes
from hub.store.engine.database import Connection, Later, connect
from hub.store.engine.writer import Writer
from hub.store.lanes import Take
from hub.store.seals.sealing import Seal
from tests.builders import a_booking, a_holder, files_of, occasion
from tests.databases import in_file
from tests.delivery.harness import PIN, TOWN, Stage, hour, staged
from tests.service.test_arrival import folds, require_unique_codes
from tests.store.waiting import until_it_waits_for_a_lock

Item = TypeVar("Item")
Answer = TypeVar("Answer")
Work = Callable[[Connection, list[Item]], Sequence[Answer] | Later[Sequence[Answer]]]
LONGEST_SECONDS = 20
ON = hour(-185, minutes=240)
"""A booking that is on when the test begins."""


@pytest.fixture
def hall(postgresql_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with staged(postgresql_database, tmp_path, monkeypatch) as stage:
        yield stage


class Held:
    """A transaction of another process, which has done its work and is not committed until it is told to."""

    def __init__(self, url: str, work: Work[Item, Answer], item: Item) -> None:
        self._done, self._go_on = threading.Event(), threading.Event()
        self._pool = ThreadPoolExecutor(1)
        self._answer: Future[Any] = self._pool.submit(in_a_process_of_its_own, url, self._holding(work), item)

    def _holding(self, work: Work[Item, Answer]) -> Work[Item, Answer]:
        def hold(connection: Connection, items: list[Item]) -> Sequence[Answer] | Later[Sequence[Answer]]:
            answers = work(connection, items)
            self._done.set()
            assert self._go_on.wait(LONGEST_SECONDS)
            return answers

        return hold

    def __enter__(self) -> Self:
        """Wait until its work is done."""
        assert self._done.wait(LONGEST_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self.commit()
        self._pool.shutdown()

    def commit(self) -> Any:
        """Let it commit; gives its answer."""
        self._go_on.set()
        return self._answer.result(LONGEST_SECONDS)


def in_a_process_of_its_own(url: str, work: Work[Item, Answer], *items: Item) -> list[Answer]:
    """Have items done by a writer of their own, each when the one before is on disk."""

    async def story() -> list[Answer]:
        writer = Writer(url)
        try:
            return [await writer.do(work, item) for item in items]
        finally:
            writer.stop()

    return asyncio.run(story())


def meanwhile(url: str, work: Work[Item, Answer], item: Item) -> "Future[list[Answer]]":
    """Have it done by yet another process, while something is held."""
    pool = ThreadPoolExecutor(1)
    try:
        return pool.submit(in_a_process_of_its_own, url, work, item)
    finally:
        pool.shutdown(wait=False)


def request(hall: Stage, number: str = "B-1", revision: int = 1, **more: Any) -> Accept:
    return prepared(a_booking(number, revision, **more), hall.rulebook.rules(TOWN), hall.seal, now=hall.now())


def accepting(hall: Stage) -> Work[Accept, Any]:
    return Accepting(hall.seal).accept


def test_a_booking_that_comes_to_two_at_once_is_new_to_one(hall: Stage) -> None:
    with Held(hall.url, accepting(hall), request(hall)) as first:
        second = meanwhile(hall.url, accepting(hall), request(hall))
        until_it_waits_for_a_lock(hall.url, "pg_advisory_xact_lock")
        assert first.commit()[0].outcome is Outcome.ACCEPTED
        assert second.result(LONGEST_SECONDS)[0].outcome is Outcome.UNCHANGED
    assert hall.rows("SELECT count(*) FROM bookings") == [(1,)]


def test_who_books_nothing_of_a_hall_does_not_wait_for_who_does(hall: Stage) -> None:
    with Held(hall.url, accepting(hall), request(hall)):
        other = meanwhile(hall.url, accepting(hall), request(hall, "B-2", status="preliminary"))
        assert other.result(LONGEST_SECONDS)[0].outcome is Outcome.ACCEPTED


def test_two_that_draw_the_same_pin_at_once_do_not_both_get_it(hall: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = cycle(["4821", "4821", "5937"])
    monkeypatch.setattr(allocating, "drawn_pin", lambda *_, **__: next(drawn))
    far: dict[str, Any] = {"occasions": [occasion("hall.court-2", after=24 * 60)]}
    with Held(hall.url, allocate(hall), request(hall)), closing(connect(hall.url)) as connection:
        other = meanwhile(hall.url, allocate(hall), request(hall, "B-2", **far))
        assert other.result(LONGEST_SECONDS)
        assert len(connection.rows("SELECT hash FROM codes")) == 1, "the first is not committed yet"
    hashes = hall.rows("SELECT hash FROM codes")
    assert len({bytes(hash_) for (hash_,) in hashes}) == len(hashes) == 2


def allocate(hall: Stage) -> Work[Accept, Any]:
    """Give secrets on lanes that are nobody else's, as accepting does."""

    def work(connection: Connection, items: list[Accept]) -> list[int]:
        wanted = [
            allocating.Wanted(TOWN, ord(one.number[-1]), grant, 0, 10, hall.now())
            for one in items
            for grant in one.plan.grants
        ]
        return [len(allocating.allocate(connection, wanted, {}, hall.seal))] * len(items)

    return work


def test_a_closure_waits_for_bookings_that_are_being_accepted_and_then_touches_them(hall: Stage) -> None:
    closing_ = Closing(hall.writer, hall.readers, hall.seal, hall.rulebook, hall.clock)
    snow = closures.Stored("snow", 1, "hall.court-1", hall.now(), hall.now() + 10**12, None, False, 0, False)  # noqa: FBT003
    with Held(hall.url, accepting(hall), request(hall)) as held:
        closes = threading.Thread(target=lambda: hall.run(closing_._put(TOWN, snow)))
        closes.start()
        until_it_waits_for_a_lock(hall.url, "pg_advisory_xact_lock")
        held.commit()
        closes.join(LONGEST_SECONDS)
    assert hall.rows("SELECT DISTINCT suspended FROM claims") == [(1,)]


def test_two_that_settle_the_last_two_targets_of_a_booking_tell_once_that_it_is_effective(hall: Stage) -> None:
    hall.accept(**ON)
    loaded = hall.run(hall.node.dispatcher._writer.do(lease, Take("one", 100, hall.now(), 60_000_000)))
    carry = hall.node.dispatcher._carrier.carry
    outcomes = [hall.run(carry(one, hall.running(one.lane.connection), 1e18)) for one in loaded.lanes]
    assert len(outcomes) > 2
    settle = hall.node.dispatcher._settling.settle
    in_a_process_of_its_own(hall.url, settle, *outcomes[2:])
    with Held(hall.url, settle, outcomes[0]):
        other = meanwhile(hall.url, settle, outcomes[1])
        until_it_waits_for_a_lock(hall.url, "FOR UPDATE")
    assert other.result(LONGEST_SECONDS) == [True]
    assert [event.type for event in hall.events(EventType.BOOKING_EFFECTIVE)] == [EventType.BOOKING_EFFECTIVE]
    assert hall.state(PIN) == (Effect.STANDING, Delivery.CONFIRMED, Proof.READ)


def test_no_lane_is_taken_by_two(hall: Stage) -> None:
    hall.accept(**ON)
    for number in range(2, 12):
        hall.accept(f"B-{number}", **hour(-185 + number, minutes=240))
    everything = len(hall.rows("SELECT id FROM lanes WHERE due <= ?", hall.now()))
    assert everything > 10

    def taken(owner: str) -> list[int]:
        takes = [Take(owner, 3, hall.now(), 60_000_000)] * 10
        return [lane.id for some in in_a_process_of_its_own(hall.url, lanes.take, *takes) for lane in some]

    with ThreadPoolExecutor(4) as pool:
        found = [id_ for some in pool.map(taken, "abcd") for id_ in some]
    assert len(found) == len(set(found)) == everything


def test_whoever_takes_several_lanes_takes_them_in_the_order_of_their_keys(hall: Stage) -> None:
    """Those that accept and those that settle: one order, so that no two wait for each other."""
    bookings = [request(hall, f"B-{n}", occasions=[occasion(f"hall.court-{n}")]) for n in (3, 1, 2)]
    raised = [one[:3] for one in raises([change(one, None) for one in bookings])]
    assert raised == sorted(raised)
    in_a_process_of_its_own(hall.url, accept_whole, bookings)
    with closing(connect(hall.url)) as connection:
        keys = {id_: place for id_, *place in connection.rows("SELECT id, municipality, connection, key FROM lanes")}
        settled = [keys[id_] for id_ in lanes.current(connection, sorted(keys, reverse=True))]
    assert settled == sorted(settled) == [list(place) for place in raised]


def test_who_takes_lanes_does_not_wait_for_who_settles_others(hall: Stage) -> None:
    hall.accept(**ON)
    with Held(hall.url, lanes.take, Take("one", 1, hall.now(), 60_000_000)):
        (others,) = in_a_process_of_its_own(hall.url, lanes.take, Take("two", 100, hall.now(), 60_000_000))
        assert others


def deadlocks(url: str) -> int:
    with psycopg.connect(url) as connection:
        sql = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        ((count,),) = connection.execute(sql).fetchall()
        return int(count)


def told(hall: Stage, number: int, revision: int) -> Accept:
    """A booking's revision, always with the same content."""
    chance = random.Random(100 * number + revision)
    place, after = f"hall.court-{chance.randrange(1, 4)}", 30 * chance.randrange(4)
    status = chance.choice(["confirmed", "confirmed", "cancelled"])
    occasions = [occasion(place, after=after, holders=[a_holder()])]
    return request(hall, f"B-{number}", revision, status=status, occasions=occasions)


def accept_whole(connection: Connection, groups: list[list[Accept]]) -> list[int]:
    """Accept each group as the writer would, had it waited."""
    return [len(Accepting(Seal(bytes(32))).accept(connection, group)()) for group in groups]


def test_groups_that_meet_in_the_same_halls_never_deadlock_nor_change_what_should_be(
    hall: Stage, tmp_path: Path
) -> None:
    before, chance = deadlocks(hall.url), random.Random(6)
    stories = [
        [[told(hall, number, chance.randrange(1, 6)) for number in chance.sample(range(30), 10)] for _ in range(8)]
        for _ in range(3)
    ]
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda story: in_a_process_of_its_own(hall.url, accept_whole, *story), stories))
    assert done == [[10] * 8] * 3
    assert deadlocks(hall.url) == before
    everything = sorted((one for story in stories for group in story for one in group), key=lambda one: one.revision)
    newest = {one.number: one for one in everything}
    with closing(connect(hall.url)) as here, closing(connect(in_file(tmp_path / "alone.db"))) as alone:
        configurations.add(alone, TOWN, files_of(hall.towns[0]), now=0)
        with alone.transaction():
            accept_whole(alone, [list(newest.values())])
        require_unique_codes(here)
        assert folds(here) == folds(alone)
