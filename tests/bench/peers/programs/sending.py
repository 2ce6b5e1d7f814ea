"""The unit of work of every peer: three hundred bytes posted to the sink, its number in the address."""

import asyncio
import os
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

SINK = os.environ.get("SINK", "")
BODY = b'{"door":"arena 7","pin":"' + b"1" * 273 + b'"}'
HEADERS = {"Content-Type": "application/json"}
_PLACES = 16
_mine = threading.local()
_shared: dict[str, Any] = {}


def post(number: int) -> None:
    """Post it over this thread's own connection, which is kept open."""
    if not hasattr(_mine, "pool"):
        import urllib3  # noqa: PLC0415 - of those that send from threads

        _mine.pool = urllib3.connection_from_url(SINK, maxsize=1)
    _check(_mine.pool.request("POST", f"/t/{number}", body=BODY, headers=HEADERS).status)


async def post_async(number: int) -> None:
    """Post it over this process's one session."""
    if "session" not in _shared:
        import aiohttp  # noqa: PLC0415 - of those that send from an event loop

        _shared["session"] = aiohttp.ClientSession(SINK, connector=aiohttp.TCPConnector(limit=0))
    async with _shared["session"].post(f"/t/{number}", data=BODY, headers=HEADERS) as answer:
        _check(answer.status)


def _check(status: int) -> None:
    if status != 204:
        raise RuntimeError(f"the sink answered {status}")


def paced(put: Callable[[int], object], count: int, a_second: float) -> None:
    """Put that many, so many a second (0: as fast as they are taken); tells when each, or the first, was put."""
    began = time.perf_counter()
    for number in range(count):
        if a_second and (left := began + moment(number, a_second) - time.perf_counter()) > 0:
            time.sleep(left)
        _tell(number, a_second)
        put(number)
    sys.stdout.flush()


async def paced_async(put: Callable[[int], Awaitable[object]], count: int, a_second: float) -> None:
    """The same in an event loop."""
    began = time.perf_counter()
    for number in range(count):
        if a_second and (left := began + moment(number, a_second) - time.perf_counter()) > 0:
            await asyncio.sleep(left)
        _tell(number, a_second)
        await put(number)
    sys.stdout.flush()


def moment(turn: int, a_second: float) -> float:
    """When a turn is due, seconds after the first.

    Not quite evenly: the sink tells whole milliseconds, and at 20 to the turn all would lie at the same place in one.
    """
    return turn / a_second + turn % _PLACES / _PLACES / 1000


def _tell(number: int, a_second: float) -> None:
    if a_second or number == 0:
        sys.stdout.write(f"{number} {time.time():.6f}\n")


def told() -> tuple[int, float]:
    """How many, and how many a second."""
    return int(sys.argv[2]), float(sys.argv[3])
