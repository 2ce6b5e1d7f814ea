"""Pausing, replaying, and a process that is killed: nothing is lost, and what comes twice has the same id."""

import asyncio
import re

import pytest
from aiohttp import web

from hub.errors import InvalidError, NotFoundError, RefusedError
from hub.service.subscribers.feed import Cursor
from hub.store.engine.database import Connection
from tests.webhooks.harness import NAME, TOWN, Stage
from tests.webhooks.sink import Received, Sink, accept, answering, hang


def paused(stage: Stage, *, yes: bool = True) -> None:
    stage.run(stage.subscribing.set_paused(TOWN, NAME, paused=yes))


def replayed(stage: Stage, after: str | None) -> None:
    stage.run(stage.subscribing.replay(TOWN, NAME, after))


def test_events_wait_while_a_subscription_is_paused_however_long(stage: Stage) -> None:
    sink, _ = stage.subscribed()
    paused(stage)
    stage.happen("B-1", "B-2", "B-1")
    stage.after(days=30)
    assert sink.received == []
    assert (stage.one().state, stage.one().paused_by, stage.one().waiting) == ("paused", "caller", 3)
    paused(stage, yes=False)
    stage.settle()
    assert sorted(sink.ids) == [1, 2, 3]
    assert sink.ids.index(1) < sink.ids.index(3)


def test_what_has_failed_is_tried_at_once_and_with_a_fresh_start_when_it_is_resumed(stage: Stage) -> None:
    sink, _ = stage.subscribed()
    sink.behaviour = answering(500)
    stage.happen("B-1")
    for hours in (0, 1, 1, 1, 1, 4):
        stage.after(hours=hours)
    assert stage.codes() == ["events-held"]
    paused(stage)
    stage.after(days=4)
    paused(stage, yes=False)
    assert stage.codes() == []
    stage.settle()
    assert stage.outcomes()[-1] == ("1", 1, "failed", 500)
    sink.behaviour = accept
    stage.after(seconds=5)
    assert stage.outcomes()[-1] == ("1", 2, "delivered", 204)


def test_resuming_what_runs_tries_at_once_what_has_failed(stage: Stage) -> None:
    sink, _ = stage.subscribed()
    sink.behaviour = answering(503)
    stage.happen("B-1", "B-2", "B-3")
    stage.after(hours=1)
    sink.behaviour = accept
    sink.received.clear()
    paused(stage, yes=False)
    stage.settle()
    assert sorted(sink.ids) == [1, 2, 3]


def test_pausing_ends_what_follows_the_event_in_hand(stage: Stage) -> None:
    sink, _ = stage.subscribed()

    async def pause(_request: web.Request, _received: Received) -> web.StreamResponse:
        await stage.subscribing.set_paused(TOWN, NAME, paused=True)
        return web.Response()

    sink.behaviour = pause
    stage.happen("B-1", "B-1")
    stage.settle()
    assert sink.ids == [1]
    assert stage.one().waiting == 1


def test_replay_sends_all_after_a_cursor_again_in_order_with_their_ids(stage: Stage) -> None:
    sink, secret = stage.subscribed()
    stage.happen("B-1", "B-2", "B-1", "B-2", "B-1")
    stage.settle()
    first = {one.id: one.event(secret) for one in sink.received}
    sink.received.clear()
    replayed(stage, stage.cursor(1))
    stage.settle()
    assert [id_ for id_ in sink.ids if id_ % 2 == 1] == [3, 5]
    assert [id_ for id_ in sink.ids if id_ % 2 == 0] == [2, 4]
    assert all(one.event(secret) == first[one.id] for one in sink.received)


def test_replay_from_the_beginning_reaches_back_before_the_subscription(stage: Stage) -> None:
    stage.happen("B-1", "B-2")
    sink, _ = stage.subscribed()
    stage.after(days=30)
    replayed(stage, None)
    stage.settle()
    assert sorted(sink.ids) == [1, 2]


def test_replay_keeps_order_with_what_still_waits(stage: Stage) -> None:
    sink, _ = stage.subscribed()

    async def refuse_the_third(_request: web.Request, received: Received) -> web.StreamResponse:
        return web.Response(status=500 if received.id == 3 else 200)

    sink.behaviour = refuse_the_third
    stage.happen(*["B-1"] * 4)
    stage.settle()
    assert sink.ids == [1, 2, 3]
    sink.behaviour = accept
    sink.received.clear()
    replayed(stage, stage.cursor(1))
    stage.settle()
    assert sink.ids == [2, 3, 4]


