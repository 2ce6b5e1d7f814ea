"""The machine's clock is set: what was done, or put off, by the wrong one is made good at once."""

import asyncio
from datetime import timedelta

import pytest

from hub.clock import HOUR, span
from hub.delivery.loop import timekeeping
from hub.delivery.loop.timekeeping import Timekeeping
from hub.model.plan import TargetKind
from hub.model.states import Delivery, Effect
from hub.store import lanes
from hub.store.engine.database import Connection
from hub.store.lanes import Raise, Take
from tests.builders import SATURDAY
from tests.delivery.fakes import Fault
from tests.delivery.harness import PIN, TOWN, Stage, hour

NOON = SATURDAY
LONGEST_SECONDS = 20


def is_set(hall: Stage, seconds: float) -> None:
    """The domain's clock follows the machine's, and is set by so much; what is due then is carried."""
    hall.clock.moment += timedelta(seconds=seconds)
    hall.run(hall.node.worker._clock_was_set(seconds))
    hall.settle()


def test_what_was_booked_while_the_clock_was_ahead_of_it_is_granted_when_it_is_right(hall: Stage) -> None:
    hall.clock.moment = NOON + timedelta(hours=3)
    hall.put(**hour(0))
    assert PIN not in hall.locks.stands, "it is over, by that clock"
    is_set(hall, -3 * 3600)
    assert PIN in hall.locks.stands
    assert hall.state(PIN)[0] is Effect.STANDING


def test_what_was_taken_back_while_the_clock_was_ahead_is_granted_again(hall: Stage) -> None:
    hall.put(**hour(0))
    is_set(hall, 6 * 3600)
    assert PIN not in hall.locks.stands
    is_set(hall, -6 * 3600)
    assert PIN in hall.locks.stands


def test_what_failed_before_the_clock_was_set_back_is_tried_again_at_once(hall: Stage) -> None:
    hall.locks.breaks(Fault.DOWN)
    hall.put(**hour(0))
    hall.locks.recovers()
    hall.settle()
    assert PIN not in hall.locks.stands, "it is tried again a while later"
    is_set(hall, -3600)
    assert PIN in hall.locks.stands


def test_nobody_holds_a_lane_for_longer_than_a_lease_when_the_clock_was_set_back(hall: Stage) -> None:
    key, lease = "hall-court-1", hall.node.worker._pulse.lease

    def closed_for_an_hour(connection: Connection) -> None:
        lanes.raise_all(connection, [Raise(TOWN, "lamps", key, TargetKind.DIM, None, 0, Delivery.DUE)])
        lanes.take(connection, [Take("killed", 10, hall.now(), span(lease) + HOUR)])

    def longest(connection: Connection) -> int:
        ((until,),) = connection.rows("SELECT max(lease_until) FROM lanes")
        return int(until) - connection.clock()

    hall.run(hall.writer.call(closed_for_an_hour))
    assert hall.read(longest) > HOUR
    hall.run(hall.node.worker._clock_was_set(-3600))
    assert hall.read(longest) <= span(lease)


def test_what_is_periodic_does_not_wait_for_its_time_on_the_old_clock(hall: Stage) -> None:
    worker, done = hall.node.worker, asyncio.Event()

    async def job() -> None:
        done.set()

    async def story() -> None:
        worker._every(3600, job)
        worker._scheduler.start()
        await worker._clock_was_set(-3600)
        async with asyncio.timeout(LONGEST_SECONDS):
            await done.wait()
        worker._scheduler.shutdown()

    hall.run(story())


@pytest.mark.parametrize("seconds, told", [(3600.0, [3600.0]), (-3600.0, [-3600.0]), (0.5, [])])
def test_a_clock_that_was_set_is_told_once_and_one_that_is_kept_right_never(
    seconds: float, told: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[float] = []

    async def was_set(by: float) -> None:
        heard.append(by)

    async def story() -> None:
        monkeypatch.setattr(timekeeping, "_ahead", lambda: 0.0)
        keeping = Timekeeping(was_set)
        monkeypatch.setattr(timekeeping, "_ahead", lambda: seconds)
        await keeping.look()
        await keeping.look()

    asyncio.run(story())
    assert heard == told
