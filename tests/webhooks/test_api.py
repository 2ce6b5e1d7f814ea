"""Subscriptions through the API, in a hub that runs: what a booking core sees."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml

from hub.app import Hub
from hub.clock import now_of
from hub.service.keeping.keys import Scope
from hub.service.keeping.keys import create as create_key
from hub.settings import Settings
from hub.store import events
from hub.store.events import Event
from tests.webhooks.harness import a_municipality
from tests.webhooks.sink import Sink

HOOK = "/v1/2480/subscriptions/core"
PATIENCE_SECONDS = 5


class Core:
    """A booking core with a key, and a subscriber of its own."""

    def __init__(self, hub: Hub, client: httpx.AsyncClient) -> None:
        self.hub, self.client, self.sink = hub, client, Sink()

    async def key(self, *scopes: Scope, town: str = "2480") -> None:
        """Call with another key from now on."""
        now = now_of(self.hub.clock)
        key = await self.hub.writer.call(
            lambda c: create_key(c, municipality=town, name="core", scopes=scopes, now=now)
        )
        self.client.headers["Authorization"] = f"Bearer {key}"

    async def call(self, method: str, path: str, status: int, body: Any = None) -> Any:
        answer = await self.client.request(method, path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def happen(self, subject: str, town: str = "2480") -> None:
        told = [Event(town, "booking.accepted", subject, "{}", now_of(self.hub.clock))]
        await self.hub.writer.call(events.append, told)

    async def received(self, count: int) -> None:
        """Wait until that many have come."""
        await asyncio.wait_for(self.sink.has_received(count), PATIENCE_SECONDS)


@asynccontextmanager
async def a_core(home: Path) -> AsyncIterator[Core]:
    folder = home / "town"
    folder.mkdir()
    town = a_municipality().model_dump(mode="json", exclude_none=True)
    (folder / "municipality.yaml").write_text(yaml.safe_dump(town))
    hub = Hub(Settings(database=f"sqlite:///{home / 'hub.db'}"), [folder])
    app = hub.web()
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub") as client,
    ):
        core = Core(hub, client)
        await core.sink.start()
        try:
            await core.key(Scope.SUBSCRIPTIONS_WRITE)
            yield core
        finally:
            await core.sink.stop()


def test_a_core_subscribes_and_is_told(tmp_path: Path) -> None:
    async def story() -> None:
        async with a_core(tmp_path) as core:
            made = await core.call("PUT", HOOK, 201, {"url": core.sink.url})
            assert (made["name"], made["state"], made["types"], made["waiting"]) == ("core", "running", [], 0)
            await core.happen("B-1")
            await core.received(1)
            assert core.sink.received[0].event(made["secret"])["subject"] == "B-1"
            again = await core.call("PUT", HOOK, 200, {"url": core.sink.url, "types": ["booking.accepted"]})
            assert (again["secret"], again["types"]) == (None, ["booking.accepted"])
            (listed,) = await core.call("GET", "/v1/2480/subscriptions", 200)
            assert listed["url"] == (await core.call("GET", HOOK, 200))["url"] == core.sink.url
            await core.call("DELETE", HOOK, 204)
            await core.call("GET", HOOK, 404)

    asyncio.run(story())


def test_a_core_pauses_rotates_replays_and_reads_the_log(tmp_path: Path) -> None:
    async def story() -> None:
        async with a_core(tmp_path) as core:
            old = (await core.call("PUT", HOOK, 201, {"url": core.sink.url}))["secret"]
            assert (await core.call("POST", f"{HOOK}:pause", 200))["paused_by"] == "caller"
            new = (await core.call("POST", f"{HOOK}:rotate", 200))["secret"]
            await core.happen("B-1")
            assert (await core.call("POST", f"{HOOK}:resume", 200))["state"] == "running"
            await core.received(1)
            assert core.sink.received[0].event(old) == core.sink.received[0].event(new)
            await core.call("POST", f"{HOOK}:replay", 200, {"after": None})
            await core.received(2)
            assert core.sink.ids == [1, 1]
            log = (await core.call("GET", f"{HOOK}/deliveries?limit=1", 200))["deliveries"]
            assert (log[0]["event"], log[0]["outcome"], log[0]["status"]) == ("1", "delivered", 204)

    asyncio.run(story())


def test_what_is_wrong_is_told_with_its_code(tmp_path: Path) -> None:
    async def story() -> None:
        async with a_core(tmp_path) as core:
            refused = await core.call("PUT", HOOK, 422, {"url": "https://10.0.0.1/"})
            assert refused["code"] == "invalid-subscription"
            assert "10.0.0.1 is no public address" in refused["detail"]
            assert (await core.call("PUT", HOOK, 422, {"url": core.sink.url, "typos": []}))["code"] == "invalid-request"
            await core.call("PUT", HOOK, 422, {"url": core.sink.url, "types": ["booking.eaten"]})
            await core.call("PUT", HOOK, 201, {"url": core.sink.url})
            wrong = await core.call("POST", f"{HOOK}:replay", 400, {"after": "nonsense"})
            assert wrong["code"] == "invalid-cursor"
            gone = await core.call("POST", f"{HOOK}:replay", 410, {"after": "YW5vdGhlci4x"})
            assert gone["code"] == "cursor-gone"
            await core.call("POST", f"{HOOK}:replay", 422, {})

    asyncio.run(story())


def test_another_scope_and_another_municipality_get_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        async with a_core(tmp_path) as core:
            await core.call("PUT", HOOK, 201, {"url": core.sink.url})
            for town, scope in (("2480", Scope.BOOKINGS_WRITE), ("2480", Scope.EVENTS_READ), ("2482", Scope.OPERATOR)):
                await core.key(scope, town=town)
                for method, path in (("GET", HOOK), ("DELETE", HOOK), ("POST", f"{HOOK}:rotate")):
                    await core.call(method, path, 403)
            await core.key(Scope.SUBSCRIPTIONS_WRITE, town="2482")
            await core.call("GET", HOOK, 403)

    asyncio.run(story())


def test_an_operator_sees_a_subscriber_that_is_down(tmp_path: Path) -> None:
    async def story() -> None:
        async with a_core(tmp_path) as core:
            await core.call("PUT", HOOK, 201, {"url": "http://localhost:9/", "types": ["booking.accepted"]})
            other = "/v1/2480/subscriptions/other"
            await core.call("PUT", other, 201, {"url": core.sink.url, "types": ["problem.started"]})
            await core.happen("B-1")
            await core.happen("B-2")
            await core.received(1)
            await core.key(Scope.OPERATOR)
            (problem,) = await core.call("GET", "/v1/2480/problems?language=sv", 200)
            assert (problem["connection"], problem["code"]) == ("subscriptions/core", "unreachable")
            assert problem["title"] == "Systemet svarar inte"

    asyncio.run(story())
