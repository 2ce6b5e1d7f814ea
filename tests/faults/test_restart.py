"""What a hub that starts makes of the leases of the one that was killed."""

from pathlib import Path

import pytest

from hub.clock import SECOND
from hub.model.plan import TargetKind
from hub.model.states import Delivery
from hub.store import lanes, waking
from hub.store.engine import migrating
from hub.store.engine.database import Session, connect
from hub.store.lanes import Raise, Take

PLACE = ("2480", "lamps")
QUIET = 5 * SECOND


@pytest.fixture
def database(tmp_path: Path) -> Session:
    url = f"sqlite:///{tmp_path}/hub.db"
    migrating.ready(url)
    return connect(url)


@pytest.mark.parametrize("seconds", [1, 20, -3], ids=["about to end", "long", "ended"])
def test_a_call_of_the_killed_one_may_land_until_lands_within_has_passed(database: Session, seconds: int) -> None:
    lanes.raise_all(database, [Raise(*PLACE, "court", TargetKind.DIM, None, 0, Delivery.DUE)])
    lanes.take(database, [Take("killed", 10, 0, seconds * SECOND)])
    before = database.clock()
    assert waking.end_leases(database, *PLACE, quiet=QUIET, now=0) == 1
    ((until, due),) = database.rows("SELECT lease_until, due FROM lanes")
    last_call = before + min(0, seconds * SECOND)
    assert last_call + QUIET - SECOND < until < last_call + QUIET + SECOND
    assert due == 0
