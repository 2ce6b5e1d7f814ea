"""A booking opens the door and lights the court, and both follow it."""

from datetime import timedelta

from hub.model.states import Delivery, Effect, Proof
from tests.builders import SATURDAY
from tests.delivery.harness import PIN, Stage

PROVEN = (Effect.STANDING, Delivery.CONFIRMED, Proof.READ)


def test_a_booking_opens_its_doors_at_its_time_and_at_no_other(hall: Stage) -> None:
    hall.put()
    early, open_, late = (SATURDAY + timedelta(minutes=m) for m in (-16, -15, 70))
    for door in ("outer", "inner"):
        assert hall.locks.opens(door, early) == set()
        assert hall.locks.opens(door, open_) == {PIN}
        assert hall.locks.opens(door, late) == set()
    assert hall.state(PIN) == PROVEN


def test_the_light_follows_from_start_to_end(hall: Stage) -> None:
    hall.put()
    assert hall.lamps.lit() == {}
    hall.at("11:44:59")
    assert hall.lamps.lit() == {}
    hall.at("11:45")
    assert hall.lamps.lit() == {"corridor": 60, "court-1": 60, "entrance": 80}
    assert hall.state("court-1") == PROVEN
    hall.at("13:09:59")
    assert hall.lamps.percent("court-1") == 60
    hall.at("13:10")
    assert hall.lamps.lit() == {}
    assert hall.state("court-1") == (Effect.REMOVED, Delivery.CONFIRMED, Proof.READ)


def test_nothing_is_left_in_the_locks_when_the_time_has_passed(hall: Stage) -> None:
    hall.put()
    hall.at("13:10")
    assert hall.locks.stands == {}
    assert hall.state(PIN) == (Effect.REMOVED, Delivery.CONFIRMED, Proof.READ)
    assert hall.next_wake() > hall.now() + 10**15
