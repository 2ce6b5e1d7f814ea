"""The hub dies between any two steps of its walk, exactly there, at a booking, a change and a cancellation."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.counterparts.postgres import Postgres
from tests.faults.clients import HOLDERS, holder
from tests.faults.moments import Moment
from tests.faults.story import Story
from tests.faults.systems import Fate
from tests.faults.town import LAMPS, LOCKS

OF_DELIVERY = (Moment.TAKEN, Moment.RECEIVED, Moment.APPLIED, Moment.ANSWERED, Moment.SEEN)
OF_THE_DATABASE = (Moment.ACCEPTING, Moment.ACCEPTED, Moment.SETTLING, Moment.SETTLED)
WHERE = [*((place, moment) for moment in OF_DELIVERY for place in (LOCKS, LAMPS))]
EVERYWHERE = [*WHERE, *(("hub", moment) for moment in OF_THE_DATABASE)]
SEED = 7
ALL = "KNUTPUNKT_MOMENTS" in os.environ
"""Whether each moment is tried on PostgreSQL too, as `make soak` does."""


def booking(
    revision: int, *, court: int = 1, status: str = "confirmed", activity: str = "match", hours: int = 1
) -> dict[str, Any]:
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
                "ends_at": (now + timedelta(hours=hours)).isoformat(),
                "activity": activity,
                "holders": [holder(HOLDERS[0])],
            }
        ],
        "payment": {"kind": "free"},
    }


@pytest.mark.parametrize("place, moment", EVERYWHERE, ids=str)
def test_a_hub_that_dies_there_loses_nothing_and_doubles_nothing(place: str, moment: Moment, tmp_path: Path) -> None:
    dies(place, moment, tmp_path)


@pytest.mark.parametrize("place, moment", EVERYWHERE if ALL else [("hub", Moment.SETTLING)], ids=str)
def test_nor_does_one_that_dies_there_on_postgresql(
    place: str, moment: Moment, tmp_path: Path, postgres: Postgres
) -> None:
    dies(place, moment, tmp_path, postgres.database())


def dies(place: str, moment: Moment, folder: Path, database: str = "") -> None:
    """At a booking, a change and a cancellation, and is judged after each."""

    async def told() -> None:
        async with Story.begun(folder, SEED, database) as story:
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


@pytest.mark.parametrize("change", [{"activity": "training", "hours": 2}, {"status": "cancelled"}], ids=str)
def test_a_call_that_comes_late_never_has_the_last_word(change: dict[str, Any], tmp_path: Path) -> None:
    async def told() -> None:
        async with Story.begun(tmp_path, SEED) as story:
            await story.lose({Fate.LATE: 1.0})
            first, second = booking(1), booking(2, **change)
            story.ledger.keep(first)
            assert await story.desk.put(first, story.ledger)
            await story.called(f"{LOCKS} {Fate.LATE}", f"{LAMPS} {Fate.LATE}")
            await story.lose({})
            story.ledger.keep(second)
            assert await story.desk.put(second, story.ledger)
            verdict = await story.judged()
            assert verdict.wrong == []

    asyncio.run(told())


@pytest.mark.parametrize("place", [LOCKS, LAMPS])
def test_a_call_of_a_killed_hub_never_has_the_last_word(place: str, tmp_path: Path) -> None:
    async def told() -> None:
        async with Story.begun(tmp_path, SEED) as story:
            await story.lose({Fate.LATE: 1.0})
            await story.lay(place, Moment.RECEIVED)
            first, second = booking(1), booking(2, activity="training", hours=2)
            story.ledger.keep(first)
            story.ledger.keep(second)
            await story.desk.put(first, story.ledger)
            await story.died()
            await story.lose({})
            assert await story.desk.put(second, story.ledger)
            verdict = await story.judged()
            assert verdict.wrong == []

    asyncio.run(told())
