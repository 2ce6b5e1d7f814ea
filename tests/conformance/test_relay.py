"""The relay on real sockets: what each fault looks like from both ends, and that nothing is left behind."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from hub.conformance.relay import Relay, TcpFault

DEADLINE = 5.0
"""Seconds after which a condition that is waited for will not come."""
A_WHILE = 0.05
"""Seconds of silence that are taken for silence."""

Greeting = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class EchoServer:
    """Answers each chunk with `<chunk>`, and may speak first."""

    speaks_first: bytes = b""
    heard: bytes = b""
    connections: int = 0
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.append(writer)
        writer.write(self.speaks_first)
        try:
            while chunk := await reader.read(4096):
                self.heard += chunk
                writer.write(b"<" + chunk + b">")
                await writer.drain()
        except OSError:
            pass
        finally:
            await hang_up(writer)


@dataclass
class Stand:
    server: EchoServer
    port: int
    plan: list[TcpFault | None]
    hits: int = 0

    def hit(self) -> TcpFault | None:
        self.hits += 1
        return self.plan.pop(0) if self.plan else None

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield reader, writer
        finally:
            await hang_up(writer)


@asynccontextmanager
async def relayed(*plan: TcpFault | None, speaks_first: bytes = b"") -> AsyncIterator[Stand]:
    server = EchoServer(speaks_first)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    stand = Stand(server, 0, list(plan))
    relay = Relay(listening.sockets[0].getsockname()[1], stand.hit)
    stand.port = await relay.start()
    try:
        yield stand
    finally:
        await relay.stop()
        listening.close()
        await eventually(lambda: all(writer.transport.is_closing() for writer in server.writers))


async def hang_up(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def eventually(so: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not so():  # noqa: ASYNC110  (what is waited for is the other end's, and rings no bell here)
            await asyncio.sleep(0)


def run(story: Coroutine[Any, Any, None]) -> None:
    """Tell the story within the deadline; no task may be left running, no socket open."""

    async def whole() -> None:
        async with asyncio.timeout(DEADLINE):
            await story
        await eventually(lambda: asyncio.all_tasks() == {asyncio.current_task()})

    asyncio.run(whole())
    gc.collect()


async def exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, words: bytes, *, expect: int | None = None
) -> bytes:
    writer.write(words)
    return await reader.readexactly(len(words) + 2 if expect is None else expect)


async def is_silent(reader: asyncio.StreamReader) -> bool:
    try:
        await asyncio.wait_for(reader.read(1), A_WHILE)
    except TimeoutError:
        return True
    return False


def test_without_a_fault_everything_passes_both_ways_and_each_chunk_counts() -> None:
    async def story() -> None:
        async with relayed() as stand, stand.connected() as (reader, writer):
            assert await exchange(reader, writer, b"one") == b"<one>"
            assert await exchange(reader, writer, b"two") == b"<two>"
            assert stand.hits == 2

    run(story())


def test_the_server_may_speak_first_and_unasked() -> None:
    async def story() -> None:
        async with relayed(speaks_first=b"hello") as stand, stand.connected() as (reader, _):
            assert await reader.readexactly(5) == b"hello"
            stand.server.writers[0].write(b"again")
            assert await reader.readexactly(5) == b"again"
            assert stand.hits == 0

    run(story())


def test_an_end_of_the_clients_stream_is_passed_on_and_the_answer_still_comes() -> None:
    async def story() -> None:
        async with relayed() as stand, stand.connected() as (reader, writer):
            writer.write(b"last words")
            writer.write_eof()
            assert await reader.read() == b"<last words>"

    run(story())


def test_megabytes_pass_whole() -> None:
    async def story() -> None:
        async with relayed() as stand, stand.connected() as (reader, writer):
            much = bytes(range(256)) * 8192
            writer.write(much)
            writer.write_eof()
            answer = await reader.read()
            assert stand.server.heard == much
            assert len(answer) >= len(much)

    run(story())


@pytest.mark.parametrize("earlier", [0, 1])
def test_refused_is_a_reset_and_the_server_never_hears_of_it(earlier: int) -> None:
    async def story() -> None:
        async with relayed(*[None] * earlier, TcpFault.REFUSED) as stand, stand.connected() as (reader, writer):
            for _ in range(earlier):
                assert await exchange(reader, writer, b"before") == b"<before>"
            with pytest.raises(ConnectionResetError):
                await exchange(reader, writer, b"refused")
            await eventually(lambda: all(w.transport.is_closing() for w in stand.server.writers))
            assert stand.server.heard == b"before" * earlier

    run(story())


def test_no_answer_swallows_the_chunk_and_stays_silent_until_the_client_gives_up() -> None:
    async def story() -> None:
        async with relayed(TcpFault.NO_ANSWER) as stand:
            async with stand.connected() as (reader, writer):
                writer.write(b"lost")
                await eventually(lambda: stand.hits == 1)
                writer.write(b"also lost")
                stand.server.writers[0].write(b"nor this")
                assert await is_silent(reader)
                assert stand.server.heard == b""
            await eventually(stand.server.writers[0].transport.is_closing)
            assert stand.hits == 1

    run(story())


def test_a_lost_answer_is_a_reset_after_the_server_has_acted() -> None:
    async def story() -> None:
        async with relayed(TcpFault.ANSWER_LOST) as stand, stand.connected() as (reader, writer):
            with pytest.raises(ConnectionResetError):
                await exchange(reader, writer, b"done", expect=1)
            assert stand.server.heard == b"done"

    run(story())


def test_cut_in_the_middle_returns_half_and_ends() -> None:
    async def story() -> None:
        async with relayed(TcpFault.CUT_MID_BODY) as stand, stand.connected() as (reader, writer):
            writer.write(b"12345678")
            assert await reader.read() == b"<1234"
            assert stand.server.heard == b"12345678"

    run(story())


@pytest.mark.parametrize("length", [3, 100])
def test_garbage_is_as_long_as_the_answer_and_not_too_short_and_then_all_is_well(length: int) -> None:
    async def story() -> None:
        async with relayed(TcpFault.GARBAGE) as stand, stand.connected() as (reader, writer):
            expected = max(length + 2, 64)
            assert await exchange(reader, writer, b"x" * length, expect=expected) == b"\xff" * expected
            assert await exchange(reader, writer, b"again") == b"<again>"

    run(story())


def test_a_slow_drip_withholds_the_last_byte_and_all_that_follows() -> None:
    async def story() -> None:
        async with relayed(TcpFault.SLOW_DRIP) as stand, stand.connected() as (reader, writer):
            assert await exchange(reader, writer, b"slow", expect=5) == b"<slow"
            writer.write(b"hello?")
            assert await is_silent(reader)
            assert stand.server.heard == b"slow"
            assert stand.hits == 1

    run(story())


def test_the_next_connection_after_a_fault_is_whole() -> None:
    async def story() -> None:
        for fault in (TcpFault.REFUSED, TcpFault.ANSWER_LOST, TcpFault.CUT_MID_BODY):
            async with relayed(fault) as stand:
                async with stand.connected() as (reader, writer):
                    writer.write(b"broken")
                    try:
                        await reader.read()
                    except ConnectionResetError:
                        assert fault is not TcpFault.CUT_MID_BODY
                async with stand.connected() as (reader, writer):
                    assert await exchange(reader, writer, b"whole") == b"<whole>"

    run(story())


def test_stopping_does_not_wait_for_a_server_that_reads_nothing() -> None:
    async def story() -> None:
        async with relayed() as stand:

            async def deaf(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                stand.server.writers.append(writer)

            listening = await asyncio.start_server(deaf, "127.0.0.1", 0)
            relay = Relay(listening.sockets[0].getsockname()[1], stand.hit)
            stand.port = await relay.start()
            async with stand.connected() as (_, writer):
                writer.write(bytes(32 << 20))
                await eventually(lambda: stand.hits > 10)
                await relay.stop()
                writer.transport.abort()
            await hang_up(stand.server.writers[0])
            listening.close()

    run(story())


def test_nothing_behind_it_looks_like_a_reset() -> None:
    async def story() -> None:
        async with relayed() as stand:
            dead = await asyncio.start_server(stand.server.serve, "127.0.0.1", 0)
            port = dead.sockets[0].getsockname()[1]
            dead.close()
            await dead.wait_closed()
            relay = Relay(port, stand.hit)
            stand.port = await relay.start()
            async with stand.connected() as (reader, _):
                with pytest.raises(ConnectionResetError):
                    await reader.read(1)
            await relay.stop()

    run(story())


def test_stopping_drops_open_connections_and_may_be_done_unstarted_or_twice() -> None:
    async def story() -> None:
        async with relayed() as stand:
            relay = Relay(1, stand.hit)
            await relay.stop()
        async with relayed() as stand:
            reader, writer = await asyncio.open_connection("127.0.0.1", stand.port)
            assert await exchange(reader, writer, b"here") == b"<here>"
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await exchange(reader, writer, b"gone")
        await hang_up(writer)

    run(story())
