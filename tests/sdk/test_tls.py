"""TLS of a connection: what it shows, whom it trusts, what it sees, and that all of it can be exchanged while lent."""

import asyncio
import datetime as dt
import logging
import ssl
import threading
from collections.abc import Callable, Coroutine, Iterator
from datetime import timedelta
from typing import Any

import pytest
import trustme
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from hub.clock import DomainClock
from hub.conformance.driver import Memory
from hub.sdk import CredentialsError, Lent, UnknownOutcomeError
from hub.sdk.http import transport
from hub.sdk.tls import Identity, TlsContext, certificates_in, identity, tls_context, turned_away
from tests.counterparts.openssl import OpenSsl

PASSWORD = b"not-a-secret"
HUB = "hub@kommun.example"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def asking(authority: trustme.CA) -> Iterator[OpenSsl]:
    """A server that turns away whoever shows nothing."""
    with OpenSsl(authority) as server:
        yield server


def parts(authority: trustme.CA, name: str = HUB) -> tuple[bytes, bytes]:
    """A certificate and its key, PEM."""
    made = authority.issue_cert(name)
    return b"".join(one.bytes() for one in made.cert_chain_pems), made.private_key_pem.bytes()


def locked(key: bytes) -> bytes:
    """The key, with a password."""
    plain = serialization.load_pem_private_key(key, None)
    kept = serialization.BestAvailableEncryption(PASSWORD)
    return plain.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, kept)


def as_pkcs12(certificate: bytes, key: bytes, password: bytes | None) -> bytes:
    own, *more = x509.load_pem_x509_certificates(certificate)
    secret: Any = serialization.load_pem_private_key(key, None)
    kept: Any = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return pkcs12.serialize_key_and_certificates(b"hub", secret, own, more or None, kept)


def lent(tls: ssl.SSLContext) -> Lent:
    return Lent(
        transport=transport(tls=tls), clock=DomainClock(), state=Memory(), log=logging.getLogger(__name__), tls=tls,
        timeout=timedelta(seconds=5),
    )  # fmt: skip


def trusting(authority: trustme.CA, ours: Identity | None = None, **more: Any) -> TlsContext:
    return TlsContext(tls_context(trusted=certificates_in(authority.cert_pem.bytes()), ours=ours, **more))


async def page(tls: ssl.SSLContext, port: int) -> str:
    """What the server says of whom it spoke to."""
    here = lent(tls)
    try:
        answer = await here.http(f"https://localhost:{port}").get("")
        return answer.read(bytes.decode)
    finally:
        await here.aclose()


LOOPS = pytest.mark.parametrize("loop", [asyncio.run, uvloop.run])
Loop = Callable[[Coroutine[Any, Any, Any]], Any]


# ---------------------------------------------------------------- what it shows


@pytest.mark.parametrize("how", ["two files", "one file", "locked key", "pkcs12", "pkcs12 without password", "mixed"])
def test_a_client_certificate_is_read_however_it_is_written(authority: trustme.CA, asking: OpenSsl, how: str) -> None:
    certificate, key = parts(authority)
    ours = {
        "two files": lambda: identity(certificate, key),
        "one file": lambda: identity(key + certificate),
        "locked key": lambda: identity(certificate, locked(key), PASSWORD),
        "pkcs12": lambda: identity(as_pkcs12(certificate, key, PASSWORD), None, PASSWORD),
        "pkcs12 without password": lambda: identity(as_pkcs12(certificate, key, None)),
        "mixed": lambda: identity(authority.cert_pem.bytes() + certificate, key),
    }[how]()
    assert HUB in asyncio.run(page(trusting(authority, ours), asking.port))


def test_what_is_no_certificate_is_refused_and_no_secret_told(authority: trustme.CA) -> None:
    certificate, key = parts(authority)
    _, other = parts(authority)
    made = as_pkcs12(certificate, key, PASSWORD)
    cases: list[tuple[tuple[bytes, bytes | None, bytes | None], str]] = [
        ((certificate, other, None), "the key belongs to another certificate"),
        ((certificate, None, None), "no key in PEM"),
        ((certificate, locked(key), None), "the key needs its password"),
        ((certificate, locked(key), b"wrong"), "no key in PEM that the password opens"),
        ((certificate, key, PASSWORD), "the key has no password"),
        ((made, None, b"wrong"), r"neither PEM nor PKCS#12 that the password opens"),
        ((made, None, None), r"neither PEM nor PKCS#12"),
        ((b"", None, None), r"neither PEM nor PKCS#12"),
        ((b"\x00" * 100, None, None), r"neither PEM nor PKCS#12"),
    ]
    for given, match in cases:
        with pytest.raises(ValueError, match=match) as refused:
            identity(*given)
        assert PASSWORD.decode() not in str(refused.value)
    assert "PRIVATE" not in repr(identity(certificate, key))


