"""What a subscriber gets: signed, in order, and each at least once."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import web
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from standardwebhooks import WebhookVerificationError

from hub.delivery.posts.webhooks import ENOUGH, MOST_GOING
from tests.webhooks.harness import NAME, Stage, a_municipality, staged
from tests.webhooks.sink import Received, accept, answering


def test_an_event_is_signed_as_standard_webhooks_say(stage: Stage) -> None:
    sink, secret = stage.subscribed()
    stage.happen("B-1")
    stage.settle()
    (received,) = sink.received
    event = received.event(secret)
    assert event["id"] == received.headers["webhook-id"]
    assert (event["type"], event["subject"], event["source"]) == ("booking.accepted", "B-1", "/v1/2480")


def test_a_signature_by_another_secret_is_found_out(stage: Stage) -> None:
    sink, _ = stage.subscribed()
    _, other = stage.subscribed(name="other")
    stage.happen("B-1")
    stage.settle()
    with pytest.raises(WebhookVerificationError):
        sink.received[0].event(other)


def test_the_body_is_a_cloud_event_in_structured_mode(stage: Stage) -> None:
    sink, _ = stage.subscribed()
    stage.happen("B-1")
    stage.settle()
    event = from_http_event(HTTPMessage(dict(sink.received[0].headers), sink.received[0].body))
    assert (event.get_type(), event.get_subject(), event.get_data()) == ("booking.accepted", "B-1", {"revision": 1})


def test_a_subscriber_is_told_of_what_happens_from_now_on(stage: Stage) -> None:
    stage.happen("B-1")
    sink, _ = stage.subscribed()
    stage.settle()
    assert sink.received == []
    stage.happen("B-2")
    stage.settle()
    assert sink.ids == [2]


def test_a_subscriber_may_choose_types(stage: Stage) -> None:
    sink, _ = stage.subscribed(types=("time.released",))
    stage.happen("B-1")
    stage.happen("hall.court-1", type_="time.released")
    stage.settle()
    assert sink.ids == [2]
    assert stage.one().waiting == 0


def test_events_of_one_booking_come_one_after_the_other_and_of_many_side_by_side(stage: Stage) -> None:
    sink, _ = stage.subscribed()

    async def slow(_request: web.Request, _received: Received) -> web.StreamResponse:
        await asyncio.sleep(0.01)
        return web.Response()

    sink.behaviour = slow
    stage.happen(*["B-1"] * 5)
    stage.settle()
    assert (sink.ids, sink.most_going) == ([1, 2, 3, 4, 5], 1)
    stage.happen(*(f"B-{n}" for n in range(100)))
    stage.settle()
    assert len(sink.received) == 105
    assert 1 < sink.most_going <= MOST_GOING


def test_an_event_that_fails_holds_only_its_own_booking(stage: Stage) -> None:
    sink, _ = stage.subscribed()

    async def refuse_the_second(_request: web.Request, received: Received) -> web.StreamResponse:
        return web.Response(status=500 if received.id == 2 else 200)

    sink.behaviour = refuse_the_second
    stage.happen("B-1", "B-2", "B-1", "B-2", "B-3", "B-2")
    stage.settle()
    assert sorted(sink.ids) == [1, 2, 3, 5]
    assert stage.one().waiting == 3
    sink.behaviour = accept
    stage.after(seconds=5)
    assert sink.ids[4:] == [2, 4, 6]
    assert stage.one().waiting == 0


def test_more_events_than_a_subscription_has_room_for_wait_in_the_feed(stage: Stage) -> None:
    sink, _ = stage.subscribed()
    sink.behaviour = answering(503)
    stage.happen(*(f"B-{n}" for n in range(3 * ENOUGH)))
    stage.settle()
    assert stage.one().waiting == 3 * ENOUGH
    sink.behaviour = accept
    sink.received.clear()
    stage.after(minutes=6)
    assert sorted(sink.ids) == list(range(1, 3 * ENOUGH + 1))


def test_two_municipalities_have_subscriptions_of_the_same_name(tmp_path: Path) -> None:
    with staged(tmp_path, a_municipality("2480"), a_municipality("2482")) as stage:
        ours, our_secret = stage.subscribed(town="2480")
        theirs, their_secret = stage.subscribed(town="2482")
        stage.happen("B-1", "B-1", town="2480")
        stage.happen("B-1", town="2482")
        stage.settle()
        assert [one.event(our_secret)["source"] for one in ours.received] == ["/v1/2480"] * 2
        assert [one.event(their_secret)["source"] for one in theirs.received] == ["/v1/2482"]
        stage.run(stage.subscribing.remove("2480", NAME))
        stage.happen("B-1", town="2482")
        stage.settle()
        assert len(theirs.received) == 2
        assert [len(stage.log(town="2482"))] == [2]
