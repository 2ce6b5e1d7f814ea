"""Doors held open: let go at the end of their time, and again every night and after an outage, whoever left them so."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from hub.delivery.looks.sweeping import Sweeping, latest_night
from hub.model import Switch
from hub.model.configuration import Configuration
from hub.model.facility import ZoneRule
from hub.model.states import Delivery, Proof
from tests.builders import a_town
from tests.delivery.fakes import Fault
from tests.delivery.harness import Stage, hour

GATE = {
    "connection": "lamps", "capability": "hold_open", "kind": "switch", "key": "gate", "serves": "all",
    "levels": {"default": False, "match": True}, "lead_minutes": 30, "lag_minutes": 10,
}  # fmt: skip
OPEN = Switch(on=True)


def a_hall_with_a_gate() -> Configuration:
    """Its doors are told, and tell nothing; its gate is held open at matches, and a back door at those on court 3."""
    town = a_town(connectors={"lamps": {"connector": "BlindLamps"}})
    hall = town.facilities["hall"]
    doors = {
        "gate": ZoneRule.model_validate(GATE),
        "back": ZoneRule.model_validate(GATE | {"key": "back", "serves": ["hall.court-3"]}),
    }
    return town.model_copy(update={"facilities": {"hall": hall.model_copy(update={"zones": doors})}})


@pytest.fixture
def hall(staging: Callable[..., Stage]) -> Stage:
    return staging(a_hall_with_a_gate())


def sweep(hall: Stage) -> None:
    """As is done every minute."""
    hall.run(Sweeping(hall.writer, hall.node.connections, hall.rulebook, hall.clock).look())
    hall.settle()


def gate(hall: Stage) -> object:
    """How the gate is: a hand, or a call of ours, may have held it open."""
    return hall.lamps.levels.get("gate")


def is_let_go(hall: Stage, door: str = "gate") -> bool:
    return hall.lamps.levels[door] == hall.lamps.REST


def test_a_door_is_held_open_for_what_wants_it_and_let_go_at_the_end(hall: Stage) -> None:
    hall.put("B-1", **hour(activity="match"))
    hall.at("11:29")
    assert gate(hall) is None
    hall.at("11:30")
    assert gate(hall) == OPEN
    hall.at("13:09")
    assert gate(hall) == OPEN
    hall.at("13:10")
    assert is_let_go(hall)
    assert (hall.lane("gate").delivery, hall.lane("gate").proof) == (Delivery.CONFIRMED, Proof.RECEIPT)


def test_of_two_that_overlap_the_door_stays_open_until_the_last_ends(hall: Stage) -> None:
    hall.put("B-1", **hour(activity="match"))
    hall.put("B-2", **hour(30, of="hall.court-2", activity="match"))
    hall.at("13:11")
    assert gate(hall) == OPEN
    hall.at("13:41")
    assert is_let_go(hall)


def test_a_door_that_a_hand_left_open_is_let_go_at_three_at_night_and_once(hall: Stage) -> None:
    sweep(hall)
    hall.lamps.levels["gate"] = OPEN
    hall.lamps.forget()
    hall.at("01:59", days=1)
    sweep(hall)
    assert hall.lamps.commands() == []
    hall.at("02:00", days=1)
    for _ in range(3):
        sweep(hall)
    assert sorted(hall.lamps.commands()) == [("put", "back"), ("put", "gate")]
    assert is_let_go(hall)


def test_a_door_that_no_booking_has_ever_wanted_is_swept_too(hall: Stage) -> None:
    hall.lamps.levels["gate"] = OPEN
    sweep(hall)
    assert is_let_go(hall)


def test_a_door_that_somebody_claims_is_not_swept_away(hall: Stage) -> None:
    hall.put("B-1", **hour(12 * 60, minutes=300, activity="match"))
    hall.at("02:01", days=1)
    assert gate(hall) == OPEN
    hall.lamps.forget()
    sweep(hall)
    assert hall.lamps.commands() == [("put", "back")]


def test_after_an_outage_what_ended_in_it_is_let_go_and_then_every_door_anew(hall: Stage) -> None:
    hall.put("B-1", **hour(activity="match"))
    sweep(hall)
    hall.at("12:30")
    hall.lamps.breaks(Fault.DOWN)
    hall.at("14:30")
    assert [one.code for one in hall.problems()] == ["unreachable"]
    assert gate(hall) == OPEN
    hall.lamps.levels["back"] = OPEN
    hall.lamps.recovers()
    hall.at("14:50")
    assert is_let_go(hall)
    assert hall.lamps.levels["back"] == OPEN, "nobody has told it anything since"
    sweep(hall)
    assert is_let_go(hall, "back")


def test_a_sweep_that_is_not_answered_is_tried_until_it_is(hall: Stage) -> None:
    hall.lamps.levels["gate"] = OPEN
    hall.lamps.breaks(Fault.LOST)
    sweep(hall)
    sweep(hall)
    assert gate(hall) == OPEN
    hall.lamps.recovers()
    hall.at("10:30")
    assert is_let_go(hall)


def test_a_system_that_is_only_observed_is_told_nothing(staging: Callable[..., Stage]) -> None:
    town = a_hall_with_a_gate()
    lamps = town.connections["lamps"].model_copy(update={"mode": "observe"})
    hall = staging(town.model_copy(update={"connections": town.connections | {"lamps": lamps}}))
    sweep(hall)
    assert hall.rows("SELECT count(*) FROM lanes") == [(0,)]


@pytest.mark.parametrize(
    "now, night",
    [
        (datetime(2026, 11, 21, 1, 59, tzinfo=UTC), datetime(2026, 11, 20, 2, tzinfo=UTC)),
        (datetime(2026, 11, 21, 2, tzinfo=UTC), datetime(2026, 11, 21, 2, tzinfo=UTC)),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), datetime(2026, 10, 24, 1, tzinfo=UTC)),
        (datetime(2026, 10, 25, 2, tzinfo=UTC), datetime(2026, 10, 25, 2, tzinfo=UTC)),
        (datetime(2027, 3, 28, 1, tzinfo=UTC), datetime(2027, 3, 28, 1, tzinfo=UTC)),
    ],
)
def test_the_sweep_comes_once_in_every_night_also_when_the_clocks_change(now: datetime, night: datetime) -> None:
    assert latest_night(now) == night


def test_a_door_cannot_be_held_half_open() -> None:
    with pytest.raises(ValidationError, match="write kind: switch"):
        ZoneRule.model_validate(GATE | {"kind": "dim"})
