"""The hub dies between any two steps of its walk, exactly there, at a booking, a change and a cancellation."""

import asyncio
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from tests.counterparts.postgres import Postgres
from tests.faults.clients import HOLDERS, holder
from tests.faults.moments import Moment
from tests.faults.story import Story
from tests.faults.systems import Fate
from tests.faults.town import FACILITIES, LAMPS, LOCKS

OF_DELIVERY = (Moment.TAKEN, Moment.RECEIVED, Moment.APPLIED, Moment.ANSWERED, Moment.SEEN)
OF_THE_DATABASE = (Moment.ACCEPTING, Moment.ACCEPTED, Moment.SETTLING, Moment.SETTLED)
COMMITTING = [("hub", moment) for moment in OF_THE_DATABASE]
EVERYWHERE = [*((place, moment) for moment in OF_DELIVERY for place in (LOCKS, LAMPS)), *COMMITTING]
SEED = 7
ALL = "KNUTPUNKT_MOMENTS" in os.environ
"""Whether each moment is tried at all steps and on PostgreSQL too, as `make soak` does; else at one step each."""
STEPS = 3
"""A booking, a change and a cancellation."""
IN_TURN = (1, 5, 2, 6, 3, 7, 4, 8)
"""Courts of a hall in the order in which bookings have them: each moves to the one left last, by other doors."""


def booking(
    revision: int, court: int, *, hall: str = "norr", status: str = "confirmed", activity: str = "match", hours: int = 1
) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "number": f"B-{court}",
        "revision": revision,
        "status": status,
        "customer": {"kind": "person", "name": "Lena Norberg"},
        "occasions": [
            {
                "id": "1",
                "resource": f"{hall}.bana-{court}",
                "starts_at": (now - timedelta(minutes=5)).isoformat(),
                "ends_at": (now + timedelta(hours=hours)).isoformat(),
                "activity": activity,
                "holders": [holder(HOLDERS[0])],
            }
        ],
        "payment": {"kind": "free"},
    }


class Case(NamedTuple):
    """A booking of its own, for one moment."""

    place: str
    moment: Moment
    hall: str
    turn: int

    @property
    def number(self) -> str:
        """Tells which moment it is for."""
        return f"B-{self.place}-{self.moment}"

    def steps(self) -> list[dict[str, Any]]:
        """A booking, a change and a cancellation."""
        first, then = self._courts
        told = [
            booking(1, first, hall=self.hall),
            booking(2, then, hall=self.hall),
            booking(3, then, hall=self.hall, status="cancelled"),
        ]
        return [one | {"number": self.number} for one in told]

    @property
    def whose(self) -> list[str]:
        """What its keys have in them: the number its code, the court its lamp."""
        return [self.number, *(f"{self.hall}-{court}" for court in self._courts)]

    @property
    def _courts(self) -> tuple[int, int]:
        return IN_TURN[self.turn], IN_TURN[self.turn - 1]


def cases(where: Sequence[tuple[str, Moment]]) -> list[Case]:
    """So many bookings in each hall that one court is free."""
    halls, most = list(FACILITIES.values()), len(IN_TURN) - 1
    return [Case(*one, halls[n // most], n % most) for n, one in enumerate(where)]


def test_a_hub_that_dies_between_any_two_steps_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    dies(EVERYWHERE, tmp_path)


def test_nor_does_one_that_dies_so_on_postgresql(tmp_path: Path, postgres: Postgres) -> None:
    dies(EVERYWHERE if ALL else COMMITTING, tmp_path, postgres.database())


def dies(where: Sequence[tuple[str, Moment]], folder: Path, database: str = "") -> None:
    """There, at a booking, a change or a cancellation, or at each of them; all is judged after each step."""

    async def told() -> None:
        async with Story.begun(folder, SEED, database) as story:
            all_of_them = cases(where)
            for step in range(STEPS):
                for n, case in enumerate(all_of_them):
                    if ALL or n % STEPS == step:
                        await _dies_once(story, case, case.steps()[step])
                    else:
                        await _promised(story, case.steps()[step])
                verdict = await story.judged()
                assert verdict.wrong == []
                assert verdict.judged >= 2 * len(where)
            assert story.kills == len(where) * (STEPS if ALL else 1)

    asyncio.run(told())


async def _dies_once(story: Story, case: Case, step: dict[str, Any]) -> None:
    await story.lay(case.place, case.moment, *case.whose)
    story.ledger.keep(step)
    answered = await story.desk.put(step, story.ledger)
    await story.died()
    if not answered:
        assert await story.desk.put(step, story.ledger), "the same again, as its sender would"


def test_a_call_that_comes_late_never_has_the_last_word(tmp_path: Path) -> None:
    changes: list[dict[str, Any]] = [{"activity": "training", "hours": 2}, {"status": "cancelled"}]

    async def told() -> None:
        async with Story.begun(tmp_path, SEED) as story:
            await story.lose({Fate.LATE: 1.0})
            for n in range(1, 3):
                await _promised(story, booking(1, n))
            await story.called(f"{LOCKS} {Fate.LATE}", f"{LAMPS} {Fate.LATE}", each=2)
            await story.lose({})
            for n, change in enumerate(changes, 1):
                await _promised(story, booking(2, n, **change))
            verdict = await story.judged()
            assert verdict.wrong == []

    asyncio.run(told())


def test_a_call_of_a_killed_hub_never_has_the_last_word(tmp_path: Path) -> None:
    async def told() -> None:
        async with Story.begun(tmp_path, SEED) as story:
            for n, place in enumerate((LOCKS, LAMPS), 1):
                await story.lose({Fate.LATE: 1.0})
                await story.lay(place, Moment.RECEIVED, f"B-{n}", f"norr-{n}")
                first = booking(1, n)
                story.ledger.keep(first)
                await story.desk.put(first, story.ledger)
                await story.died()
                await story.lose({})
                await _promised(story, booking(2, n, activity="training", hours=2))
            verdict = await story.judged()
            assert verdict.wrong == []

    asyncio.run(told())


async def _promised(story: Story, step: dict[str, Any]) -> None:
    story.ledger.keep(step)
    assert await story.desk.put(step, story.ledger)
