"""Carrying and calling with spans around them, for who wants traces."""

import asyncio

import httpx

from hub.clock import Clock
from hub.delivery.errands.leasing import Loaded
from hub.delivery.errands.outcomes import Outcome
from hub.delivery.loop.carrying import Carrier
from hub.delivery.reach.running import Running
from hub.service.documents.registering import Files
from hub.service.process.tracing import Tracing, failed
from hub.service.telling.notices import Notices
from hub.store.engine.writer import Writer
from hub.store.seals.sealing import Seal


class TracedCarrier(Carrier):
    """Makes a span of each carrying."""

    def __init__(
        self, writer: Writer, clock: Clock, seal: Seal, notices: Notices, files: Files, tracing: Tracing
    ) -> None:
        super().__init__(writer, clock, seal, notices, files)
        self._tracing = tracing

    async def carry(self, loaded: Loaded, running: Running | None, last_start: float) -> Outcome:
        await asyncio.sleep(0)  # whose request it was remembers first what it changed: it is answered in the same turn
        lane = loaded.lane
        with self._tracing.carrying(lane.municipality, lane.connection, lane.key) as span:
            span.set_attribute("knutpunkt.municipality", lane.municipality)
            span.set_attribute("knutpunkt.target", f"{lane.connection}/{lane.key}")
            span.set_attribute("knutpunkt.kind", lane.kind)
            outcome = await super().carry(loaded, running, last_start)
            span.set_attribute("knutpunkt.outcome", outcome.delivery)
            if outcome.cause:
                failed(span, outcome.cause.code)
            return outcome


class TracedTransport(httpx.AsyncBaseTransport):
    """Makes a span of each call of one connection, and tells its system of it."""

    def __init__(self, way: httpx.AsyncBaseTransport, tracing: Tracing) -> None:
        self._way, self._tracing = way, tracing

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        with self._tracing.call(request.method, request.headers) as span:
            span.set_attribute("http.request.method", request.method)
            span.set_attribute("server.address", request.url.host)
            if request.url.port:
                span.set_attribute("server.port", request.url.port)
            response = await self._way.handle_async_request(request)
            span.set_attribute("http.response.status_code", response.status_code)
            return response

    async def aclose(self) -> None:
        await self._way.aclose()
