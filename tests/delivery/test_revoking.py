"""A grant that is to go is not gone before the lock shows it so: tried for as long as it takes, its age told."""

from datetime import timedelta

import pytest

from hub.model.states import Delivery, Effect, Proof
from tests.delivery.fakes import Fault
from tests.delivery.harness import PIN, TOWN, Stage


@pytest.mark.parametrize("fault", [Fault.DEAF, Fault.DOWN, Fault.LOST])
def test_a_revoke_is_tried_for_days_and_done_when_the_lock_shows_it_gone(hall: Stage, fault: Fault) -> None:
    hall.put()
    hall.locks.breaks(fault)
    cancelled = hall.clock.now()
    hall.cancel()
    hall.after(minutes=1)
    hall.after(minutes=2)
    tried = len(hall.locks.calls)
    assert hall.state(PIN)[:2] == (Effect.REMOVING, Delivery.RETRYING)
    told = hall.run(hall.operating.status(TOWN))
    assert told.revokes == 1
    assert told.oldest_revoke is not None
    assert abs(told.oldest_revoke - cancelled) < timedelta(minutes=5)
    (problem,) = hall.problems()
    assert problem.waiting == 1
    assert abs(problem.since - cancelled) < timedelta(minutes=5)
    hall.after(days=2)
    assert len(hall.locks.calls) > tried, "though its window is long over"
    hall.locks.recovers()
    hall.after(minutes=10)
    assert hall.locks.stands == {}
    assert hall.state(PIN) == (Effect.REMOVED, Delivery.CONFIRMED, Proof.READ)
    after = hall.run(hall.operating.status(TOWN))
    assert (after.revokes, after.oldest_revoke, hall.problems()) == (0, None, [])
