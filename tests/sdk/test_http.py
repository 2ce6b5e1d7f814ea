"""The lent client on real sockets: what is not known to have happened is never called nothing."""

import asyncio
import gzip
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import trustme

from hub.clock import DomainClock
from hub.conformance.driver import Memory
from hub.sdk import ConnectorError, CredentialsError, Lent, RejectedError, TransientError, UnknownOutcomeError
from hub.sdk.http import transport
from hub.sdk.tls import tls_context

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
BROKEN = {"closed": b"", "half a head": HEAD[:12], "half a body": HEAD + b"{", "junk": b"\x00\x01 junk\r\n\r\n"}


def lend(ca_file: Path | None = None, *, proxy: str | None = None, patience: float = 0.2) -> Lent:
    return Lent(
        transport=transport(ca_file=ca_file, proxy=proxy),
        clock=DomainClock(),
        state=Memory(),
        log=logging.getLogger(__name__),
        tls=tls_context(ca_file) if ca_file else None,
        timeout=timedelta(seconds=patience),
    )


@asynccontextmanager
async def listening(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (OSError, EOFError):
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(closing, "127.0.0.1", 0, ssl=tls) as server:
        yield server.sockets[0].getsockname()[1]


def answering(*chunks: bytes, every: float = 0) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for chunk in chunks:
            writer.write(chunk)
            await writer.drain()
            await asyncio.sleep(every)

    return serve


OK = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")


async def failing(url: str, *, safe: bool = False, lent: Lent | None = None) -> ConnectorError:
    lent = lent or lend()
    try:
        with pytest.raises(ConnectorError) as caught:
            await lent.http(url).post("invoices", safe=safe, content=b"x")
        return caught.value
    finally:
        await lent.aclose()


async def failing_at(serve: Serve, *, safe: bool = False) -> ConnectorError:
    async with listening(serve) as port:
        return await failing(f"http://127.0.0.1:{port}", safe=safe)


def told(*heads: str, body: bytes = b"ok") -> bytes:
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", "Connection: close", *heads, "", ""]
    return "\r\n".join(lines).encode() + body


def test_a_session_that_a_system_keeps_by_a_cookie_goes_on() -> None:
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(told("Set-Cookie: session=7; Path=/") if len(asked) == 1 else told())

    async def calls() -> None:
        lent = lend()
        async with listening(serve) as port:
            http = lent.http(f"http://127.0.0.1:{port}/api/")
            for path in ("login", "doors/7?open=1"):
                await http.get(path)
        await lent.aclose()

    asyncio.run(calls())
    assert b"Cookie" not in asked[0]
    assert asked[1].startswith(b"GET /api/doors/7?open=1 HTTP/1.1")
    assert b"Cookie: session=7" in asked[1].replace(b"cookie:", b"Cookie:")


@pytest.mark.parametrize("base", ["http://h", "http://h/", "http://h/a", "http://h:81/a/", "https://u:p@h/a b/"])
@pytest.mark.parametrize(
    "path",
    ["x", "/x", "", "/", "x/y?q=1", "?x=1", "x%20y", "å ä", "a?b=c d", "./k", "../z", "x;y=1", "http://o/x", "//o/x"],
)
def test_a_path_leads_to_where_httpx_would_go(base: str, path: str) -> None:
    async def asked(url: str) -> httpx.URL:
        urls: list[httpx.URL] = []

        def answer(request: httpx.Request) -> httpx.Response:
            urls.append(request.url)
            return httpx.Response(200)

        lent = Lent(
            transport=httpx.MockTransport(answer), clock=DomainClock(), state=Memory(), log=logging.getLogger(__name__)
        )
        await lent.http(base).get(url)
        await lent.aclose()
        return urls[0]

    assert asyncio.run(asked(path)) == httpx.Client(base_url=base).build_request("GET", path).url


def test_a_colon_in_a_key_is_no_scheme() -> None:
    async def asked() -> str:
        lent = Lent(
            transport=httpx.MockTransport(lambda request: httpx.Response(200, text=str(request.url))),
            clock=DomainClock(), state=Memory(), log=logging.getLogger(__name__),
        )  # fmt: skip
        answer = await lent.http("http://h/api/").get("hub-A:7")
        await lent.aclose()
        return answer.response.text

    assert asyncio.run(asked()) == "http://h/api/hub-A:7"


@pytest.mark.parametrize("auth", [httpx.BasicAuth("hub", "secret"), httpx.DigestAuth("hub", "secret")])
def test_a_password_is_shown_as_httpx_shows_it(auth: httpx.Auth) -> None:
    challenge = {"WWW-Authenticate": 'Digest realm="locks", nonce="7", qop="auth"'}

    async def asked() -> str:
        def answer(request: httpx.Request) -> httpx.Response:
            shown = request.headers.get("Authorization")
            return httpx.Response(200, text=shown) if shown else httpx.Response(401, headers=challenge)

        lent = Lent(
            transport=httpx.MockTransport(answer), clock=DomainClock(), state=Memory(), log=logging.getLogger(__name__)
        )
        told = await lent.http("http://h", auth=auth).get("doors")
        await lent.aclose()
        return told.response.text

    shown = asyncio.run(asked())
    assert shown.startswith('Digest username="hub"') or shown == "Basic aHViOnNlY3JldA=="


def test_a_packed_answer_is_unpacked_and_one_that_cannot_be_is_no_answer() -> None:
    async def read() -> bytes:
        lent = lend()
        async with listening(answering(told("Content-Encoding: gzip", body=gzip.compress(b"whole")))) as port:
            answer = await lent.http(f"http://127.0.0.1:{port}").get("doors")
            await lent.aclose()
            return answer.read(bytes)

    assert asyncio.run(read()) == b"whole"
    torn = answering(told("Content-Encoding: gzip", body=b"not packed"))
    assert type(asyncio.run(failing_at(torn))) is UnknownOutcomeError


@pytest.mark.parametrize("how", BROKEN)
def test_an_answer_lost_after_the_request_is_an_unknown_outcome(how: str) -> None:
    assert type(asyncio.run(failing_at(answering(BROKEN[how])))) is UnknownOutcomeError
    assert type(asyncio.run(failing_at(answering(BROKEN[how]), safe=True))) is TransientError


def test_a_slow_drip_ends_at_the_timeout() -> None:
    drip = answering(HEAD, *[b"x"] * 9, every=0.05)
    assert type(asyncio.run(failing_at(drip))) is UnknownOutcomeError


def test_no_connection_changed_nothing() -> None:
    assert type(asyncio.run(failing("http://127.0.0.1:1"))) is TransientError


@pytest.mark.parametrize(
    "status, kind",
    [
        (401, CredentialsError),
        (403, CredentialsError),
        (404, RejectedError),
        (302, RejectedError),
        (429, TransientError),
        (503, TransientError),
        (500, UnknownOutcomeError),
        (502, UnknownOutcomeError),
    ],
)
def test_a_status_says_what_to_do_next(status: int, kind: type[ConnectorError]) -> None:
    async def answered() -> ConnectorError:
        lent = Lent(
            transport=httpx.MockTransport(lambda _: httpx.Response(status, headers={"Retry-After": "30"})),
            clock=DomainClock(),
            state=Memory(),
            log=logging.getLogger(__name__),
        )
        return await failing("https://example.se/api", lent=lent)

    error = asyncio.run(answered())
    assert type(error) is kind
    assert f"POST /api/invoices: {status}" in str(error)
    if isinstance(error, TransientError):
        assert error.retry_after == timedelta(seconds=30)


@pytest.fixture
def authority(tmp_path: Path) -> tuple[trustme.CA, Path]:
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "ca.pem")
    return made, tmp_path / "ca.pem"


