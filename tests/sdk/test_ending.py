"""What goes on in the background ends, also when the first that tells it so is not heard."""

import asyncio

import pytest

from hub.sdk import ended


async def deaf(times: int) -> None:
    """Goes on, and forgets so often that it was to end."""
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            if times == 0:
                raise
            times -= 1


@pytest.mark.parametrize("times", [0, 1, 2])
def test_a_task_ends_however_often_it_does_not_hear(times: int) -> None:
    async def story() -> bool:
        task = asyncio.create_task(deaf(times))
        await asyncio.sleep(0)
        async with asyncio.timeout(20):
            await ended(task)
        return task.cancelled()

    assert asyncio.run(story())


def test_what_came_of_it_is_nobodys_any_more() -> None:
    async def fails() -> None:
        raise ValueError("late")

    async def story() -> None:
        task = asyncio.create_task(fails())
        await asyncio.sleep(0)
        await ended(task)

    asyncio.run(story())
