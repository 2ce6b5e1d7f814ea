"""What is asked for by many at once is one transaction, and who asks alone waits for nobody."""

import asyncio

import pytest

from hub.store.engine import gathering
from hub.store.engine.database import Connection
from hub.store.engine.gathering import LONGEST_SECONDS, Gathering
from hub.store.engine.writer import Writer

QUIET = 0.05


class Handed:
    """Gathers in the loop that runs, and keeps what is handed over."""

    def __init__(self, *, most: int = 400, holds: bool = True) -> None:
        self.groups: list[list[str]] = []
        self._came: asyncio.Queue[None] = asyncio.Queue()
        self.gathering = Gathering[str](self._hand_over, most=most, holds=holds)
        self.loop = asyncio.get_running_loop()

    def add(self, *items: str) -> None:
        for item in items:
            self.gathering.add(self.loop, item)

    def _hand_over(self, group: list[str]) -> None:
        self.groups.append(group)
        self._came.put_nowait(None)

    async def until(self, groups: int) -> list[list[str]]:
        """Wait for so many groups."""
        async with asyncio.timeout(20):
            while len(self.groups) < groups:
                await self._came.get()
        return self.groups

    def rested(self, answered: int = 1) -> None:
        self.gathering.rested([self.loop] * answered)


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with much else to do is quiet for longer."""
    monkeypatch.setattr(gathering, "QUIET_SECONDS", QUIET)


async def quiet() -> None:
    await asyncio.sleep(2 * QUIET)


def test_who_asks_alone_is_handed_over_in_the_next_turn() -> None:
    async def story() -> list[list[str]]:
        handed = Handed()
        handed.add("a")
        await asyncio.sleep(0)
        return handed.groups

    assert asyncio.run(story()) == [["a"]]


def test_what_comes_while_more_comes_is_one_group_in_order_of_arrival() -> None:
    async def story() -> list[list[str]]:
        handed = Handed()
        for n in range(5):
            handed.add(f"a{n}", f"b{n}")
            await asyncio.sleep(0)
        assert handed.groups == []
        return await handed.until(1)

    assert asyncio.run(story()) == [[f"{word}{n}" for n in range(5) for word in "ab"]]


def test_nothing_is_handed_over_while_a_transaction_is_under_way() -> None:
    async def story() -> list[list[str]]:
        handed = Handed()
        handed.add("a")
        await handed.until(1)
        handed.add("b", "c")
        await quiet()
        assert handed.groups == [["a"]]
        handed.rested()
        return await handed.until(2)

    assert asyncio.run(story()) == [["a"], ["b", "c"]]


def test_where_others_write_too_a_transaction_holds_nothing_up() -> None:
    async def story() -> list[list[str]]:
        handed = Handed(holds=False)
        handed.add("a")
        await handed.until(1)
        handed.add("b", "c")
        return await handed.until(2)

    assert asyncio.run(story()) == [["a"], ["b", "c"]]


def test_of_several_who_were_answered_the_first_to_ask_again_waits_for_the_others() -> None:
    async def story() -> list[list[str]]:
        handed = Handed()
        handed.add("a", "b", "c")
        await handed.until(1)
        handed.rested(answered=3)
        for _ in range(4):
            await asyncio.sleep(0)
        handed.add("a again")
        await asyncio.sleep(0)
        handed.add("b again", "c again")
        return await handed.until(2)

    assert asyncio.run(story())[1:] == [["a again", "b again", "c again"]]


def test_a_stream_without_end_is_handed_over_all_the_same() -> None:
    async def story() -> tuple[int, float]:
        handed = Handed(most=1_000_000)
        began, count = handed.loop.time(), 0
        while not handed.groups:
            count += 1
            handed.add(f"a{count}", f"b{count}")
            await asyncio.sleep(0)
        return count, handed.loop.time() - began

    count, took = asyncio.run(story())
    assert count > 1
    assert took >= LONGEST_SECONDS


def test_a_full_group_waits_for_no_more() -> None:
    async def story() -> list[int]:
        handed = Handed(most=4)
        handed.add(*"abcd")
        await asyncio.sleep(0)
        return [len(group) for group in handed.groups]

    assert asyncio.run(story()) == [4]


def test_what_is_asked_for_turn_after_turn_shares_a_transaction(url: str) -> None:
    def count(_connection: Connection, items: list[str]) -> list[int]:
        return [len(items)] * len(items)

    async def story() -> list[int]:
        writer = Writer(url)
        tasks = []
        for word in "abc":
            tasks += [asyncio.create_task(writer.do(count, word)) for _ in range(2)]
            await asyncio.sleep(0)
        told = await asyncio.gather(*tasks)
        alone = await writer.do(count, "alone")
        writer.stop()
        return [*told, alone]

    assert asyncio.run(story()) == [6] * 6 + [1]