@LOOPS
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
@pytest.mark.parametrize(
    "shown, match", [("nothing", "client.certificate"), ("a stranger's", "does not know the issuer")]
)
def test_who_is_not_known_there_pauses_the_connection(
    authority: trustme.CA, loop: Loop, version: str, shown: str, match: str
) -> None:
    stranger = identity(*parts(trustme.CA())) if shown == "a stranger's" else None
    tls = trusting(authority, stranger)

    async def story(server: OpenSsl) -> None:
        with pytest.raises(CredentialsError, match=match):
            await page(tls, server.port)
        here = lent(tls)
        with pytest.raises((CredentialsError, UnknownOutcomeError)):
            await here.http(f"https://localhost:{server.port}").post("invoices", content=b"x")  # cut while it is sent
        with pytest.raises(CredentialsError, match=match):
            async with here.dial("localhost", server.port, tls=True) as (reader, _):
                await reader.readexactly(1)
        await here.aclose()

    with OpenSsl(authority, version) as server:
        loop(story(server))


def test_an_error_that_says_nothing_of_us_is_none() -> None:
    assert turned_away(ssl.SSLError(1, "wrong version number")) is None
    assert turned_away(OSError("reset")) is None
    assert turned_away(None) is None


# ---------------------------------------------------------------- exchanged while lent


def test_certificates_are_exchanged_behind_what_is_lent(authority: trustme.CA, asking: OpenSsl) -> None:
    async def story() -> None:
        tls = trusting(authority, identity(*parts(authority, "old@kommun.example")))
        here = lent(tls)
        http = here.http(f"https://localhost:{asking.port}")

        async def told() -> str:
            return (await http.get("")).read(bytes.decode)

        assert "old@kommun.example" in await told()
        tls.behind = trusting(authority, identity(*parts(authority, "new@kommun.example"))).behind
        assert "new@kommun.example" in await told()
        tls.behind = trusting(trustme.CA()).behind
        with pytest.raises(CredentialsError, match="CA file"):
            await told()
        await here.aclose()

    asyncio.run(story())


# ---------------------------------------------------------------- what it sees


def ending(name: str, days: int) -> tuple[trustme.CA, trustme.LeafCert]:
    authority = trustme.CA()
    after = dt.datetime.now(dt.UTC) + timedelta(days=days)
    return authority, authority.issue_cert(name, not_after=after)


@LOOPS
def test_the_servers_certificate_is_seen_whoever_shakes_hands(loop: Loop) -> None:
    authority, leaf = ending("localhost", 45)
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    leaf.configure_cert(server_side)
    seen: list[tuple[str, bytes]] = []
    tls = trusting(authority, saw=lambda name, certificate: seen.append((name, certificate)))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        writer.close()

    def by_a_thread(port: int) -> None:
        import socket  # noqa: PLC0415

        with tls.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="localhost") as way:
            way.send(b"x")
            way.recv(1)

    async def story() -> None:
        async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server_side) as server:
            port = server.sockets[0].getsockname()[1]
            await page(tls, port)
            async with lent(tls).dial("localhost", port, tls=True) as (reader, writer):
                writer.write(b"x")
                await reader.read(1)
            thread = threading.Thread(target=by_a_thread, args=(port,))
            thread.start()
            await asyncio.to_thread(thread.join)

    loop(story())
    own = x509.load_pem_x509_certificate(leaf.cert_chain_pems[0].bytes())
    assert [(name, x509.load_der_x509_certificate(told)) for name, told in seen] == [("localhost", own)] * 3


def test_a_server_that_is_not_trusted_is_not_seen() -> None:
    _, leaf = ending("localhost", 45)
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    leaf.configure_cert(server_side)
    seen: list[str] = []
    tls = trusting(trustme.CA(), saw=lambda name, _: seen.append(name))

    async def story() -> None:
        async with await asyncio.start_server(lambda *_: None, "127.0.0.1", 0, ssl=server_side) as server:
            with pytest.raises(CredentialsError, match="CA file"):
                await page(tls, server.sockets[0].getsockname()[1])

    asyncio.run(story())
    assert seen == []