def server_tls(authority: trustme.CA, name: str = "localhost") -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    return context


def test_a_server_with_a_private_ca_is_trusted_when_its_file_is_given(authority: tuple[trustme.CA, Path]) -> None:
    async def story() -> bytes:
        async with listening(OK, server_tls(authority[0])) as port:
            lent = lend(authority[1], patience=2)
            try:
                return (await lent.http(f"https://localhost:{port}").get("health")).read(bytes)
            finally:
                await lent.aclose()

    assert asyncio.run(story()) == b"ok"


@pytest.mark.parametrize("fault", ["unknown authority", "another name"])
def test_a_certificate_that_does_not_hold_pauses_the_connection(authority: tuple[trustme.CA, Path], fault: str) -> None:
    async def story() -> tuple[ConnectorError, ConnectorError]:
        name = "arx.example.se" if fault == "another name" else "localhost"
        async with listening(OK, server_tls(authority[0], name)) as port:
            lent = lend(authority[1] if fault == "another name" else None, patience=2)
            over_http = await failing(f"https://localhost:{port}", lent=lent)
            with pytest.raises(ConnectorError) as dialled:
                async with lent.dial("localhost", port, tls=True):
                    pass
            return over_http, dialled.value

    for error in asyncio.run(story()):
        assert type(error) is CredentialsError
        assert "check the connection's CA file" in str(error)


