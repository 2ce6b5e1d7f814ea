"""A subscriber on this machine: keeps what it is sent, and behaves as a test wants."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook


@dataclass(frozen=True)
class Received:
    """One request."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> int:
        return int(self.headers["webhook-id"])

    def event(self, secret: str) -> dict[str, Any]:
        """What is told, once its signature has been found good by the reference implementation."""
        told: dict[str, Any] = Webhook(secret).verify(self.body, dict(self.headers))
        return told


Behaviour = Callable[[web.Request, Received], Awaitable[web.StreamResponse]]


async def accept(_request: web.Request, _received: Received) -> web.StreamResponse:
    return web.Response(status=204)


def answering(status: int, **headers: str) -> Behaviour:
    """Always that status."""

    async def answer(_request: web.Request, _received: Received) -> web.StreamResponse:
        return web.Response(status=status, headers={name.replace("_", "-"): value for name, value in headers.items()})

    return answer


async def hang(_request: web.Request, _received: Received) -> web.StreamResponse:
    await asyncio.sleep(3600)
    return web.Response()


async def drip(request: web.Request, _received: Received) -> web.StreamResponse:
    """A good status, and then an answer that never ends."""
    response = web.StreamResponse()
    await response.prepare(request)
    await hang(request, _received)
    return response


async def break_off(request: web.Request, _received: Received) -> web.StreamResponse:
    """A good status, half of what was promised, and then nothing: the connection is closed."""
    response = web.StreamResponse(headers={"Content-Length": "100"})
    await response.prepare(request)
    await response.write(b"half")
    assert request.transport
    request.transport.close()
    return response


async def flood(request: web.Request, _received: Received) -> web.StreamResponse:
    """A good status, and more than anybody would read."""
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(4096):
        await response.write(bytes(65536))
    return response


@dataclass
class Sink:
    """The subscriber. `received` in order of arrival."""

    behaviour: Behaviour = accept
    received: list[Received] = field(default_factory=list)
    going: int = 0
    most_going: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._receive)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        self._site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await self._site.start()

    async def stop(self) -> None:
        await self._runner.cleanup()

    @property
    def port(self) -> int:
        return int(self._runner.addresses[0][1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks"

    @property
    def ids(self) -> list[int]:
        return [one.id for one in self.received]

    async def has_received(self, count: int) -> None:
        """Wait until that many requests have come."""
        while len(self.received) < count:
            self.arrived.clear()
            await self.arrived.wait()

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        received = Received(dict(request.headers), await request.read())
        self.received.append(received)
        self.arrived.set()
        self.going += 1
        self.most_going = max(self.most_going, self.going)
        try:
            return await self.behaviour(request, received)
        finally:
            self.going -= 1
