"""Subscriptions themselves: made, changed, their secrets, their log."""

import sqlite3
from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks import WebhookVerificationError

from hub.delivery.posts import webhooks
from hub.errors import NotFoundError, RefusedError
from hub.service.subscribers import subscribing
from hub.service.subscribers.signing import Secret
from tests.webhooks.harness import NAME, TOWN, Stage
from tests.webhooks.sink import accept, answering


def rows(stage: Stage, sql: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(stage.url.removeprefix("sqlite:///"))
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def rotated(stage: Stage) -> str:
    return stage.run(stage.subscribing.rotate(TOWN, NAME)).secret


def test_a_secret_is_told_once_and_stored_sealed(stage: Stage) -> None:
    sink, secret = stage.subscribed()
    assert secret.startswith("whsec_")
    assert stage.put(sink.url).secret is None
    assert stage.one().secret is None
    ((sealed,),) = rows(stage, "SELECT secrets FROM subscriptions")
    assert secret.encode() not in sealed
    assert secret not in repr(stage.put(sink.url, name="other")) + repr(Secret(secret))


def test_for_a_day_after_rotation_either_secret_verifies_and_then_only_the_new(stage: Stage) -> None:
    sink, old = stage.subscribed()
    new = rotated(stage)
    stage.happen("B-1")
    stage.settle()
    (both,) = sink.received
    assert len(both.headers["webhook-signature"].split()) == 2
    assert both.event(old) == both.event(new)
    stage.after(hours=24)
    stage.happen("B-1")
    stage.settle()
    only = sink.received[1]
    assert only.event(new)["id"] == "2"
    with pytest.raises(WebhookVerificationError):
        only.event(old)


def test_rotating_twice_in_a_day_leaves_nobody_behind(stage: Stage) -> None:
    sink, first = stage.subscribed()
    secrets = [first, rotated(stage), rotated(stage)]
    stage.happen("B-1")
    stage.settle()
    assert all(sink.received[0].event(secret) for secret in secrets)
    for _ in range(5):
        rotated(stage)
    stage.happen("B-1")
    stage.settle()
    assert len(sink.received[1].headers["webhook-signature"].split()) == 4


def test_a_changed_address_gets_what_waits_at_once(stage: Stage) -> None:
    old, secret = stage.subscribed()
    old.behaviour = answering(503)
    stage.happen("B-1", "B-2", "B-3")
    stage.settle()
    new = stage.sink()
    changed = stage.put(new.url, types=("booking.accepted",))
    stage.settle()
    assert sorted(new.ids) == [1, 2, 3]
    assert new.received[0].event(secret)
    assert (changed.state, stage.problems()) == ("running", [])


def test_putting_the_same_again_changes_nothing(stage: Stage) -> None:
    sink, _ = stage.subscribed()
    before = stage.one()
    stage.clock.moment += timedelta(hours=1)
    assert stage.put(sink.url, types=("booking.accepted",)) == before


def test_a_subscription_may_begin_paused_and_put_lets_it_run(stage: Stage) -> None:
    sink, _ = stage.subscribed(paused=True)
    stage.happen("B-1")
    stage.settle()
    assert (sink.received, stage.one().state) == ([], "paused")
    stage.put(sink.url, types=("booking.accepted",))
    stage.settle()
    assert sink.ids == [1]


def test_a_municipality_has_a_bounded_number_of_subscriptions(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscribing, "_MOST", 1)
    sink, _ = stage.subscribed()
    with pytest.raises(RefusedError, match="delete one"):
        stage.put(sink.url, name="other")
    stage.put(sink.url)


def test_the_log_tells_each_attempt_with_its_time_and_the_next(stage: Stage) -> None:
    sink, _ = stage.subscribed()
    sink.behaviour = answering(500)
    stage.happen("B-1")
    stage.settle()
    sink.behaviour = accept
    stage.after(seconds=5)
    failed, delivered = stage.log()
    assert (failed.event, failed.attempt, failed.outcome, failed.status) == ("1", 1, "failed", 500)
    assert failed.detail == "answered 500"
    assert failed.next_at == delivered.at == failed.at + timedelta(seconds=5)
    assert (delivered.attempt, delivered.outcome, delivered.detail, delivered.next_at) == (2, "delivered", None, None)
    assert 0 <= failed.milliseconds < 300


def test_the_log_comes_in_pages_the_latest_first(stage: Stage) -> None:
    stage.subscribed()
    stage.happen(*["B-1"] * 5)
    stage.settle()
    before, told = None, list[str]()
    while True:
        page = stage.run(stage.subscribing.deliveries(TOWN, NAME, before=before, limit=2))
        told += [one.event for one in page.deliveries]
        if page.next is None:
            break
        before = page.next
    assert told == ["5", "4", "3", "2", "1"]


def test_the_log_is_bounded_in_time_and_number(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.subscribed()
    stage.happen(*["B-1"] * 5)
    stage.settle()
    monkeypatch.setattr(webhooks, "MOST_KEPT", 3)
    stage.run(stage.webhooks.forget())
    assert [one.event for one in stage.log()] == ["3", "4", "5"]
    stage.clock.moment += timedelta(days=91)
    stage.run(stage.webhooks.forget())
    assert stage.log() == []


def test_what_is_not_there_is_told(stage: Stage) -> None:
    with pytest.raises(NotFoundError, match="no municipality"):
        stage.run(stage.subscribing.listed("2580"))
    for call in (
        stage.subscribing.one(TOWN, NAME),
        stage.subscribing.remove(TOWN, NAME),
        stage.subscribing.rotate(TOWN, NAME),
        stage.subscribing.replay(TOWN, NAME, None),
        stage.subscribing.set_paused(TOWN, NAME, paused=True),
        stage.subscribing.deliveries(TOWN, NAME, before=None, limit=1),
    ):
        with pytest.raises(NotFoundError, match="no subscription 'core' in 2480"):
            stage.run(call)
