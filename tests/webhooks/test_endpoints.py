"""Subscribers that misbehave: what is tried again and when, what holds whom, and what an operator is told."""

from datetime import timedelta
from itertools import pairwise

import pytest
from aiohttp import web

from hub.clock import DAY, HOUR, MINUTE, SECOND
from hub.delivery.posts.posting import GIVEN_UP_AFTER, HELD_AFTER, next_attempt
from hub.delivery.posts.sending import MOST_READ, Sent
from hub.store.events import Numbered
from hub.store.postings import Posting
from tests.webhooks.harness import SHORT, TOWN, Stage
from tests.webhooks.sink import (
    Behaviour,
    Received,
    Sink,
    accept,
    answering,
    break_off,
    drip,
    flood,
    hang,
)


def a_posting(attempts: int, born: int = 0) -> Posting:
    return Posting(1, TOWN, 1, attempts, born, Numbered(1, "booking.accepted", "B-1", "{}", 0))


def test_the_schedule_is_as_documented_and_ends_at_the_age_limit() -> None:
    moments, now = list[int](), 0
    while now < GIVEN_UP_AFTER:
        now = next_attempt(a_posting(len(moments)), Sent(500), now=now)
        moments.append(now)
    first = [5 * SECOND, 35 * SECOND, 155 * SECOND]
    assert moments[:3] == first
    steps = [b - a for a, b in pairwise(moments[2:])]
    assert steps[:6] == [10 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR]
    assert moments[-1] == 3 * DAY
    assert len(moments) == 14


def test_an_endpoint_may_ask_for_more_time_but_not_past_the_age_limit() -> None:
    asked = Sent(503, retry_after=timedelta(hours=20))
    assert next_attempt(a_posting(0), asked, now=0) == 20 * HOUR
    assert next_attempt(a_posting(0), asked, now=60 * HOUR) == GIVEN_UP_AFTER


@pytest.mark.parametrize(
    "behaviour, status, told",
    [
        (hang, None, "no whole answer within"),
        (drip, None, "no whole answer within"),
        (break_off, None, "ClientPayloadError"),
        (answering(500), 500, "answered 500"),
        (answering(404), 404, "answered 404"),
        (answering(302, Location="http://127.0.0.1:1/"), 302, "redirects are not followed"),
        (answering(307, Location="https://example.se/"), 307, "redirects are not followed"),
    ],
)
def test_whatever_is_not_a_whole_success_is_tried_again(
    stage: Stage, behaviour: Behaviour, status: int | None, told: str
) -> None:
    if behaviour in {hang, drip}:
        stage.begin(longest_call=SHORT)
    sink, secret = stage.subscribed()
    sink.behaviour = behaviour
    stage.happen("B-1")
    stage.settle()
    (attempt,) = stage.log()
    assert (attempt.outcome, attempt.status) == ("failed", status)
    assert told in (attempt.detail or "")
    assert attempt.next_at == stage.clock.now() + timedelta(seconds=5)
    sink.behaviour = accept
    stage.run(stage.kill())
    stage.begin()
    stage.after(seconds=5)
    assert stage.outcomes()[1] == ("1", 2, "delivered", 204)
    first, second = sink.received
    assert first.event(secret) == second.event(secret)


def test_a_redirect_leads_nowhere(stage: Stage) -> None:
    sink, _ = stage.subscribed()
    elsewhere = stage.sink()
    sink.behaviour = answering(308, Location=elsewhere.url)
    stage.happen("B-1")
    stage.settle()
    assert elsewhere.received == []


def test_of_an_answer_without_end_only_the_beginning_is_read(stage: Stage) -> None:
    sink, _ = stage.subscribed()
    written = 0

    async def counted(request: web.Request, received: Received) -> web.StreamResponse:
        nonlocal written
        response = web.StreamResponse()
        await response.prepare(request)
        while request.transport and not request.transport.is_closing():
            await response.write(bytes(MOST_READ))
            written += MOST_READ
        return response

    sink.behaviour = counted
    stage.happen("B-1")
    stage.settle()
    assert stage.outcomes() == [("1", 1, "delivered", 200)]
    assert written < 256 * MOST_READ, "what the network held"


def test_a_flood_is_delivered_and_the_next_event_too(stage: Stage) -> None:
    sink, _ = stage.subscribed()
    sink.behaviour = flood
    stage.happen("B-1", "B-1")
    stage.settle()
    assert sink.ids == [1, 2]


def test_an_endpoint_that_answers_500_for_a_day_gets_all_in_order_the_next(stage: Stage) -> None:
    sink, _ = stage.subscribed()
    sink.behaviour = answering(500)
    stage.happen("B-1", "B-1", "B-2")
    stage.settle()
    for _ in range(24 * 6):
        stage.after(minutes=10)
    assert len(sink.received) == 2 * 10
    assert set(sink.ids) == {1, 3}
    (problem,) = stage.problems()
    assert (problem.code, problem.connection) == ("events-held", "subscriptions/core")
    assert "10 attempts failed: answered 500" in problem.detail
    sink.received.clear()
    sink.behaviour = accept
    stage.after(hours=12)
    assert sorted(sink.ids) == [1, 2, 3]
    assert sink.ids.index(1) < sink.ids.index(2)
    assert stage.problems() == []


