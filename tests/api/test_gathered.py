"""What the server writes in one turn goes out together, and nobody who writes much is let run ahead."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from hub.api.gathered import GatheredHttp

pytestmark = pytest.mark.anyio

CHUNK, CHUNKS = b"x" * 64 * 1024, 400


class Wire(asyncio.Transport):
    """What was sent, piece by piece."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.sent: list[bytes] = []
        self.closed = False
        self.first = asyncio.Event()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent.append(bytes(data))
        self.first.set()

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


class Served:
    """A small application, and how much of its stream has been asked of it."""

    def __init__(self) -> None:
        self.made = 0
        self.app = Starlette(routes=[Route("/short", self.short), Route("/long", self.long)])

    async def short(self, request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"hello {request.query_params['n']}")

    async def long(self, _: Request) -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            for _n in range(CHUNKS):
                self.made += 1
                yield CHUNK

        return StreamingResponse(pieces())


@asynccontextmanager
async def served() -> AsyncIterator[tuple[Served, int]]:
    here = Served()
    config = uvicorn.Config(here.app, port=0, http=GatheredHttp, lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        yield here, server.servers[0].sockets[0].getsockname()[1]
    finally:
        await server.shutdown()


async def test_head_and_body_go_out_together() -> None:
    config = uvicorn.Config(Served().app, lifespan="off", log_config=None)
    config.load()
    wire, state = Wire(), uvicorn.server.ServerState()
    protocol = GatheredHttp(config, state, {})
    protocol.connection_made(wire)
    protocol.data_received(b"GET /short?n=1 HTTP/1.1\r\nHost: x\r\n\r\n")
    await asyncio.wait_for(wire.first.wait(), 5)
    assert [piece.endswith(b"\r\n\r\nhello 1") for piece in wire.sent] == [True]


async def test_answers_to_requests_sent_at_once_come_in_order_and_the_last_before_the_end() -> None:
    async with served() as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        asked = [f"GET /short?n={n} HTTP/1.1\r\nHost: x\r\n\r\n" for n in range(20)]
        writer.write("".join([*asked, "GET /short?n=20 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"]).encode())
        told = (await reader.read()).decode()
        writer.close()
    assert [part.split("HTTP/1.1")[0] for part in told.split("hello ")[1:]] == [str(n) for n in range(21)]


async def test_who_writes_much_waits_for_who_reads_slowly() -> None:
    async with served() as (here, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        writer.write(b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n")
        before = -1
        while here.made != before:
            before = here.made
            await asyncio.sleep(0.05)
        assert 0 < before < CHUNKS
        left = len(CHUNK) * CHUNKS
        while left > 0:
            left -= (await reader.read(1 << 20)).count(b"x")
        assert here.made == CHUNKS
        writer.close()


@pytest.mark.parametrize("ended", [b"", b"GET /sho"])
async def test_a_caller_that_hangs_up_stops_no_other(ended: bytes) -> None:
    async with served() as (_, port):
        _, gone = await asyncio.open_connection("127.0.0.1", port)
        gone.write(b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n" + ended)
        gone.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /short?n=1 HTTP/1.0\r\nHost: x\r\n\r\n")
        assert (await reader.read()).endswith(b"hello 1")
        writer.close()
