"""The short way of an HTTP call: one write to a connection of aiohttp's, and what its parser makes of the answer.

Pool, TLS, names and keeping alive stay aiohttp's. Left out are the objects that httpx and aiohttp make of each call,
which take four times as long as the call. What goes out is what goes out the long way; and whatever is not plain goes
the long way: through a proxy, with cookies or forms, with a header that changes how a call is written.
"""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import aiohttp
import httpx
from aiohttp.connector import Connection
from httpx_aiohttp import AiohttpTransport
from yarl import URL

Own = dict[str, tuple[str, str]]
"""Headers by their name in lower case."""

UNSENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientHttpProxyError)
"""Errors by which nothing was sent."""
LOST = (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError)
"""Those by which it may have been, unless they are of the first kind too."""
_PLAIN = re.compile(r"(?:(?!\.{1,2}/)[\w.~-]*/)*(?!\.{1,2}\Z)[\w.~-]*", re.ASCII)
"""Paths that every library leaves as they are."""
_NAME, _VALUE = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII), re.compile(r"[\t\x20-\x7e]*")
_FRAMING = frozenset({
    "connection", "content-encoding", "content-length", "cookie", "expect", "host", "te", "trailer",
    "transfer-encoding", "upgrade",
})  # fmt: skip
"""Headers that change how a call is written, or where it goes."""
_AS_EVER = {"connection": "keep-alive"}
_PARTS = frozenset({"headers", "content", "json"})
_HEADS = 32
_MOST = 65_536
"""Bytes of a body; more is written piece by piece."""
_BODILESS, _TYPED = frozenset({"GET", "HEAD", "OPTIONS"}), frozenset({"POST", "PUT", "PATCH"})
_AGAIN = _BODILESS | {"PUT", "DELETE"}
"""What is sent once more when its connection turns out to be gone, as aiohttp does."""
_METHODS = _AGAIN | _TYPED
_INFORMATIONAL, _SWITCHING = range(100, 200), 101


class Raw(NamedTuple):
    """An answer, whole."""

    status: int
    headers: Mapping[str, str]
    """By name, however it is written."""
    lines: tuple[tuple[bytes, bytes], ...]
    """The headers as they came."""
    content: bytes

    @property
    def is_plain(self) -> bool:
        """Whether the body is as it was meant, and nothing is to be kept for the next call."""
        return "Content-Encoding" not in self.headers and "Set-Cookie" not in self.headers


class _Said(NamedTuple):
    """What a client says in every call, as long as nobody changes it."""

    host: str
    lines: Mapping[str, str]
    """By name, in lower case."""
    logs_in: bool
    """Whether nobody may say `Authorization` otherwise."""
    patience: aiohttp.ClientTimeout
    heads: dict[tuple[object, ...], str | None]
    """Those of calls that were made, by what they say themselves: most say the same ever again."""


class Wire:
    """The short way of one client to one system."""

    def __init__(self, client: httpx.AsyncClient, way: AiohttpTransport) -> None:
        self._client, self._way = client, way
        base = client.base_url
        self._base, self._root = str(base), URL(str(base)).raw_path
        self._leads = way.proxy is None and not (base.userinfo or base.query or base.fragment)
        self._known: tuple[object, ...] = ()
        self._said: _Said | None = None
        self._place: aiohttp.ClientRequest | None = None

    # ---- what is written

    def message(self, method: str, path: str, body: Mapping[str, Any]) -> bytes | None:
        """What is to be sent; None when it goes the long way. `path`: below the base."""
        said = self._saying() if self._leads and method in _METHODS and body.keys() <= _PARTS else None
        if said is None or (content := _content(body)) is None:
            return None
        head = _head(method, said, body.get("headers") or {}, typed=body.get("json") is not None)
        if head is None:
            return None
        length = f"Content-Length: {len(content)}\r\n" if content or method not in _BODILESS else ""
        return f"{method} {self._target(path)} HTTP/1.1\r\n{head}{length}\r\n".encode() + content

    def _saying(self) -> _Said | None:
        """What the client says in every call; None while something of it is not plain."""
        client = self._client
        if client.cookies or any(client.event_hooks.values()):
            return None
        known = (client.auth, client.timeout, client.headers.raw)
        if known != self._known:
            self._known, self._said = known, _said(client, self._base)
        return self._said

    def _target(self, path: str) -> str:
        """Where it leads, as the long way has it."""
        path = path.removeprefix("/")
        return self._root + path if _PLAIN.fullmatch(path) else _target(self._base + path)

    # ---- and sent

    async def send(self, method: str, message: bytes) -> Raw:
        """Send; once more where the connection was gone and that is harmless.

        Raises:
            aiohttp.ClientError, aiohttp.http_exceptions.HttpProcessingError: no answer; `UNSENT`: for it was not sent.
        """
        try:
            return await self._sent(method, message)
        except UNSENT:
            raise
        except LOST as lost:
            if method not in _AGAIN:
                raise
            return await self._sent_again(method, message, lost)

    async def _sent_again(self, method: str, message: bytes, lost: aiohttp.ClientError) -> Raw:
        try:
            return await self._sent(method, message)
        except UNSENT:
            raise lost from None  # the first may have been heard

    async def _sent(self, method: str, message: bytes) -> Raw:
        patience = self._said.patience if self._said else aiohttp.ClientTimeout()
        connection = await self._connected(patience)
        try:
            raw = await _asked(connection, method, message, patience.sock_read)
        except BaseException:
            connection.close()
            raise
        connection.release()
        return raw

    async def _connected(self, patience: aiohttp.ClientTimeout) -> Connection:
        way = self._way
        if not isinstance(way.client, aiohttp.ClientSession):
            way.client = way.get_client()
        if self._place is None:
            self._place = aiohttp.ClientRequest("GET", URL(self._base), session=way.client)
        if way.client.connector is None:
            raise aiohttp.ClientConnectionError
        try:
            return await way.client.connector.connect(self._place, [], patience)
        except TimeoutError as error:
            raise aiohttp.ConnectionTimeoutError from error