def test_an_operator_is_told_of_a_held_event_before_two_hours_have_passed(stage: Stage) -> None:
    sink, _ = stage.subscribed()
    sink.behaviour = answering(422)
    stage.happen("B-1")
    for minutes in (0, 1, 3, 15, 45, 50):
        assert stage.problems() == []
        stage.after(minutes=minutes)
    assert len(sink.received) == HELD_AFTER
    assert stage.codes() == ["events-held"]


def test_an_event_is_given_up_after_three_days_and_those_behind_it_go_on(stage: Stage) -> None:
    sink, _ = stage.subscribed()

    async def refuse_the_first(_request: web.Request, received: Received) -> web.StreamResponse:
        return web.Response(status=400 if received.id == 1 else 200)

    sink.behaviour = refuse_the_first
    stage.happen("B-1", "B-1")
    stage.settle()
    for _ in range(3 * 24):
        stage.after(hours=1)
    assert sink.ids[-2:] == [1, 2]
    assert stage.outcomes()[-2:] == [("1", stage.log()[-2].attempt, "given_up", 400), ("2", 1, "delivered", 200)]
    (problem,) = stage.problems()
    assert problem.code == "events-given-up"
    assert "event 1 about B-1 was given up" in problem.detail
    stage.after(days=10)
    assert stage.one().waiting == 0


def test_410_pauses_the_subscription_with_a_problem_and_loses_nothing(stage: Stage) -> None:
    sink, _ = stage.subscribed()
    sink.behaviour = answering(410)
    stage.happen("B-1", "B-1")
    stage.settle()
    stage.after(days=1)
    assert sink.ids == [1]
    one = stage.one()
    assert (one.state, one.paused_by, one.waiting) == ("paused", "gone", 2)
    assert stage.codes() == ["subscriber-gone"]
    sink.behaviour = accept
    stage.run(stage.subscribing.set_paused(TOWN, "core", paused=False))
    stage.settle()
    assert sink.ids == [1, 1, 2]
    assert stage.problems() == []


def down(stage: Stage, sink: Sink, events: int) -> None:
    """The endpoint does not answer, with that many events waiting."""
    sink.behaviour = answering(503)
    stage.happen(*(f"B-{n}" for n in range(events)))
    stage.settle()


def test_behind_an_endpoint_that_is_down_one_event_probes_and_the_others_wait(stage: Stage) -> None:
    sink, _ = stage.subscribed()
    down(stage, sink, 200)
    tried = len(sink.received)
    assert tried <= 32
    for _ in range(12):
        stage.after(minutes=5)
    assert len(sink.received) <= tried + 12
    one = stage.one()
    assert (one.state, one.waiting) == ("failing", 200)
    (problem,) = stage.problems()
    assert (problem.code, problem.detail) == ("unreachable", "answered 503")
    sink.behaviour = accept
    sink.received.clear()
    stage.after(minutes=6)
    assert sorted(sink.ids) == list(range(1, 201))
    assert stage.problems() == []
    assert stage.one().state == "running"


def test_an_endpoint_that_is_back_is_found_within_six_minutes_however_long_it_was_away(stage: Stage) -> None:
    sink, _ = stage.subscribed()
    down(stage, sink, 200)
    for _ in range(48):
        stage.after(hours=1)
    sink.behaviour = accept
    sink.received.clear()
    stage.after(minutes=6)
    assert len(sink.received) == 200


def test_a_short_failure_of_many_events_at_once_is_one_failure_to_the_gate(stage: Stage) -> None:
    sink, _ = stage.subscribed()
    down(stage, sink, 100)
    sink.behaviour = accept
    stage.after(seconds=6)
    assert len(set(sink.ids)) == 100


def test_what_waits_past_the_age_limit_behind_a_shut_gate_is_given_up_together(stage: Stage) -> None:
    sink, _ = stage.subscribed()
    down(stage, sink, 100)
    for _ in range(73):
        stage.after(hours=1)
    assert stage.one().waiting == 0
    assert stage.codes() == ["events-given-up", "unreachable"]
    last = {entry.event: entry.outcome for entry in stage.log()}
    assert set(last.values()) == {"given_up"}
    stage.happen("B-1")
    stage.settle()
    assert stage.one().waiting == 1, "what is younger waits on"


def test_an_endpoint_that_nobody_listens_at_is_unreachable(stage: Stage) -> None:
    sink, _ = stage.subscribed()
    stage.run(sink.stop())
    stage.happen("B-1", "B-2")
    stage.settle()
    assert stage.codes() == ["unreachable"]
    assert "ClientConnectorError" in (stage.log()[0].detail or "")