def test_what_was_given_up_comes_with_a_replay_and_its_problem_ends(stage: Stage) -> None:
    sink, _ = stage.subscribed()
    sink.behaviour = answering(400)
    stage.happen("B-1")
    for _ in range(80):
        stage.after(hours=1)
    assert stage.codes() == ["events-given-up"]
    sink.behaviour = accept
    replayed(stage, None)
    stage.settle()
    assert stage.outcomes()[-1] == ("1", 1, "delivered", 204)
    assert stage.codes() == []


def test_a_replay_while_an_event_is_in_hand_sends_that_one_again(stage: Stage) -> None:
    sink, _ = stage.subscribed()

    async def replay(_request: web.Request, _received: Received) -> web.StreamResponse:
        sink.behaviour = accept
        await stage.subscribing.replay(TOWN, NAME, None)
        return web.Response()

    sink.behaviour = replay
    stage.happen("B-1", "B-1")
    stage.settle()
    assert sink.ids == [1, 1, 2]


def test_a_cursor_that_leads_nowhere_is_refused(stage: Stage) -> None:
    stage.subscribed()
    stage.happen("B-1")
    epoch = Cursor.read(stage.cursor(1)).epoch
    with pytest.raises(RefusedError, match="read the bookings anew"):
        replayed(stage, Cursor("another", 1).written())
    for forged in ("nonsense", Cursor(epoch, -1).written(), Cursor(epoch, 10**30).written()):
        with pytest.raises(InvalidError):
            replayed(stage, forged)


def test_a_cursor_ahead_of_the_feed_skips_nothing(stage: Stage) -> None:
    sink, _ = stage.subscribed()
    stage.happen("B-1")
    epoch = Cursor.read(stage.cursor(1)).epoch
    replayed(stage, Cursor(epoch, 10**9).written())
    stage.settle()
    assert sink.ids == [1]


def test_what_was_sent_when_the_process_was_killed_is_sent_again_with_the_same_id(stage: Stage) -> None:
    sink, secret = stage.subscribed()
    sink.behaviour = hang
    stage.happen("B-1", "B-1", "B-2")
    stage.run(killed_when_received(stage, sink, 2))
    assert stage.log() == []
    sink.behaviour = accept
    stage.begin()
    stage.settle()
    before, after = sink.received[:2], sink.received[2:]
    assert {one.id for one in before} == {1, 3}
    assert sorted(one.id for one in after) == [1, 2, 3]
    assert sorted(one.event(secret)["id"] for one in before) == ["1", "3"]


async def killed_when_received(stage: Stage, sink: Sink, events: int) -> None:
    for _ in range(2):
        await stage.webhooks.step()
    await sink.has_received(events)
    await stage.kill()


def test_a_process_that_is_killed_between_answer_and_mark_sends_again(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    sink, _ = stage.subscribed()
    stage.happen("B-1", "B-1")
    call = stage.writer.call

    async def killed(function: object, *values: object) -> None:
        if "_settle" in repr(function):
            raise OSError("the process is gone")
        return await call(function, *values)  # type: ignore[arg-type]

    stage.writer.call = killed  # type: ignore[method-assign, assignment]
    for _ in range(2):
        stage.run(stage.webhooks.step())
    while stage.webhooks._tasks:
        stage.run(asyncio.sleep(0))
    assert sink.ids == [1]
    assert "it will be sent again" in caplog.text
    stage.writer.call = call  # type: ignore[method-assign]
    stage.run(stage.kill())
    stage.begin()
    stage.settle()
    assert sink.ids == [1, 1, 2]


def test_what_retention_removed_before_it_was_sent_is_told_of_and_holds_nothing(stage: Stage) -> None:
    sink, _ = stage.subscribed()
    sink.behaviour = answering(500)
    stage.happen("B-1", "B-1", "B-2")
    stage.settle()

    def prune(connection: Connection) -> None:
        connection.run("DELETE FROM events WHERE id <= 3")
        connection.run("INSERT INTO installation(name, value) VALUES(?, '3')", (f"pruned/{TOWN}",))

    stage.run(stage.writer.call(prune))
    stage.happen("B-1")
    sink.behaviour = accept
    sink.received.clear()
    stage.settle()
    assert sink.ids[:1] == [4]
    assert stage.codes() == ["events-given-up"]
    assert stage.one().waiting == 0


def test_a_subscription_that_is_deleted_gets_nothing_more_and_leaves_nothing(stage: Stage) -> None:
    sink, _ = stage.subscribed()

    async def delete(_request: web.Request, _received: Received) -> web.StreamResponse:
        await stage.subscribing.remove(TOWN, NAME)
        return web.Response()

    sink.behaviour = delete
    stage.happen("B-1", "B-1")
    stage.settle()
    assert sink.ids == [1]
    with pytest.raises(NotFoundError, match=re.escape("no subscription 'core' in 2480")):
        stage.one()
    sink.behaviour = accept
    stage.put(sink.url)
    stage.settle()
    assert (sink.ids, stage.log()) == ([1], [])