async def _asked(connection: Connection, method: str, message: bytes, silence: float | None) -> Raw:
    """Write, and read the answer to its end; `silence`: seconds."""
    protocol, transport = connection.protocol, connection.transport
    if protocol is None or transport is None:
        raise aiohttp.ClientConnectionResetError
    protocol.set_response_params(
        skip_payload=method == "HEAD", read_until_eof=True, auto_decompress=False, read_timeout=silence
    )
    transport.write(message)
    protocol.start_timeout()
    head, body = await protocol.read()
    while head.code in _INFORMATIONAL and head.code != _SWITCHING:
        head, body = await protocol.read()
    return Raw(head.code, head.headers, head.raw_headers, await body.read())


def _said(client: httpx.AsyncClient, base: str) -> _Said | None:
    request = client.build_request("GET", base)
    if client.auth is not None:
        request = next(client.auth.sync_auth_flow(request))
    told = {name: (name, value) for name, value in request.headers.items()}
    host = told.pop("host")[1]
    if not _fit({name: line for name, line in told.items() if line[1] != _AS_EVER.get(name)}):
        return None
    lines = {name: f"{name}: {value}\r\n" for name, value in told.values()}
    waits = client.timeout
    patience = aiohttp.ClientTimeout(sock_connect=waits.connect, sock_read=waits.read, connect=waits.pool)
    return _Said(host, lines, client.auth is not None, patience, {})


def _fit(own: Own) -> bool:
    """Whether they can be written as they are."""
    return own.keys().isdisjoint(_FRAMING) and all(
        _NAME.fullmatch(name) and _VALUE.fullmatch(value) for name, value in own.values()
    )


def _content(body: Mapping[str, Any]) -> bytes | None:
    """The body of one call; None when it goes the long way."""
    content, told = body.get("content"), body.get("json")
    if told is not None and content is None:
        content = json.dumps(told, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    elif told is not None:
        return None
    content = b"" if content is None else content
    return content if isinstance(content, bytes) and len(content) <= _MOST else None


def _head(method: str, said: _Said, headers: Mapping[str, str], *, typed: bool) -> str | None:
    """All lines but the first and the length; None where they go the long way."""
    call = (method, typed, *headers.items())
    if call not in said.heads:
        if len(said.heads) >= _HEADS:
            said.heads.clear()
        said.heads[call] = _made(method, said, headers, typed=typed)
    return said.heads[call]


def _made(method: str, said: _Said, headers: Mapping[str, str], *, typed: bool) -> str | None:
    own: Own = {name.lower(): (name, value) for name, value in headers.items()}
    if not _fit(own) or (said.logs_in and "authorization" in own):
        return None
    kind = "application/json" if typed else "application/octet-stream" if method in _TYPED else None
    if kind and "content-type" not in said.lines:
        own.setdefault("content-type", ("Content-Type", kind))
    lines = [line for name, line in said.lines.items() if name not in own]
    return "".join([f"Host: {said.host}\r\n", *lines, *(f"{name}: {value}\r\n" for name, value in own.values())])


@lru_cache(1024)
def _target(url: str) -> str:
    return URL(str(httpx.URL(url))).raw_path_qs
