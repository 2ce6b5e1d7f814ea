"""The end of what goes on in the background."""

import asyncio

_AGAIN_SECONDS = 0.5


async def ended(task: "asyncio.Task[object]") -> None:
    """Have a task end, whatever comes of it.

    It is told more than once: what it waits for may come just as it is cancelled, and a wait that ends so may forget
    that it was (`asyncio.wait_for` before Python 3.12; drivers that catch it).
    """
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=_AGAIN_SECONDS)
    if not task.cancelled():
        task.exception()
