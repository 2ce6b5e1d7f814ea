"""What is done once for all nodes: the oldest of those that are there does it, and the next when it is gone."""

import asyncio
from functools import partial

from hub.delivery.reach.shares import Shares
from hub.store import imports
from hub.store.engine.database import Connection
from hub.store.imports import Origin
from tests.delivery.harness import Node, Stage
from tests.delivery.test_shares import beat, shared

Made = list[tuple[Node, Shares]]
LONGEST_SECONDS = 20


def leading(made: Made) -> list[bool]:
    return [share.leads for _, share in made]


def test_the_oldest_leads_and_the_next_when_it_stops(hall: Stage) -> None:
    made = shared(hall, 3)
    assert leading(made) == [True, False, False]
    hall.run(made[0][1].leave())
    assert leading(made) == [False, False, False]
    beat(hall, *made[1:])
    assert leading(made) == [False, True, False]


def test_one_that_is_killed_frozen_or_cut_off_leads_no_more_before_the_next_does(hall: Stage) -> None:
    made = shared(hall, 2)
    seen = []
    for _ in range(12):
        hall.skip(seconds=1)
        beat(hall, made[1])
        seen.append(leading(made))
    assert [True, True] not in seen
    assert (seen[0], seen[-1]) == ([True, False], [False, True])
    beat(hall, made[0])
    assert leading(made) == [False, True], "it comes back as the youngest"


def looks_asked_for(connection: Connection) -> int:
    ((count,),) = connection.rows("SELECT count(*) FROM lanes WHERE effect = 'standing' AND look > 0")
    return int(count)


def test_who_comes_to_lead_looks_at_all_that_stands(hall: Stage) -> None:
    hall.put()
    (_, first), (node, second) = shared(hall, 2)
    worker = node.worker
    worker.shares = second

    async def follow() -> None:
        worker._lead()
        worker._scheduler.start()
        assert not worker.leads
        await first.leave()
        await second.beat()
        async with asyncio.timeout(LONGEST_SECONDS):
            while not await hall.readers.read(looks_asked_for):
                pass
        worker._scheduler.shutdown()

    hall.run(follow())
    assert worker.leads
    assert hall.read(looks_asked_for) == len(hall.rows("SELECT id FROM lanes WHERE effect = 'standing'"))


def test_files_that_a_node_reads_which_is_gone_are_broken_off(hall: Stage) -> None:
    (_, gone), (node, here) = shared(hall, 2)

    def begin(connection: Connection, name: str) -> int:
        return imports.begin(connection, Origin("2480", "dak", "upload", name, "core"), node=name, now=0)

    for name in (gone.name, here.name):
        hall.run(hall.writer.call(begin, name))
    hall.run(gone.leave())
    hall.run(node.worker.break_off())
    found = hall.read(partial(imports.listed, limit=10), "2480")  # by place: whose
    assert {one.name: one.state for one in found} == {gone.name: imports.FAILED, here.name: imports.RUNNING}
