"""Importing lines: over HTTP, through the service, and beside validating and planning alone."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp

from hub.planner.plan import plan
from hub.planner.rules import compiled
from hub.service.asking.preparing import read_booking
from hub.store.seals.sealing import Seal
from tests.bench import isolated, servers, town
from tests.bench.accepting_hub import AcceptingHub
from tests.bench.figures import Figure, ratios

LINES = 20_000
MOST = 100_000
_CHUNK = 1 << 16


def measured(folder: Path, rounds: int) -> list[Figure]:
    """Lines a second of each way, round by round in turn; then how much memory a long import takes."""
    lines = folder / "lines.ndjson"
    town.write_lines(lines, LINES)
    rates: dict[str, list[float]] = {"plan": [], "service": [], "http": []}
    for turn in range(rounds):
        database = folder / f"import-{turn}.db"
        rates["plan"].append(isolated.run(folder, planned, lines))
        rates["service"].append(isolated.run(folder, through_the_service, folder, database, lines))
        with servers.accepting(folder, folder / f"http-{turn}.db") as hub:
            key = servers.operator_key(folder, folder / f"http-{turn}.db")
            rates["http"].append(asyncio.run(over_http(hub.address, key, lines)))
    return [
        Figure("validating and planning lines, alone", "/s", rates["plan"]),
        Figure("import through the service", "/s", rates["service"]),
        Figure("import over HTTP", "/s", rates["http"]),
        _ratio("import through the service, of that", rates["service"], rates["plan"]),
        _ratio("import over HTTP, of that", rates["http"], rates["plan"]),
    ]


def filled(folder: Path, database: Path) -> list[Figure]:
    """Import a hundred thousand over HTTP into the database, and watch the memory of the process."""
    lines = folder / "most.ndjson"
    town.write_lines(lines, MOST)
    with servers.accepting(folder, database, invoices=False) as hub:
        time.sleep(1)
        idle = hub.megabytes
        with hub.watched() as most:
            rate = asyncio.run(over_http(hub.address, servers.operator_key(folder, database), lines))
    lines.unlink()
    return [
        Figure(f"import of {MOST:,} lines over HTTP", "/s", [rate]),
        Figure(f"memory above idle while importing {MOST:,}", "MB", [most.megabytes - idle], 60.0),
    ]


def _ratio(what: str, rates: list[float], base: list[float]) -> Figure:
    return Figure(what, "x", ratios(rates, base), 0.05, 0.12, more=True)


def planned(path: Path) -> float:
    """Lines a second that are read, validated and planned."""
    rules = compiled(town.configuration(), mark=Seal(bytes(32)).mark)
    began, count = time.perf_counter(), 0
    with path.open("rb") as file:
        for raw in file:
            plan(read_booking(raw, rules), (), rules)
            count += 1
    return count / (time.perf_counter() - began)


def through_the_service(folder: Path, database: Path, path: Path) -> float:
    """Lines a second that are on disk, without HTTP."""
    return asyncio.run(_through_the_service(folder, database, path))


async def _through_the_service(folder: Path, database: Path, path: Path) -> float:
    hub = AcceptingHub(folder, f"sqlite:///{database}", invoices=True)
    await hub.start()
    began, count = time.perf_counter(), 0
    async for line in hub.desk.bookings.accept_lines(town.KEY, _lines(path)):
        assert line.done
        count += 1
    taken = time.perf_counter() - began
    await hub.stop()
    return count / taken


async def _lines(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        for raw in file:
            yield raw


async def over_http(address: str, key: str, path: Path) -> float:
    """Lines a second over HTTP, every one accepted."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-ndjson"}
    began, tail = time.perf_counter(), b""
    timeout = aiohttp.ClientTimeout(total=None)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.post(f"{address}/v1/{town.KEY}/bookings", data=_chunks(path), headers=headers) as answer,
    ):
        answer.raise_for_status()
        async for chunk in answer.content.iter_any():
            tail = (tail + chunk)[-1000:]
    summary = tail.splitlines()[-1]
    assert b'"rejected":0' in summary, summary
    count = int(summary.partition(b'"accepted":')[2].partition(b",")[0])
    return count / (time.perf_counter() - began)


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
