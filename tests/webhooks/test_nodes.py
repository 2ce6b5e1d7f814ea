"""Webhooks on PostgreSQL, where other nodes tell events."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest
from aiohttp import web

from hub.delivery.posts.webhooks import Webhooks
from hub.store import events
from hub.store.engine.bells import Bell
from hub.store.engine.listening import Listening
from hub.store.engine.writer import Writer
from hub.store.events import Event
from tests.webhooks.harness import TOWN, Stage, opened
from tests.webhooks.sink import Received, accept

LONGEST_SECONDS = 20


@pytest.fixture
def stage(postgresql_database: str) -> Iterator[Stage]:
    with opened(postgresql_database) as made:
        yield made


def test_an_event_of_another_node_wakes_a_sender_that_sleeps(stage: Stage) -> None:
    sink, _ = stage.subscribed()
    sender = Webhooks(stage.writer, stage.readers, stage.webhooks._courier, idle=timedelta(hours=1))

    async def story() -> None:
        loop, elsewhere = asyncio.get_running_loop(), Writer(stage.url)

        def heard(bell: Bell) -> None:
            if bell is Bell.EVENTS:
                loop.call_soon_threadsafe(sender.wake.set)

        listening = Listening(stage.url, heard, but=[stage.writer.name])
        going = asyncio.create_task(sender.run())
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                for count in (1, 2, 3):
                    await elsewhere.call(events.append, [Event(TOWN, "booking.accepted", f"B-{count}", "{}", 0)])
                    await sink.has_received(count)
        finally:
            await asyncio.to_thread(listening.stop)
            await asyncio.to_thread(elsewhere.stop)
            sender.stop()
            await going

    stage.run(story())
    assert sink.ids == [1, 2, 3]


def test_who_sends_no_more_ends_what_it_has_in_hand_and_the_next_goes_on(stage: Stage) -> None:
    sink, _ = stage.subscribed()
    first, sending = stage.webhooks, [True]
    first.send_while(lambda: sending[0])

    async def stop_sending(_request: web.Request, _received: Received) -> web.StreamResponse:
        sending[0] = False
        return web.Response()

    sink.behaviour = stop_sending
    stage.happen("B-1", "B-1", "B-2")
    stage.settle()
    assert sorted(sink.ids) in ([1], [1, 3]), "those that were on their way"
    stage.settle()
    assert 2 not in sink.ids
    stage.run(stage.kill())
    stage.begin()
    sink.behaviour = accept
    stage.settle()
    assert sorted(sink.ids) == [1, 2, 3]
