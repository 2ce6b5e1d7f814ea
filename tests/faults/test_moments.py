"""The hub dies between any two steps of its walk, exactly there, at a booking, a change and a cancellation."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.faults.clients import HOLDERS, holder
from tests.faults.moments import Moment
from tests.faults.story import Story
from tests.faults.town import LAMPS, LOCKS

OF_DELIVERY = (Moment.TAKEN, Moment.RECEIVED, Moment.APPLIED, Moment.ANSWERED, Moment.SEEN)
OF_THE_DATABASE = (Moment.ACCEPTING, Moment.ACCEPTED, Moment.SETTLING, Moment.SETTLED)
WHERE = [*((place, moment) for moment in OF_DELIVERY for place in (LOCKS, LAMPS))]
EVERYWHERE = [*WHERE, *(("hub", moment) for moment in OF_THE_DATABASE)]
SEED = 7


def booking(revision: int, *, court: int = 1, status: str = "confirmed") -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "number": "B-1",
        "revision": revision,
        "status": status,
        "customer": {"kind": "person", "name": "Lena Norberg"},
        "occasions": [
            {
                "id": "1",
                "resource": f"norr.bana-{court}",
                "starts_at": (now - timedelta(minutes=5)).isoformat(),
                "ends_at": (now + timedelta(hours=1)).isoformat(),
                "activity": "match",
                "holders": [holder(HOLDERS[0])],
            }
        ],
        "payment": {"kind": "free"},
    }


@pytest.mark.parametrize("place, moment", EVERYWHERE, ids=str)
def test_a_hub_that_dies_there_loses_nothing_and_doubles_nothing(place: str, moment: Moment, tmp_path: Path) -> None:
    async def told() -> None:
        async with Story.begun(tmp_path, SEED) as story:
            steps = [booking(1), booking(2, court=8), booking(3, court=8, status="cancelled")]
            for step in steps:
                await story.lay(place, moment)
                story.ledger.keep(step)
                answered = await story.desk.put(step, story.ledger)
                await story.died()
                if not answered:
                    assert await story.desk.put(step, story.ledger), "the same again, as its sender would"
                verdict = await story.judged()
                assert verdict.wrong == []
                assert verdict.judged >= 2
            assert story.kills == len(steps)

    asyncio.run(told())
