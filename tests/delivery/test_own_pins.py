"""Locks that make their PINs themselves: the code is learned from the lock, told to who may see it, and followed."""

import json
from collections.abc import Callable

import pytest
from pydantic import SecretStr

from hub.model import Credential, Unsaid
from hub.model.states import Delivery, Effect, Proof
from hub.sdk import Receipt
from tests.builders import a_town
from tests.delivery.harness import PIN, Stage, hour

PROVEN = (Effect.STANDING, Delivery.CONFIRMED, Proof.READ)


@pytest.fixture
def hall(staging: Callable[..., Stage]) -> Stage:
    return staging(a_town(connectors={"locks": {"connector": "OwnLocks"}}))


def code(hall: Stage) -> str | None:
    return hall.view().credentials[0].value


def told(hall: Stage) -> list[str]:
    return [event.type.removeprefix("credential.") for event in hall.events("credential.")]


def test_a_code_that_the_lock_makes_up_is_told_when_the_lock_has_told_it(hall: Stage) -> None:
    done = hall.accept()
    (credential,) = hall.answer(done).credentials
    assert (credential.kind, credential.value) == ("pin", None), "nobody knows it yet"
    hall.settle()
    assert hall.state(PIN) == PROVEN
    assert code(hall) == hall.locks.pin(PIN)
    assert hall.answer(done).credentials[0].value is None
    assert told(hall) == ["ready"]
    assert hall.rows("SELECT count(*) FROM codes") == [(1,)]


def test_a_code_that_the_lock_changes_is_told_as_changed_once_and_never_by_its_value(hall: Stage) -> None:
    hall.put()
    first = code(hall)
    new = hall.locks.choose_again(PIN)
    hall.look_round()
    hall.look_round()
    assert code(hall) == new != first
    assert told(hall) == ["ready", "changed"]
    (changed,) = hall.events("credential.changed")
    assert (changed.subject, json.loads(changed.body)) == ("B-1", {"target": f"locks/{PIN}", "proof": "read"})
    assert not any(value and value in event.body for event in hall.events() for value in (first, new))
    assert hall.locks.commands() == [("put", PIN)], "it is the lock's to choose: nothing is sent"
    assert hall.problems() == []


def test_a_hub_sends_such_a_lock_no_code_and_the_code_stays_when_the_booking_moves(hall: Stage) -> None:
    asked: list[SecretStr | Unsaid] = []
    put = hall.locks.put

    def noted(credential: Credential) -> Receipt:
        asked.append(credential.value)
        return put(credential)

    hall.locks.put = noted  # type: ignore[method-assign]
    hall.put()
    first = code(hall)
    hall.put(revision=2, **hour(60))
    assert asked == [Unsaid.CHOSEN_BY_SYSTEM] * 2
    assert code(hall) == first == hall.locks.pin(PIN)
    assert told(hall) == ["ready"]


def test_a_code_that_the_lock_made_up_is_forgotten_with_its_time(hall: Stage) -> None:
    hall.put()
    hall.at("14:00")
    assert hall.locks.stands == {}
    hall.skip(days=1)
    hall.run(hall.node.worker.forget_codes())
    assert hall.rows("SELECT count(*) FROM codes") == [(0,)]


def test_two_codes_of_a_lock_may_be_the_same_if_it_chose_them(hall: Stage) -> None:
    """Whether that opens the wrong door is the lock's to know; the hub refuses no booking for it."""
    hall.put("B-1")
    hall.put("B-2", **hour(of="hall.court-2"))
    same = hall.locks.stands[PIN].value
    hall.locks.stands["hub-B-2"] = hall.locks.stands["hub-B-2"].model_copy(update={"value": same})
    hall.look_round()
    assert hall.view("B-2").credentials[0].value == code(hall)
