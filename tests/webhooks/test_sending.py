"""What a subscriber gets: signed, in order, and each at least once."""

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from standardwebhooks import WebhookVerificationError

from tests.webhooks.harness import Stage
from tests.webhooks.sink import answering


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
