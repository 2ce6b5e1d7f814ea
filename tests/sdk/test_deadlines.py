"""Deadlines that share a timer: each call ends at its own time, and nobody else's."""

import asyncio

import pytest

from hub.sdk.deadlines import Deadlines

SHORT = 0.02


def test_what_takes_too_long_has_no_answer() -> None:
    async def story() -> None:
        with pytest.raises(TimeoutError), Deadlines(SHORT).one():
            await asyncio.Event().wait()

    asyncio.run(story())


def test_each_that_is_late_is_told_so_and_what_has_ended_is_not() -> None:
    async def late(deadlines: Deadlines) -> str:
        with pytest.raises(TimeoutError), deadlines.one():
            await asyncio.Event().wait()
        return "late"

    async def story() -> list[str]:
        deadlines = Deadlines(SHORT)
        with deadlines.one():
            pass
        return [await late(deadlines), *await asyncio.gather(late(deadlines), late(deadlines))]

    assert asyncio.run(story()) == ["late"] * 3


def test_whoever_else_ends_a_call_is_not_taken_for_its_deadline() -> None:
    async def story() -> bool:
        deadlines, inside = Deadlines(60), asyncio.Event()

        async def call() -> None:
            with deadlines.one():
                inside.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(call())
        await inside.wait()
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled()

    assert asyncio.run(story())


def test_one_within_another_ends_for_whose_time_is_up() -> None:
    async def story() -> str:
        outer, inner = Deadlines(SHORT), Deadlines(60)
        try:
            with outer.one():
                try:
                    with inner.one():
                        await asyncio.Event().wait()
                except TimeoutError:
                    return "inner"
        except TimeoutError:
            return "outer"
        return "nobody"

    assert asyncio.run(story()) == "outer"


def test_another_event_loop_begins_anew() -> None:
    deadlines = Deadlines(SHORT)

    async def story() -> None:
        with pytest.raises(TimeoutError), deadlines.one():
            await asyncio.Event().wait()

    async def left() -> None:
        with deadlines.one():
            await asyncio.sleep(0)

    asyncio.run(left())
    asyncio.run(story())
