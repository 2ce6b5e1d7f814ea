"""`--simulate`, day after day on the same database."""

from pathlib import Path

from hub.model.booking import Booking
from tests.live import booked, running, settled


def test_simulators_that_forgot_are_told_again_at_every_start_and_nobody_is_blamed(tmp_path: Path) -> None:
    for start in range(4):
        with running(tmp_path) as hub, hub.town() as town:
            if start == 0:
                town.put_booking(Booking.model_validate(booked("B-1", after=10)))
                town.put_booking(Booking.model_validate(booked("B-2", court=2, after=60 * 24)))
            for number in ("B-1", "B-2"):
                view = settled(town, number, "arx-tennishallen")
                locks = [one for one in view.effects if one.target.startswith("arx-")]
                assert {one.delivery for one in locks} <= {"confirmed", "waiting"}
            assert town.problems() == []
            assert town.problems(ended=True) == []
