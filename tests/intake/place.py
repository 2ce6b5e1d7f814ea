"""A hub with one inlet of the tests' own, asked over HTTP."""

import asyncio
import logging
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from hub.clock import DomainClock
from hub.conformance.driver import Memory
from hub.demo.stage import MUNICIPALITY, Stage, stage
from hub.intake.inlets import Inlet
from hub.intake.rooms import Intake
from hub.model.connection import Arrival
from hub.sdk import Lent
from hub.sdk.http import transport
from tests.intake.lists import ListConfig, ListSource
from tests.scenarios.plays import FOLDER, at

ANNA, BO, LENA = "199001019802", "200607151230", "201203042385"
"""Made up; their check digits hold."""
NAME = "lists"
ROOT = f"/v1/{MUNICIPALITY}"


@dataclass
class Place:
    """Where a story about intake is told."""

    here: Stage
    client: httpx.AsyncClient
    source: ListSource
    home: Path
    asked: list[httpx.Response] = field(default_factory=list)

    @property
    def intake(self) -> Intake:
        return self.here.hub.intake

    async def send(self, *lines: str, dry_run: bool = False, status: int = 200) -> dict[str, Any]:
        """Upload a file of lists; gives the report."""
        content = "\n".join(["lists", *lines]).encode()
        return await self.upload(content, dry_run=dry_run, status=status)

    async def upload(self, content: bytes, *, dry_run: bool = False, status: int = 200) -> dict[str, Any]:
        params = {"format": NAME, "name": "höst.txt"} | ({"dry_run": "true"} if dry_run else {})
        answer = await self.client.post("/attendance/imports", params=params, content=content)
        assert answer.status_code == status, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def attendance(self, begin: str = "2026-11-01", end: str = "2026-11-30", **more: Any) -> list[dict[str, Any]]:
        """Every gathering of the days, page by page."""
        found: list[dict[str, Any]] = []
        after = None
        while True:
            params = {"from": begin, "to": end, **more} | ({"after": after} if after else {})
            page = (await self.client.get("/attendance", params=params)).json()
            found += page["gatherings"]
            after = page["next"]
            if after is None:
                return found

    async def get(self, path: str, **params: Any) -> Any:
        answer = await self.client.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: Any = None) -> Any:
        answer = await self.client.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()


Story = Callable[[Place], Awaitable[None]]


def play(story: Story, *, arrives: Arrival | None = None, prepare: Callable[[Path], None] = lambda _home: None) -> None:
    """Tell a story in a hub of its own; `prepare` its folder before it starts."""

    async def told() -> None:
        with tempfile.TemporaryDirectory() as home:
            prepare(Path(home))
            async with stage(FOLDER, Path(home), at("2026-11-23 07:00"), 0) as (here, address, key):
                headers = {"Authorization": f"Bearer {key}"}
                source = opened(here, arrives)
                async with (
                    asyncio.timeout(120),
                    httpx.AsyncClient(base_url=address + ROOT, headers=headers, timeout=60) as client,
                ):
                    await story(Place(here, client, source, Path(home)))

    asyncio.run(told())


def opened(here: Stage, arrives: Arrival | None) -> ListSource:
    """One more connection, as if the municipality had configured it."""
    lent = Lent(transport=transport(), clock=DomainClock(), state=Memory(), log=logging.getLogger("lists"))
    source = ListSource(ListConfig(), lent)
    here.hub.intake.inlets.add(Inlet(MUNICIPALITY, NAME, "attendance_lists", source, source, source, arrives))
    return source
