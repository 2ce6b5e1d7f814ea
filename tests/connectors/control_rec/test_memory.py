"""What is known of a zone, whatever comes late, twice or in another order."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from connectors.control_rec.memory import Heard, Known, Sent, whole
from connectors.control_rec.messages import Code
from hub.model import Level, Release, Switch
from hub.sdk import Condition

T = datetime(2026, 1, 1, tzinfo=UTC)
ON, OFF = Switch(on=True), Switch(on=False)


def at(seconds: int) -> datetime:
    return T + timedelta(seconds=seconds)


def sent(wanted: Level, after: int | None) -> Sent:
    return Sent(command="c2", wanted=wanted, after=None if after is None else at(after))


def seen(sent: Sent, heard: Heard, *, answers: bool = True, has_sensor: bool = True) -> tuple[Condition, Level] | None:
    known = Known(sent, heard, answers=answers, has_sensor=has_sensor)
    found = known.sighting()
    assert known.stands is False or found is not None
    return (found.condition, found.value) if found else None


WAS_OFF = Heard().observed(OFF, at(10))


def test_a_command_that_was_only_attempted_is_coming() -> None:
    assert seen(sent(ON, 10), WAS_OFF) == (Condition.COMING, ON)
    assert seen(sent(ON, 10), WAS_OFF.answered("c2", Code.SUCCESS, at(20))) == (Condition.COMING, ON)


def test_an_observation_after_it_proves_it() -> None:
    heard = WAS_OFF.answered("c2", Code.SUCCESS, at(20)).observed(ON, at(21))
    assert seen(sent(ON, 10), heard) == (Condition.STANDING, ON)


def test_what_was_observed_before_it_and_comes_late_is_no_hand_at_the_switch() -> None:
    heard = WAS_OFF.observed(ON, at(30)).answered("c2", Code.SUCCESS, at(40))
    late = heard.observed(ON, at(35))
    assert seen(sent(OFF, 30), late) == (Condition.COMING, OFF)
    assert seen(sent(OFF, 30), late.observed(OFF, at(41))) == (Condition.STANDING, OFF)
    assert seen(sent(OFF, 30), late.observed(ON, at(41))) == (Condition.STANDING, ON)


def test_a_device_that_tells_only_changes_need_not_tell_again_what_stands() -> None:
    heard = Heard().observed(ON, at(10))
    assert seen(sent(ON, 10), heard) == (Condition.COMING, ON)
    assert seen(sent(ON, 10), heard.answered("c2", Code.SUCCESS, at(20))) == (Condition.STANDING, ON)
    assert seen(sent(ON, 10), heard, answers=False) == (Condition.STANDING, ON)


def test_the_order_in_which_messages_come_does_not_matter() -> None:
    parts: list[Callable[[Heard], Heard]] = [
        lambda heard: heard.observed(OFF, at(5)),
        lambda heard: heard.observed(ON, at(21)),
        lambda heard: heard.answered("c1", Code.REJECTED, at(4)),
        lambda heard: heard.answered("c2", Code.SUCCESS, at(20)),
        lambda heard: heard.failed("sensor: lost", at(3)),
    ]
    for order in permutations([*parts, parts[1]]):
        heard = Heard()
        for part in order:
            heard = part(heard)
        assert seen(sent(ON, 5), heard) == (Condition.STANDING, ON)


def test_the_answer_to_another_command_says_nothing_of_this_one() -> None:
    assert seen(sent(ON, 10), WAS_OFF.answered("c1", Code.REJECTED, at(20))) == (Condition.COMING, ON)


@pytest.mark.parametrize("code", [Code.REJECTED, Code.NONE])
def test_a_refused_command_has_failed(code: Code) -> None:
    assert seen(sent(ON, 10), WAS_OFF.answered("c2", code, at(20))) == (Condition.FAILED, OFF)


def test_an_exception_after_a_command_is_its_failure_until_something_newer_is_observed() -> None:
    heard = WAS_OFF.answered("c2", Code.SUCCESS, at(20)).failed("actuator: stuck", at(22))
    assert seen(sent(ON, 10), heard) == (Condition.FAILED, OFF)
    assert seen(sent(ON, 10), heard.observed(ON, at(21))) == (Condition.FAILED, ON)
    assert seen(sent(ON, 10), heard.observed(ON, at(23))) == (Condition.STANDING, ON)
    assert seen(sent(ON, 22), heard) == (Condition.COMING, ON), "an exception that was known before is another's"


def test_without_a_sensor_what_is_handed_over_is_sent_and_no_more() -> None:
    assert seen(Sent(), Heard(), has_sensor=False) == (Condition.SENT, Release())
    heard = Heard().answered("c2", Code.SUCCESS, at(20))
    assert seen(sent(ON, None), heard, has_sensor=False) == (Condition.SENT, ON)


def test_what_its_own_automation_does_is_shown_once_it_is_observed() -> None:
    released, heard = sent(Release(), 10), WAS_OFF.answered("c2", Code.SUCCESS, at(20))
    assert seen(released, heard) == (Condition.COMING, Release())
    assert seen(released, heard.observed(ON, at(21))) == (Condition.STANDING, ON)


def test_nothing_is_known_before_anything_was_told() -> None:
    assert seen(Sent(), Heard()) is None
    assert seen(Sent(), WAS_OFF) == (Condition.STANDING, OFF)


def test_what_is_kept_is_found_again_and_what_cannot_be_read_is_nothing() -> None:
    heard = WAS_OFF.answered("c2", Code.SUCCESS, at(20)).failed("x", at(21))
    command = sent(ON, 10)
    assert whole([command.model_dump_json(), heard.model_dump_json()]) == (command, heard)
    assert whole([None, "of another version"]) == (Sent(), Heard())
