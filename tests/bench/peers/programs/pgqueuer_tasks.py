"""PgQueuer on asyncpg and uvloop, fifty at a time; it keeps no order."""

import asyncio
import os
import sys

import asyncpg
import uvloop
from pgqueuer import AsyncpgDriver, PgQueuer, Queries
from pgqueuer.models import Job

from tests.bench.peers.programs import sending

AT_ONCE = 50
_TOGETHER = 500


async def work() -> None:
    """Deliver until ended."""
    queue = PgQueuer(AsyncpgDriver(await asyncpg.connect(os.environ["DATABASE"])))

    @queue.entrypoint("send")
    async def send(job: Job) -> None:
        await sending.post_async(int(job.payload or b""))

    await queue.run(batch_size=AT_ONCE)


async def prepare() -> None:
    """Make its tables."""
    connection = await asyncpg.connect(os.environ["DATABASE"])
    await Queries(AsyncpgDriver(connection)).install()
    await connection.close()


async def put() -> None:
    """Put tasks, many to a transaction: how fast is not what is measured."""
    connection = await asyncpg.connect(os.environ["DATABASE"])
    queries, (count, _) = Queries(AsyncpgDriver(connection)), sending.told()
    for first in range(0, count, _TOGETHER):
        numbers = range(first, min(count, first + _TOGETHER))
        bodies: list[bytes | None] = [str(number).encode() for number in numbers]
        await queries.enqueue(["send"] * len(bodies), bodies, [0] * len(bodies))
    await connection.close()


if __name__ == "__main__":
    match sys.argv[1]:
        case "work":
            uvloop.run(work())
        case "prepare":
            asyncio.run(prepare())
        case "put":
            asyncio.run(put())