def test_a_proxy_is_gone_through_and_the_environment_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    asked: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    async def story() -> None:
        async with listening(proxy) as near, listening(OK) as direct:
            through, without = lend(proxy=f"http://user:word@127.0.0.1:{near}", patience=2), lend(patience=2)
            await through.http("http://lock.example.se").get("doors")
            await without.http(f"http://127.0.0.1:{direct}").get("doors")
            await through.aclose()
            await without.aclose()

    asyncio.run(story())
    assert len(asked) == 1
    assert asked[0].startswith(b"GET http://lock.example.se/doors ")
    assert b"Proxy-Authorization: Basic " in asked[0]


async def dialled(serve: Serve, *, safe: bool) -> ConnectorError:
    async def exchange(port: int) -> None:
        async with lend(patience=0.1).dial("127.0.0.1", port, safe=safe) as (reader, writer):
            writer.write(b"on")
            await reader.readexactly(2)

    async with listening(serve) as port:
        with pytest.raises(ConnectorError) as caught:
            await exchange(port)
    return caught.value


async def _silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def _closing(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.readexactly(2)


@pytest.mark.parametrize("serve", [_silent, _closing], ids=["silent", "closing"])
def test_an_exchange_that_broke_is_unknown_unless_it_changes_nothing(serve: Serve) -> None:
    assert type(asyncio.run(dialled(serve, safe=False))) is UnknownOutcomeError
    assert type(asyncio.run(dialled(serve, safe=True))) is TransientError


def test_a_socket_that_cannot_be_opened_changed_nothing() -> None:
    async def story() -> None:
        async with lend().dial("127.0.0.1", 1):
            pass

    with pytest.raises(TransientError, match=r"127\.0\.0\.1:1"):
        asyncio.run(story())


def test_a_socket_goes_where_the_hub_routes_it() -> None:
    async def story() -> bytes:
        async with listening(OK) as port:
            lent = Lent(
                transport=httpx.MockTransport(lambda _: httpx.Response(200)),
                clock=DomainClock(),
                state=Memory(),
                log=logging.getLogger(__name__),
                route=lambda _host, _port: ("127.0.0.1", port),
            )
            async with lent.dial("lock.example.se", 4711, safe=True) as (reader, writer):
                writer.write(b"GET / HTTP/1.1\r\n\r\n")
                return await reader.readexactly(8)

    assert asyncio.run(story()) == b"HTTP/1.1"


@pytest.mark.parametrize(
    "told, wait",
    [
        ("0", 0), ("7", 7), (" 7 ", 7), ("99999999", 3600), ("9" * 400, 3600), ("1764264000", 3600),
        ("Fri, 27 Nov 2026 21:00:20 GMT", 20), ("Fri, 27 Nov 2026 20:59:00 GMT", 0),
        ("Sun, 27 Dec 2026 21:00:00 GMT", 3600),
        ("", None), ("soon", None), ("-1", None), ("1.5", None), ("\u00b2", None),
        ("Fri, 99 Nov 2026 21:00:20 GMT", None),
    ],
)  # fmt: skip
def test_how_long_a_system_wants_to_be_left_alone_is_understood_and_has_a_bound(told: str, wait: int | None) -> None:
    headers = [(b"Retry-After", told.encode("latin-1")), (b"Date", b"Fri, 27 Nov 2026 21:00:00 GMT")]

    async def answered() -> ConnectorError:
        way = httpx.MockTransport(lambda _: httpx.Response(429, headers=headers))
        lent = Lent(transport=way, clock=DomainClock(), state=Memory(), log=logging.getLogger(__name__))
        return await failing("https://example.se/api", lent=lent)

    error = asyncio.run(answered())
    assert isinstance(error, TransientError)
    assert error.retry_after == (None if wait is None else timedelta(seconds=wait))
