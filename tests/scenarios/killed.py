"""A hub on real connections in a process of its own, which is killed, and a clock that begins where it is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from hub.app import Hub
from hub.clock import DomainClock
from hub.demo.stage import MUNICIPALITY
from hub.sdk import Connector
from hub.settings import Settings
from tests.counterparts.ports import free_port
from tests.faults.hub_process import end, start
from tests.scenarios.plants import in_a_hurry
from tests.scenarios.plays import at


def serve(moment: str, connector: type[Connector[Any]], home: Path, port: int) -> None:
    """Be the hub."""
    connector.pace = in_a_hurry(connector)
    settings = Settings(database=f"sqlite:///{home / 'hub.db'}", port=port)
    hub = Hub(settings, [home / "town"], clock=DomainClock(at(moment)), environment={})
    uvicorn.run(hub.web(), host=settings.host, port=port, log_config=None, access_log=False)


@asynccontextmanager
async def hub_at(moment: str, connector: type[Connector[Any]], home: Path) -> AsyncIterator[httpx.AsyncClient]:
    """With a hub of the folder `town` from that moment on; at the end it is killed, with whatever it has in hand."""
    port = free_port()
    process = start(serve, moment, connector, home, port)
    try:
        address = f"http://{Settings.host}:{port}"
        async with httpx.AsyncClient(base_url=f"{address}/v1/{MUNICIPALITY}", timeout=40) as client:
            while not await _lives(client, f"{address}/healthz"):
                assert process.is_alive(), "the hub does not start; its message stands above"
                await asyncio.sleep(0.05)
            key = (home / "hub.operator-key").read_text().strip()
            client.headers["Authorization"] = f"Bearer {key}"
            yield client
    finally:
        end(process)


async def _lives(client: httpx.AsyncClient, address: str) -> bool:
    try:
        return (await client.get(address)).is_success
    except httpx.ConnectError:
        return False
