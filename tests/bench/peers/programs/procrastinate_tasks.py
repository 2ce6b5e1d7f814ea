"""Procrastinate on psycopg, fifty at a time."""

import asyncio
import os
import sys

from procrastinate import App, PsycopgConnector

from tests.bench.peers.programs import sending

AT_ONCE = 50
_TOGETHER = 500
APP = App(connector=PsycopgConnector(conninfo=os.environ["DATABASE"], min_size=4, max_size=12))


@APP.task(name="send", queue="bench")
async def send(number: int) -> None:
    """Deliver one."""
    await sending.post_async(number)


async def prepare() -> None:
    """Make its tables."""
    async with APP.open_async():
        await APP.schema_manager.apply_schema_async()


async def put() -> None:
    """Put tasks, many to a transaction: how fast is not what is measured."""
    count, _ = sending.told()
    async with APP.open_async():
        for first in range(0, count, _TOGETHER):
            numbers = range(first, min(count, first + _TOGETHER))
            await send.batch_defer_async(*[{"number": number} for number in numbers])


async def work() -> None:
    """Deliver until ended."""
    async with APP.open_async():
        await APP.run_worker_async(queues=["bench"], concurrency=AT_ONCE, install_signal_handlers=True)


if __name__ == "__main__":
    asyncio.run({"prepare": prepare, "put": put, "work": work}[sys.argv[1]]())
