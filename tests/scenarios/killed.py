"""A hub on real connections in a process of its own, which is killed, and whose clock begins where it is told."""

import asyncio
import socket
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
from tests.faults.hub_process import before_the_fork, end, start
from tests.scenarios.plants import in_a_hurry
from tests.scenarios.plays import at

before_the_fork(__name__)


def serve(moment: str, connector: type[Connector[Any]], home: Path, listening: socket.socket) -> None:
    """Be the hub."""
    connector.pace = in_a_hurry(connector)
    settings = Settings(database=f"sqlite:///{home / 'hub.db'}", port=listening.getsockname()[1])
    hub = Hub(settings, [home / "town"], clock=DomainClock(at(moment)), environment={})
    config = uvicorn.Config(hub.web(), log_config=None, access_log=False)
    asyncio.run(uvicorn.Server(config).serve([listening]))


@asynccontextmanager
async def hub_at(moment: str, connector: type[Connector[Any]], home: Path) -> AsyncIterator[httpx.AsyncClient]:
    """With a hub of the folder `town` from that moment on; at the end it is killed, with whatever it has in hand."""
    with socket.create_server((Settings.host, 0)) as listening:  # ours until it is the hub's: nobody else gets it
        process = start(serve, moment, connector, home, listening)
        try:
            address = f"http://{Settings.host}:{listening.getsockname()[1]}"
            async with httpx.AsyncClient(base_url=f"{address}/v1/{MUNICIPALITY}", timeout=60) as client:
                await client.get(f"{address}/healthz")  # heard when the hub has started
                key = (home / "hub.operator-key").read_text().strip()
                client.headers["Authorization"] = f"Bearer {key}"
                yield client
        finally:
            end(process)
