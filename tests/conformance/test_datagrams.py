"""The relay of datagrams on real sockets: what each fault looks like from both ends."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from hub.conformance.datagrams import DatagramRelay, UdpFault

A_WHILE = 0.1
"""Seconds of silence that are taken for silence."""


class Echo(asyncio.DatagramProtocol):
    """Answers each datagram with `<datagram>`."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.heard.append(data)
        self.transport.sendto(b"<" + data + b">", addr)


class Client(asyncio.DatagramProtocol):
    """Keeps what it is answered."""

    def __init__(self) -> None:
        self.answers: asyncio.Queue[bytes] = asyncio.Queue()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:  # noqa: ARG002
        self.answers.put_nowait(data)

    async def answered(self) -> bytes | None:
        """The next answer, or None after a while."""
        try:
            return await asyncio.wait_for(self.answers.get(), A_WHILE)
        except TimeoutError:
            return None


@dataclass
class Stand:
    echo: Echo
    relay: DatagramRelay
    client: Client
    plan: list[UdpFault | None] = field(default_factory=list)

    async def asks(self, datagram: bytes, fault: UdpFault | None = None) -> None:
        """Send one, broken so."""
        self.plan.append(fault)
        self.client.transport.sendto(datagram)


@asynccontextmanager
async def standing() -> AsyncIterator[Stand]:
    loop, plan = asyncio.get_running_loop(), list[UdpFault | None]()
    server, echo = await loop.create_datagram_endpoint(Echo, ("127.0.0.1", 0))
    relay = DatagramRelay(server.get_extra_info("sockname")[1], lambda: plan.pop(0), echo.heard.append)
    port = await relay.start()
    transport, client = await loop.create_datagram_endpoint(Client, remote_addr=("127.0.0.1", port))
    try:
        yield Stand(echo, relay, client, plan)
    finally:
        transport.close()
        await relay.stop()
        server.close()
        await asyncio.sleep(0)


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(story, 10))


def test_what_is_not_broken_comes_through_both_ways() -> None:
    async def story() -> None:
        async with standing() as stand:
            await stand.asks(b"one")
            assert await stand.client.answered() == b"<one>"
            await stand.asks(b"two")
            assert await stand.client.answered() == b"<two>"

    run(story())


def test_what_is_lost_was_never_heard() -> None:
    async def story() -> None:
        async with standing() as stand:
            await stand.asks(b"one", UdpFault.LOST)
            assert await stand.client.answered() is None
            assert stand.echo.heard == []

    run(story())


def test_a_lost_answer_was_heard() -> None:
    async def story() -> None:
        async with standing() as stand:
            await stand.asks(b"one", UdpFault.ANSWER_LOST)
            assert await stand.client.answered() is None
            assert stand.echo.heard == [b"one"]
            await stand.asks(b"two")
            assert await stand.client.answered() == b"<two>"

    run(story())


def test_what_is_late_is_heard_when_it_lands_and_once() -> None:
    async def story() -> None:
        async with standing() as stand:
            await stand.asks(b"one", UdpFault.LATE)
            assert await stand.client.answered() is None
            assert stand.echo.heard == []
            stand.relay.land()
            stand.relay.land()
            assert stand.echo.heard == [b"one"]

    run(story())


def test_a_doubled_question_is_heard_and_answered_twice() -> None:
    async def story() -> None:
        async with standing() as stand:
            await stand.asks(b"one", UdpFault.DOUBLED)
            assert [await stand.client.answered() for _ in range(3)] == [b"<one>", b"<one>", None]
            assert stand.echo.heard == [b"one", b"one"]

    run(story())


def test_a_doubled_answer_comes_twice_and_was_heard_once() -> None:
    async def story() -> None:
        async with standing() as stand:
            await stand.asks(b"one", UdpFault.ANSWER_DOUBLED)
            assert [await stand.client.answered() for _ in range(3)] == [b"<one>", b"<one>", None]
            assert stand.echo.heard == [b"one"]

    run(story())


def test_an_overtaken_answer_comes_after_the_next() -> None:
    async def story() -> None:
        async with standing() as stand:
            await stand.asks(b"one", UdpFault.ANSWER_OVERTAKEN)
            assert await stand.client.answered() is None
            await stand.asks(b"two")
            assert [await stand.client.answered() for _ in range(3)] == [b"<two>", b"<one>", None]

    run(story())


def test_a_late_answer_comes_before_the_next() -> None:
    async def story() -> None:
        async with standing() as stand:
            await stand.asks(b"one", UdpFault.ANSWER_LATE)
            assert await stand.client.answered() is None
            await stand.asks(b"two")
            assert [await stand.client.answered() for _ in range(3)] == [b"<one>", b"<two>", None]

    run(story())


def test_an_answer_is_cut_or_garbage() -> None:
    async def story() -> None:
        async with standing() as stand:
            await stand.asks(b"one two", UdpFault.CUT)
            assert await stand.client.answered() == b"<one"
            await stand.asks(b"three", UdpFault.GARBAGE)
            assert await stand.client.answered() == b"\xff" * 64

    run(story())
