"""Edge messages: what is written, and what comes, read part by part."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.control_rec.messages import Code, Origin, Value, command, greeting, kept, observed, read, same
from hub.sdk import RejectedError

AT = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
OBSERVATION = {"observationTime": "2026-10-25T00:30:00Z", "sensorId": "s", "quantityKind": "k", "value": 16.1}
ANSWER = {
    "actuatorId": "a/",
    "actuationCommandId": "c",
    "responseCode": "success",
    "actuationResponseTime": "2026-10-25T00:30:00Z",
}
EXCEPTION = {
    "exceptionTime": "2026-10-25T00:30:00Z",
    "origin": "actuator",
    "id": "a",
    "exception": "Broken",
    "retry": 3,
}


def message(**parts: object) -> bytes:
    return json.dumps({"format": "rec3.3", "deviceId": "d", **parts}).encode()


@pytest.mark.parametrize(
    "value, key, written",
    [(True, "valueBoolean", True), ("Open", "valueString", "Open"), (Decimal("19.50"), "value", 19.5)],
)
def test_a_command_has_one_value_an_id_and_a_time_in_utc(value: Value, key: str, written: object) -> None:
    told = json.loads(command("d", "urn:uuid:1", "a", AT, value))
    assert told == {
        "format": "rec3.3",
        "deviceId": "d",
        "actuationCommands": [
            {
                "actuationCommandTime": "2026-10-25T00:30:00.000Z",
                "actuationCommandId": "urn:uuid:1",
                "actuatorId": "a",
                key: written,
            }
        ],
    }
    assert json.loads(greeting("d")) == {"format": "rec3.3", "deviceId": "d"}


def test_each_part_is_read_whatever_its_neighbours_are() -> None:
    bad = OBSERVATION | {"valueBoolean": True}
    told = read(message(observations=[bad, OBSERVATION], actuationResponses=[ANSWER, {}], exceptions=[EXCEPTION]))
    ((place, one),) = told.observed
    assert (place, one.value, one.at) == ("observations[1]", Decimal("16.1"), AT)
    assert [(answer.command, answer.code, same(answer.actuator)) for answer in told.answered] == [
        ("c", Code.SUCCESS, "a")
    ]
    assert [(failure.origin, failure.text) for failure in told.failed] == [(Origin.ACTUATOR, "Broken")]
    assert [unread.place for unread in told.unread] == ["observations[0]", "actuationResponses[1]"]


def test_answers_are_read_under_the_name_of_the_prose_too() -> None:
    assert [one.code for one in read(message(actuationCommandResponses=[ANSWER])).answered] == [Code.SUCCESS]


@pytest.mark.parametrize(
    "told, at",
    [
        ("2026-10-25T02:30:00+02:00", AT),
        ("2026-10-25T00:30:00", AT),
        ("2026-10-25T00:30:00.250Z", AT.replace(microsecond=250_000)),
    ],
)
def test_times_are_in_utc_also_without_a_zone(told: str, at: datetime) -> None:
    (_, one), *_ = read(message(observations=[OBSERVATION | {"observationTime": told}])).observed
    assert one.at == at
    assert observed(kept(one)) == one


@pytest.mark.parametrize(
    "other",
    [
        {"value": "16.1"}, {"value": True}, {"value": None}, {"valueString": "x"}, {"observationTime": 1761352200},
        {"observationTime": "yesterday"}, {"sensorId": ""}, {"quantityKind": None},
    ],
)  # fmt: skip
def test_what_is_no_observation_is_left_with_its_place(other: dict[str, object]) -> None:
    told = read(message(observations=[OBSERVATION | other]))
    assert (told.observed, [one.place for one in told.unread]) == ([], ["observations[0]"])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"format": "rec2.3", "deviceId": "d"}',
        b'{"format": "rec3.3"}',
        b'{"a": NaN}',
        b"[" * 9_999,
    ],
)
def test_what_is_no_message_is_refused(body: bytes) -> None:
    with pytest.raises(RejectedError):
        read(body)


KEYS = [*OBSERVATION, *ANSWER]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=6,
)


@settings(max_examples=40)
@given(JSON, st.sampled_from(["observations", "actuationResponses", "exceptions"]))
def test_whatever_stands_in_a_list_is_read_or_named(told: object, where: str) -> None:
    try:
        found = read(message(**{where: told}))
    except RejectedError:
        assert not isinstance(told, list | None)
        return
    assert len(found.observed) + len(found.answered) + len(found.failed) + len(found.unread) == len(told or [])  # type: ignore[arg-type]
