"""Through a proxy: a real one that asks for a password. What cannot go through it goes nowhere."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
import trustme

from hub.clock import DomainClock
from hub.conformance.driver import Memory
from hub.sdk import ConnectorError, CredentialsError, Lent, RejectedError, TransientError
from hub.sdk.http import transport
from hub.sdk.tls import certificates_in, tls_context
from hub.sdk.tunnel import through
from tests.counterparts.ports import free_port
from tests.counterparts.tinyproxy import PASSWORD, Tinyproxy

GREETING = b"220 mail.example\r\n"


@pytest.fixture(scope="module")
def proxy() -> Iterator[Tinyproxy]:
    with Tinyproxy() as running:
        yield running


AUTHORITY = trustme.CA()
TRUSTED = tls_context(trusted=certificates_in(AUTHORITY.cert_pem.bytes()))


def lent(proxy: str) -> Lent:
    return Lent(
        transport=transport(tls=TRUSTED, proxy=proxy), clock=DomainClock(), state=Memory(),
        log=logging.getLogger(__name__), tls=TRUSTED, tunnel=through(proxy), timeout=timedelta(seconds=5),
    )  # fmt: skip


@asynccontextmanager
async def server(*, tls: bool = False, greets: bool = False) -> AsyncIterator[tuple[int, list[int]]]:
    """A server that answers as HTTP does, or greets at once; its port, and whoever reached it."""
    came: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(writer.get_extra_info("peername")[1])
        try:
            if greets:
                writer.write(GREETING)
            if await reader.read(1000):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
            await writer.drain()
        except OSError:
            return
        finally:
            writer.close()

    side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    AUTHORITY.issue_cert("localhost").configure_cert(side)
    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=side if tls else None) as listening:
        yield listening.sockets[0].getsockname()[1], came


async def every_way(here: Lent, plain: int, secret: int) -> list[Any]:
    """What comes of each way to a system: an answer, or one of the four errors."""

    async def dialled(port: int, *, tls: bool) -> bytes:
        async with here.dial("localhost", port, tls=tls) as (reader, writer):
            writer.write(b"x\r\n")
            return await reader.read(8)

    async def handed() -> bytes:
        try:
            way = await here.connected("localhost", plain)
        except OSError as error:
            raise TransientError(str(error)) from error
        reader, writer = await asyncio.open_connection(sock=way)
        writer.write(b"x\r\n")
        told = await reader.read(8)
        writer.close()
        return told

    ways = [
        here.http(f"http://localhost:{plain}").post("x"),
        here.http(f"https://localhost:{secret}").post("x"),
        dialled(plain, tls=False),
        dialled(secret, tls=True),
        handed(),
    ]
    found = await asyncio.gather(*ways, return_exceptions=True)
    await here.aclose()
    return found


def test_every_way_to_a_system_goes_through_the_proxy_with_its_password(proxy: Tinyproxy) -> None:
    async def story() -> None:
        async with server() as (plain, _), server(tls=True) as (secret, _):
            found = await every_way(lent(proxy.url), plain, secret)
            assert not [one for one in found if isinstance(one, BaseException)], found
            assert found[2:] == [b"HTTP/1.1"] * 3
            assert proxy.asked_for(f"POST http://localhost:{plain}/x")
            assert proxy.asked_for(f"CONNECT localhost:{secret}")
            assert proxy.asked_for(f"CONNECT localhost:{plain}")

    asyncio.run(story())


@pytest.mark.parametrize("how", ["down", "silent", "no proxy"])
def test_when_the_proxy_is_down_nothing_goes_round_it(how: str) -> None:
    async def story() -> None:
        async with server() as (plain, reached), server(tls=True) as (secret, reached_too), other(how) as at:
            here = lent(f"http://hub:{PASSWORD}@127.0.0.1:{at}")
            found = await every_way(here, plain, secret)
            assert all(isinstance(one, ConnectorError) for one in found), found
            assert [one for one in found if isinstance(one, CredentialsError | RejectedError)] == []
            assert all(isinstance(one, TransientError) for one in found[2:]), "before a tunnel stands nothing is sent"
            assert PASSWORD not in "".join(map(str, found))
            assert (reached, reached_too) == ([], [])

    asyncio.run(story())


@asynccontextmanager
async def other(how: str) -> AsyncIterator[int]:
    """Something else where the proxy should be."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        if how == "no proxy":
            writer.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
        writer.close()

    if how == "down":
        yield free_port()
        return
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        yield listening.sockets[0].getsockname()[1]


def test_a_proxy_that_refuses_us_pauses_the_connection_and_nothing_goes_round_it(proxy: Tinyproxy) -> None:
    async def story(url: str) -> None:
        async with server() as (plain, reached), server(tls=True) as (secret, reached_too):
            found = await every_way(lent(url), plain, secret)
            assert [type(one) for one in found] == [CredentialsError] * 5, found
            assert all("proxy" in str(one) for one in found[1:]), found
            assert PASSWORD not in "".join(map(str, found))
            assert (reached, reached_too) == ([], [])

    asyncio.run(story(proxy.url.replace(PASSWORD, "wrong")))
    asyncio.run(story(f"http://127.0.0.1:{proxy.port}"))


def test_a_system_that_the_proxy_does_not_reach_is_for_later(proxy: Tinyproxy) -> None:
    async def story() -> None:
        found = await every_way(lent(proxy.url), free_port(), free_port())
        assert [type(one) for one in found[1:]] == [TransientError] * 4, found

    asyncio.run(story())


@pytest.mark.parametrize(
    "status, kind", [(403, RejectedError), (404, RejectedError), (429, TransientError), (502, TransientError)]
)
def test_what_a_proxy_answers_says_what_to_do(status: int, kind: type[ConnectorError]) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode())
        writer.close()

    async def story() -> None:
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
            url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
            found = await every_way(lent(url), 1, 1)
            assert [type(one) for one in found[1:]] == [kind] * 4, found

    asyncio.run(story())


def test_what_the_other_side_says_at_once_is_not_lost(proxy: Tinyproxy) -> None:
    async def story() -> None:
        async with server(greets=True) as (port, _), lent(proxy.url).dial("localhost", port) as (reader, writer):
            assert await reader.readexactly(len(GREETING)) == GREETING
            writer.write(b"QUIT\r\n")

    asyncio.run(story())


def test_a_proxy_over_tls_leads_http_only_and_says_so() -> None:
    async def story() -> None:
        with pytest.raises(RejectedError, match="only a proxy that is spoken to in http://"):
            await through("https://proxy.example.se:3128")("mail.example.se", 587)

    asyncio.run(story())


def test_a_password_with_signs_in_it_is_sent_as_it_is() -> None:
    async def story() -> None:
        asked: list[bytes] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            writer.close()

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
            port = listening.sockets[0].getsockname()[1]
            way = await through(f"http://h%C3%A5b:a%40b%3Ac@127.0.0.1:{port}")("::1", 993)
            way.close()
        assert asked[0].startswith(b"CONNECT [::1]:993 HTTP/1.1\r\nHost: [::1]:993\r\n")
        assert b"Proxy-Authorization: Basic aMOlYjphQGI6Yw==\r\n" in asked[0]

    asyncio.run(story())
