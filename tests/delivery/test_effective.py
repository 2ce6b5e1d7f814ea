"""`booking.effective`: once for each revision, when all that is due for it is so; of one that ended, when it is gone.

Told by the settling of a lane, or as it is accepted.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from hub.model.states import Delivery, Effect
from tests.builders import a_town
from tests.delivery.fakes import Fault
from tests.delivery.harness import PIN, Stage, hour

Staging = Callable[..., Stage]
NOBODY: dict[str, Any] = {"holders": []}
"""No holder, so no code: lights only."""


def effective(hall: Stage, number: str = "B-1") -> list[int]:
    """The revisions that were told to be effective, in order."""
    return [json.loads(one.body)["revision"] for one in hall.events("booking.effective") if one.subject == number]


def test_a_booking_of_lights_only_is_effective_when_they_are_on_and_cancelled_when_they_are_out(hall: Stage) -> None:
    hall.put(**hour(**NOBODY))
    assert effective(hall) == []
    hall.at("11:45")
    assert effective(hall) == [1]
    hall.accept(revision=2, status="cancelled")
    assert effective(hall) == [1], "the lamps are still on"
    hall.settle()
    assert hall.lamps.lit() == {}
    assert effective(hall) == [1, 2]
    assert hall.rows("SELECT * FROM leaving") == []


def test_a_booking_that_is_cancelled_before_anything_stands_is_so_at_once(hall: Stage) -> None:
    hall.put(**hour(**NOBODY))
    hall.accept(revision=2, status="cancelled")
    assert effective(hall) == [2]
    hall.accept("B-2", **hour(60 * 24 * 30))
    hall.accept("B-2", 2, status="cancelled")
    assert effective(hall, "B-2") == [2], "its code was not sent yet"
    hall.at("15:00")
    assert effective(hall) == [2]


def test_a_code_that_stands_is_gone_before_the_cancelling_is_effective(hall: Stage) -> None:
    hall.put()
    hall.accept(revision=2, status="cancelled")
    assert effective(hall) == [1]
    hall.settle()
    assert hall.locks.stands == {}
    assert effective(hall) == [1, 2]


def test_the_last_to_be_gone_decides_be_it_a_lamp(hall: Stage) -> None:
    hall.put()
    hall.at("11:50")
    hall.lamps.breaks(Fault.DOWN, "court-1")
    hall.put(revision=2, status="cancelled")
    assert hall.locks.stands == {}
    assert hall.lamps.percent("court-1") == 60
    assert effective(hall) == [1]
    hall.lamps.recovers("court-1")
    hall.after(minutes=30)
    assert hall.lamps.percent("court-1") == 0
    assert effective(hall) == [1, 2]
    assert hall.rows("SELECT * FROM leaving") == []


def test_a_revoke_that_is_stuck_is_not_told_as_effective(hall: Stage) -> None:
    hall.put()
    hall.locks.breaks(Fault.REJECTS)
    hall.put(revision=2, status="cancelled")
    assert hall.state(PIN)[:2] == (Effect.REMOVING, Delivery.STUCK)
    hall.after(days=1)
    assert effective(hall) == [1]


def test_a_cancelled_booking_waits_for_no_lamp_that_another_keeps_on(hall: Stage) -> None:
    hall.accept("B-1", **hour(**NOBODY))
    hall.accept("B-2", **hour(**NOBODY))
    hall.at("11:50")
    hall.put("B-1", 2, status="cancelled")
    assert hall.lamps.percent("court-1") == 60
    assert effective(hall, "B-1") == [1, 2]
    hall.put("B-2", 2, status="cancelled")
    assert hall.lamps.lit() == {}
    assert effective(hall, "B-2") == [1, 2]


def test_a_booking_of_lamps_that_are_on_already_is_effective(hall: Stage) -> None:
    hall.accept("B-1", **hour(**NOBODY))
    hall.at("11:50")
    hall.put("B-2", **hour(**NOBODY))
    assert effective(hall, "B-2") == [1]


def test_a_revision_that_changes_no_effect_is_effective_at_once_if_the_last_one_was(hall: Stage) -> None:
    hall.accept()
    hall.accept(revision=2, notify=[])
    assert effective(hall) == []
    hall.settle()
    assert effective(hall) == [2]
    hall.accept(revision=3, extras=[])
    assert effective(hall) == [2, 3]


def test_a_booking_that_moves_is_effective_when_the_lamps_that_it_left_are_out(hall: Stage) -> None:
    hall.put(**hour(**NOBODY))
    hall.at("11:50")
    hall.lamps.breaks(Fault.DOWN, "court-1")
    hall.put(revision=2, **hour(10, of="hall.court-2", **NOBODY))
    hall.at("12:00")
    assert hall.lamps.percent("court-2") == 60
    assert effective(hall) == [1], "the lamp that it left is still on"
    hall.lamps.recovers("court-1")
    hall.after(minutes=20)
    assert effective(hall) == [1, 2]


@pytest.mark.parametrize("zones_only", [True, False])
def test_a_booking_that_becomes_preliminary_is_effective_when_all_is_gone(hall: Stage, *, zones_only: bool) -> None:
    more = hour(**NOBODY) if zones_only else hour()
    hall.put(**more)
    hall.at("11:50")
    hall.accept(revision=2, status="preliminary", **more)
    assert effective(hall) == [1]
    hall.settle()
    assert effective(hall) == [1, 2]


def test_what_never_asked_for_anything_is_not_told(hall: Stage) -> None:
    hall.put(status="preliminary")
    assert effective(hall) == []
    hall.put(revision=2, status="cancelled")
    assert effective(hall) == [2]


def test_it_is_told_once_however_often_all_is_looked_at(staging: Staging) -> None:
    hall = staging(a_town())
    hall.put()
    hall.at("11:50")
    for _ in range(3):
        hall.look_round()
    hall.put(revision=2, status="cancelled")
    for _ in range(3):
        hall.look_round()
    assert effective(hall) == [1, 2]


def test_who_left_a_lamp_whose_answers_are_lost_is_told_and_forgotten_when_it_rests_as_expired(hall: Stage) -> None:
    """Nobody knows at which level it is, until the time of the one that stays has passed."""
    hall.put("B-1", **hour(**NOBODY))
    hall.put("B-2", **hour(**NOBODY))
    hall.at("11:50")
    hall.lamps.breaks(Fault.LOST, "court-1")
    hall.put("B-2", 2, **hour(activity="match", **NOBODY))
    hall.at("12:00")
    hall.cancel("B-2", 3)
    hall.at("13:30")
    assert hall.rows("SELECT count(*) FROM leaving") == [(1,)]
    hall.lamps.recovers("court-1")
    hall.at("14:00")
    assert hall.state("court-1")[:2] == (Effect.REMOVED, Delivery.EXPIRED)
    assert effective(hall, "B-2")[-1] == 3
    assert hall.rows("SELECT * FROM leaving") == []


def test_a_booking_that_asks_for_nothing_is_effective_as_it_is_accepted_and_a_preliminary_one_is_not(
    staging: Staging,
) -> None:
    hall = staging(a_town())
    machine = {"of": "hall.machine", **NOBODY}
    hall.put(**hour(**machine))
    assert effective(hall) == [1]
    hall.put(revision=2, **hour(60, **machine))
    assert effective(hall) == [1, 2]
    hall.put("B-2", status="preliminary", **hour(120, **machine))
    assert effective(hall, "B-2") == []
