"""The stage: a whole hub on a fresh database with simulated systems, its web address, and a clock that jumps."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import httpx
import uvicorn

from hub.app import Hub
from hub.clock import DomainClock, instant, micros, now_of
from hub.delivery.errands.leasing import next_due
from hub.delivery.reach.simulating import Simulators
from hub.model import Level
from hub.model.events import EventType
from hub.model.ledger import InvoicePage, InvoiceView
from hub.model.standing import ProblemAnswer
from hub.settings import Settings
from hub.store import entries
from hub.store.engine.database import Connection

MUNICIPALITY = "2480"
_POLL_SECONDS = 0.01
_PATIENCE_SECONDS = 30.0
_LOOKS = 500
_FINISH_SECONDS = 5
"""How long the server waits for callers that hang on; then they are cut off."""


@runtime_checkable
class Panel(Protocol):
    """A simulated BACnet device, as somebody at its panel sees it."""

    def zones(self) -> Mapping[str, Level]:
        """Tell what is in force in each zone."""

    def wanted(self, zone: str) -> Mapping[int, Level]:
        """Tell what is wanted of a zone, at each priority in use."""

    def give_up(self, zone: str, priority: int) -> None:
        """Want nothing more of a zone at that priority."""


class Stage:
    """What the scenes are played on."""

    def __init__(self, hub: Hub, clock: DomainClock, client: httpx.AsyncClient) -> None:
        self.hub, self.clock, self._client = hub, clock, client

    @property
    def simulators(self) -> Simulators:
        """The stand-ins of every connection."""
        if self.hub.simulators is None:
            msg = "the hub does not simulate"
            raise RuntimeError(msg)
        return self.hub.simulators

    def panel(self, name: str) -> Panel:
        """The panel of a simulated BACnet device."""
        found = self.simulators.find(MUNICIPALITY, name)
        if not isinstance(found, Panel):
            msg = f"{name} has no priorities"
            raise TypeError(msg)
        return found

    async def put(self, booking: dict[str, Any], *, wait: int = 0) -> dict[str, Any]:
        """Send a booking as a booking core does; raises httpx.HTTPStatusError when it is refused.

        `wait`: seconds to hold the answer until what is awaited is confirmed.
        """
        path, headers = f"/v1/{MUNICIPALITY}/bookings/{booking['number']}", {"Prefer": f"wait={wait}"} if wait else {}
        answer = await self._client.put(path, json=booking, headers=headers)
        answer.raise_for_status()
        told: dict[str, Any] = answer.json()
        return told

    async def events(self) -> list[dict[str, Any]]:
        """All that happened, as a booking core hears of it."""
        page: dict[str, Any] = {"next": "", "more": True}
        found: list[dict[str, Any]] = []
        while page["more"]:
            after = {"after": page["next"]} if page["next"] else {}
            answer = await self._client.get(f"/v1/{MUNICIPALITY}/events", params={"limit": 1000} | after)
            page = answer.raise_for_status().json()
            found += page["events"]
        return found

    async def told(self, what: EventType, times: int) -> None:
        """Wait until something was told so often, within reason: a device's own word takes time to be heard."""
        for _ in range(_LOOKS):
            if sum(event["type"] == what for event in await self.events()) >= times:
                return
            await asyncio.sleep(_POLL_SECONDS)

    async def invoices(self) -> list[InvoiceView]:
        """Every invoice and credit note, as a booking core sees them."""
        answer = await self._client.get(f"/v1/{MUNICIPALITY}/invoices", params={"limit": 1000})
        return list(InvoicePage.model_validate(answer.raise_for_status().json()).invoices)

    async def problems(self) -> list[ProblemAnswer]:
        """The open problems, as an operator sees them."""
        answer = await self._client.get(f"/v1/{MUNICIPALITY}/problems", params={"language": "sv"})
        answer.raise_for_status()
        return [ProblemAnswer.model_validate(one) for one in answer.json()]

    async def play_until(self, moment: datetime) -> None:
        """Jump from one thing that is due to the next, letting the hub do each, until the moment has come."""
        await self.quiet()
        while (due := await self._next_due()) < micros(moment):
            self.clock.move_to(max(instant(due), self.clock.now()))
            await self.quiet()
        self.clock.move_to(moment)
        await self.quiet()

    async def _next_due(self) -> int:
        return await self.hub.readers.read(_next_due)

    async def quiet(self) -> None:
        """Wait until the hub has nothing in hand and nothing due.

        Raises:
            TimeoutError: it never came to rest.
        """
        async with asyncio.timeout(_PATIENCE_SECONDS):
            calm = 0
            while calm < 3:  # noqa: PLR2004 - looks in a row
                self.hub.worker.woken()
                await asyncio.sleep(_POLL_SECONDS)
                busy = await self._next_due() <= now_of(self.clock) or not self.hub.worker.is_idle
                calm = 0 if busy else calm + 1


def _next_due(connection: Connection) -> int:
    """When a lane or a digest is due, or a line may be invoiced."""
    return min(next_due(connection), entries.next_due(connection))


@asynccontextmanager
async def stage(
    folder: Path, home: Path, start: datetime, port: int, *more: Path, simulate: bool = True
) -> AsyncIterator[tuple[Stage, str, str]]:
    """Set up in an empty folder; gives the stage, its address and its key. All ends with the block.

    `simulate`: with the simulator of every connection; else each leads where its settings say.
    """
    clock = DomainClock(start)
    with socket.create_server((Settings.host, port)) as listening:  # taken at once: who asks for a free port keeps it
        database, port = f"sqlite:///{home / 'demo.db'}", listening.getsockname()[1]
        settings = Settings(database=database, port=port, simulate=simulate)
        hub = Hub(settings, [folder, *more], clock=clock, environment={})
        config = uvicorn.Config(
            hub.web(), log_level="error", access_log=False, timeout_graceful_shutdown=_FINISH_SECONDS
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve([listening]))
        try:
            await _started(server, serving)
            address = f"http://{settings.host}:{settings.port}"
            key = hub.operator_key_file.read_text().strip()
            async with httpx.AsyncClient(
                base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=30
            ) as client:
                yield Stage(hub, clock, client), address, key
        finally:
            hub.end_streams()
            server.should_exit = True
            await serving


async def _started(server: uvicorn.Server, serving: asyncio.Task[None]) -> None:
    while not server.started:
        if serving.done():
            serving.result()
            msg = "the hub did not start; its message stands above"
            raise RuntimeError(msg)
        await asyncio.sleep(_POLL_SECONDS)
