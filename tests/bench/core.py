"""What the booking core feels: a season while others ask, the event feed, webhooks."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import aiohttp
from aiohttp.client import _RequestContextManager

from tests.bench import importing, servers, town
from tests.bench.figures import Figure
from tests.webhooks import speed

_PAGE = 1000
_BETWEEN_SECONDS = 0.02


def measured(folder: Path, rounds: int) -> list[Figure]:
    """A season of a hundred thousand once; the feed that it leaves, and webhooks, round by round."""
    database, lines = folder / "core.db", folder / "season.ndjson"
    town.write_lines(lines, importing.MOST)
    with servers.accepting(folder, database, invoices=False) as hub:
        key = servers.operator_key(folder, database)
        rate, reads, puts = asyncio.run(_season(hub.address, key, lines))
        feeds = [asyncio.run(_feed(hub.address, key)) for _ in range(rounds)]
    lines.unlink()
    hooks = [speed.measured(speed.EVENTS, speed.EVENTS)[0] for _ in range(rounds)]
    return [
        Figure(f"season of {importing.MOST:,} lines while others ask", "/s", [rate]),
        Figure(f"p99 of {len(reads):,} lists asked for meanwhile", "ms", [_share(reads, 0.99) * 1000], 250.0),
        Figure(f"p99 of {len(puts):,} other bookings put meanwhile", "ms", [_share(puts, 0.99) * 1000], 250.0),
        Figure("event feed, one reader", "/s", feeds, 10_000.0, more=True),
        Figure(f"{speed.EVENTS:,} webhook events to a local sink", "s", hooks, 2.0),
    ]


def _share(waits: list[float], share: float) -> float:
    return sorted(waits)[min(len(waits) - 1, int(share * len(waits)))]


async def _season(address: str, key: str, lines: Path) -> tuple[float, list[float], list[float]]:
    """Lines a second, and how long each list and each other booking took, seconds."""
    over = asyncio.Event()
    others = [asyncio.create_task(asked(address, key, over.is_set)) for asked in (_listed, _put)]
    rate = await importing.over_http(address, key, lines)
    over.set()
    reads, puts = await asyncio.gather(*others)
    return rate, reads, puts


async def _listed(address: str, key: str, over: Callable[[], bool]) -> list[float]:
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as session:
        url = f"{address}/v1/{town.KEY}/bookings"
        return await _timed(lambda _: session.get(url, params={"limit": 1}), over)


async def _put(address: str, key: str, over: Callable[[], bool]) -> list[float]:
    """Bookings that the season does not have."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    async with aiohttp.ClientSession(headers=headers) as session:
        url = f"{address}/v1/{town.KEY}/bookings/B-"
        first = importing.MOST + 1
        return await _timed(lambda n: session.put(f"{url}{first + n:09d}", data=town.line(first + n)), over)


async def _timed(ask: Callable[[int], _RequestContextManager], over: Callable[[], bool]) -> list[float]:
    """Ask again and again; seconds of each."""
    waits: list[float] = []
    while not over():
        began = time.perf_counter()
        async with ask(len(waits)) as answer:
            await answer.read()
            answer.raise_for_status()
        waits.append(time.perf_counter() - began)
        await asyncio.sleep(_BETWEEN_SECONDS)
    return waits


async def _feed(address: str, key: str) -> float:
    """Events a second, from the beginning to the end."""
    headers, after, count = {"Authorization": f"Bearer {key}"}, "", 0
    began = time.perf_counter()
    async with aiohttp.ClientSession(headers=headers) as session:
        while True:
            params = {"limit": str(_PAGE)} | ({"after": after} if after else {})
            async with session.get(f"{address}/v1/{town.KEY}/events", params=params) as answer:
                page = await answer.json()
            count += len(page["events"])
            after = page["next"]
            if not page["more"]:
                return count / (time.perf_counter() - began)
