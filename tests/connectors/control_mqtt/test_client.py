"""The session against a broker that a test plays byte by byte, for what no broker at hand does."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from paho.mqtt import client as mqtt

from hub.conformance.base import test as in_a_loop
from hub.sdk import ConnectorError, CredentialsError, RejectedError, TransientError, UnknownOutcomeError
from hub.sdk.mqtt import Endpoint, Heard, Patience, Session
from tests.connectors.control_mqtt.stand import never
from tests.connectors.rooms import eventually

Play = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
LET_IN = bytes.fromhex("20 03 00 00 00")
"""CONNACK of MQTT 5: no session, success, no properties."""


def refused(reason: int) -> bytes:
    """CONNACK of MQTT 5 with a reason."""
    return bytes([0x20, 3, 0, reason, 0])


async def packet(reader: asyncio.StreamReader) -> bytes:
    """The next packet from the client, which is short."""
    head = await reader.readexactly(2)
    return head + await reader.readexactly(head[1])


async def let_in(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accept the client and its one subscription."""
    await packet(reader)
    writer.write(LET_IN)
    subscribe = await packet(reader)
    writer.write(bytes([0x90, 4, *subscribe[2:4], 0, 1]))


@asynccontextmanager
async def played(play: Play, patience: Patience | None = None) -> AsyncIterator[tuple[Session, list[Heard], list[int]]]:
    """A session with a broker that is played; gives what it heard, and its connections."""
    heard: list[Heard] = []
    connections: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(1)
        try:
            await play(reader, writer)
            await reader.read()
        except (OSError, EOFError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    endpoint = Endpoint(
        host="127.0.0.1", port=port, server_name="broker.test", client_id="hub", timeout=timedelta(seconds=1)
    )
    session = Session(lambda: endpoint, ["state"], heard.append, logging.getLogger("test"), timedelta(seconds=30))
    session.patience = patience or Patience()
    try:
        yield session, heard, connections
    finally:
        await session.close()
        server.close()
        await server.wait_closed()


def soon(seconds: float = 2.0) -> float:
    return asyncio.get_running_loop().time() + seconds


@in_a_loop
async def test_a_broker_that_says_who_took_our_place_is_left_to_them_at_once() -> None:
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await let_in(reader, writer)
        writer.write(bytes([0xE0, 2, 142, 0]))

    async with played(play, Patience(first=timedelta(milliseconds=1))) as (session, _, connections):
        await session.ready(soon())
        await eventually(lambda: not session.comes_back)
        await never(lambda: len(connections) > 1)
        with pytest.raises(CredentialsError, match="client id hub"):
            await session.ready(soon())
        await session.ready(soon())
        assert len(connections) == 2


@pytest.mark.parametrize(
    "reason, error",
    [
        (134, CredentialsError),
        (135, CredentialsError),
        (138, CredentialsError),
        (136, TransientError),
        (137, TransientError),
        (151, TransientError),
        (132, RejectedError),
        (133, RejectedError),
    ],
)
@in_a_loop
async def test_a_refusal_is_named_for_what_happens_next(reason: int, error: type[ConnectorError]) -> None:
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await packet(reader)
        writer.write(refused(reason))

    async with played(play, Patience(first=timedelta(seconds=30))) as (session, _, connections):
        with pytest.raises(error, match=r"broker\.test") as raised:
            await session.ready(soon())
        assert type(raised.value) is error
        await eventually(lambda: session.comes_back is (error is TransientError))
        assert len(connections) == 1


@pytest.mark.parametrize(
    "reason, error", [(16, TransientError), (135, RejectedError), (144, RejectedError), (151, TransientError)]
)
@in_a_loop
async def test_what_a_broker_says_of_a_message_is_heeded(reason: int, error: type[ConnectorError]) -> None:
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await let_in(reader, writer)
        sent = await packet(reader)
        mid = sent[4 + len("lamp/set") : 6 + len("lamp/set")]
        writer.write(bytes([0x40, 3, *mid, reason]))

    async with played(play) as (session, _, _):
        with pytest.raises(error, match="lamp/set"):
            await session.publish("lamp/set", b"{}", soon())


@in_a_loop
async def test_a_refused_subscription_is_named() -> None:
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await packet(reader)
        writer.write(LET_IN)
        subscribe = await packet(reader)
        writer.write(bytes([0x90, 4, *subscribe[2:4], 0, 135]))

    async with played(play) as (session, _, _):
        with pytest.raises(RejectedError, match="may not subscribe to state"):
            await session.ready(soon())


@pytest.mark.parametrize(
    "packet_of_nonsense",
    ["30 05 00 01 61 ff ff", "30 02 00 09", "40 01 00", "40 04 00 01 00 ff", "90 01 00", "20 00", "30 00", "ff ff ff"],
)
@in_a_loop
async def test_a_malformed_packet_is_a_lost_connection_and_no_dead_thread(packet_of_nonsense: str) -> None:
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await let_in(reader, writer)
        await packet(reader)
        writer.write(bytes.fromhex(packet_of_nonsense))

    async with played(play, Patience(first=timedelta(milliseconds=1))) as (session, _, connections):
        with pytest.raises(UnknownOutcomeError):
            await session.publish("lamp/set", b"{}", soon(0.5))
        await eventually(lambda: len(connections) > 1)


def test_an_error_inside_the_library_is_told_and_ends_in_no_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a fault of paho's own")

    @in_a_loop
    async def story() -> None:
        async with played(let_in) as (session, _, connections):
            with pytest.raises(TransientError, match="RuntimeError"):
                await session.ready(soon())
            assert connections == []

    monkeypatch.setattr(mqtt.Client, "loop_forever", broken)
    story()


@in_a_loop
async def test_messages_are_heard_with_what_is_retained_marked() -> None:
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await let_in(reader, writer)
        writer.write(bytes.fromhex("31 09") + b"\0\5state\0" + b"1")
        writer.write(bytes.fromhex("30 09") + b"\0\5state\0" + b"2")

    async with played(play) as (session, heard, _):
        await session.ready(soon())
        await eventually(lambda: len(heard) == 2)
        assert heard == [Heard("state", b"1", retained=True), Heard("state", b"2", retained=False)]


@in_a_loop
async def test_a_broker_that_says_nothing_is_given_up_in_time_and_left_without_a_thread() -> None:
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await packet(reader)

    async with played(play) as (session, _, _):
        began = asyncio.get_running_loop().time()
        with pytest.raises(TransientError, match="no answer to connecting"):
            await session.ready(soon(0.2))
        assert asyncio.get_running_loop().time() - began < 1.0


@in_a_loop
async def test_many_who_want_to_send_share_one_connection() -> None:
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await let_in(reader, writer)

    async with played(play) as (session, _, connections):
        links = await asyncio.gather(*(session.ready(soon()) for _ in range(20)))
        assert len(set(map(id, links))) == 1
        assert len(connections) == 1


@in_a_loop
async def test_what_is_closed_stays_closed() -> None:
    async with played(let_in) as (session, _, connections):
        await session.close()
        with pytest.raises(TransientError, match="closed"):
            await session.publish("lamp/set", b"{}", soon())
        assert connections == []


def test_patience_doubles_up_to_its_most() -> None:
    patience = Patience(first=timedelta(seconds=1), most=timedelta(seconds=60))
    assert [patience.delay(losses) for losses in (1, 2, 3, 6, 7, 1000)] == [1, 2, 4, 32, 60, 60]
