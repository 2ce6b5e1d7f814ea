"""A node that has nothing to do sleeps for long: what is made due is carried at once all the same."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Self

import pytest

from hub.delivery.errands.outcomes import Outcome
from hub.settings import Pulse
from tests.builders import a_town
from tests.delivery.harness import PIN, TOWN, Stage

SLEEPER = Pulse(idle=timedelta(hours=1))
"""Of a node that would look by itself an hour from now."""
PATIENCE_SECONDS = 20


@pytest.fixture
def hall(staging: Callable[..., Stage]) -> Stage:
    return staging(a_town(), pulse=SLEEPER)


class Asleep:
    """Its loop runs, has looked and found nothing; tells what was carried."""

    def __init__(self, hall: Stage, patch: pytest.MonkeyPatch) -> None:
        self.hall, self.dispatcher, self._patch = hall, hall.node.dispatcher, patch
        self.carried: asyncio.Queue[Outcome] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        self.dispatcher.carried = self.carried.put_nowait
        stands, honest = asyncio.Event(), self.hall.writer.stand_by

        def stand_by(*asked: Any) -> Any:
            stands.set()
            return honest(*asked)

        self._patch.setattr(self.hall.writer, "stand_by", stand_by)
        self._going = asyncio.create_task(self.dispatcher.run())
        await stands.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.dispatcher.stop()
        await self._going

    async def until(self, key: str) -> Outcome:
        """The next carrying of a target."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (outcome := await self.carried.get()).lane.key != key:
                pass
            return outcome


@pytest.fixture
def transactions(hall: Stage, monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """The kinds of work of each transaction from now on."""
    done: list[set[str]] = []
    honest = hall.writer._transaction

    def told(group: list[object]) -> list[object]:
        done.append({one.work.__name__ for one in group})  # type: ignore[attr-defined]
        return honest(group)  # type: ignore[arg-type]

    monkeypatch.setattr(hall.writer, "_transaction", told)
    return done


def test_what_is_accepted_is_leased_in_the_transaction_that_accepts_it(
    hall: Stage, transactions: list[set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with Asleep(hall, monkeypatch) as node:
            transactions.clear()
            await hall.accepting()
            await node.until(PIN)

    hall.run(story())
    assert hall.locks.commands() == [("put", PIN)]
    assert transactions[0] == {"accept"}
    assert {"lease"} not in transactions, "nobody looked, for nothing else was due"


def test_what_is_changed_while_it_is_carried_is_carried_again_at_once(
    hall: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with Asleep(hall, monkeypatch) as node:
            hall.locks.meanwhile = lambda: hall.accepting(revision=2, status="cancelled")
            await hall.accepting()
            await node.until(PIN)
            await node.until(PIN)

    hall.run(story())
    assert hall.locks.commands(PIN) == [("put", PIN), ("remove", PIN)]
    assert PIN not in hall.locks.stands


def test_what_waited_behind_a_pause_goes_when_it_ends_and_is_not_put_off_once_more(
    hall: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        await hall.node.health.set_paused(TOWN, "locks", "operator")
        async with Asleep(hall, monkeypatch) as node:
            await hall.accepting()
            await node.until(PIN)
            await hall.node.health.set_paused(TOWN, "locks", None)
            await node.until(PIN)

    hall.run(story())
    assert hall.locks.commands(PIN) == [("put", PIN)]
