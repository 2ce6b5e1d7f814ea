"""DBOS on PostgreSQL: a durable workflow of five steps for each booking, from a queue, fifty at a time."""

import os
import sys
import time

from dbos import DBOS, DBOSClient, DBOSConfig

from tests.bench.peers.programs import sending

AT_ONCE = 50
POLL_SECONDS = 0.1
"""A tenth of its default: how long an idle queue sleeps."""
STEPS = 5
_VERSION = "1"


@DBOS.step()
async def deliver(number: int) -> None:
    """One of the five."""
    await sending.post_async(number)


@DBOS.workflow(name="book")
async def book(number: int) -> None:
    """All of a booking."""
    for step in range(STEPS):
        await deliver(number * STEPS + step)


def begin() -> None:
    """Run workflows of the queue."""
    config: DBOSConfig = {
        "name": "bench",
        "system_database_url": os.environ["DATABASE"],
        "run_admin_server": False,
        "log_level": "ERROR",
        "application_version": _VERSION,
    }
    DBOS(config=config)
    DBOS.launch()
    DBOS.register_queue("bench", worker_concurrency=AT_ONCE, polling_interval_sec=POLL_SECONDS)


def put() -> None:
    """Put bookings."""
    client = DBOSClient(system_database_url=os.environ["DATABASE"])
    sending.paced(
        lambda number: client.enqueue(
            {"queue_name": "bench", "workflow_name": "book", "app_version": _VERSION}, number
        ),
        *sending.told(),
    )
    client.destroy()


if __name__ == "__main__":
    match sys.argv[1]:
        case "prepare":
            begin()
            DBOS.destroy()
        case "put":
            put()
        case "work":
            begin()
            while True:
                time.sleep(1)
