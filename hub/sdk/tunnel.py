"""A TCP connection, straight or through an HTTP proxy: for protocols that are not HTTP.

Source: RFC 9110 (HTTP Semantics), 9.3.6 CONNECT and 11.7, read 2026-11-26.
"""

import asyncio
import socket
from base64 import b64encode
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from urllib.parse import unquote, urlsplit

from hub.sdk.errors import CredentialsError, RejectedError

Tunnel = Callable[[str, int], Awaitable[socket.socket]]
"""Gives a connected, non-blocking socket to a host and port."""

UNPROVEN = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.PROXY_AUTHENTICATION_REQUIRED})
"""A proxy that wants another user or password should say 407, and tinyproxy says 401."""
LATER = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
"""Answers of 4xx that another time may be others."""
_LONGEST_HEAD = 16_384


async def straight(host: str, port: int) -> socket.socket:
    """Connect to the first address that answers. Raises OSError."""
    loop, failed = asyncio.get_running_loop(), OSError("no address")
    for family, kind, protocol, _, address in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        one = socket.socket(family, kind, protocol)
        one.settimeout(0)
        try:
            await loop.sock_connect(one, address)
        except OSError as error:
            one.close()
            failed = error
        except BaseException:
            one.close()
            raise
        else:
            return one
    raise failed


def through(proxy: str) -> Tunnel:
    """Connect by way of an HTTP proxy; `proxy` may hold a user and a password, which are never told."""
    parts = urlsplit(proxy)
    where = f"proxy {parts.hostname}:{parts.port or 80}"
    login = b64encode(f"{unquote(parts.username or '')}:{unquote(parts.password or '')}".encode()).decode()
    proven = f"Proxy-Authorization: Basic {login}\r\n" if parts.username else ""

    async def connect(host: str, port: int) -> socket.socket:
        if parts.scheme != "http" or not parts.hostname:
            raise RejectedError(f"{where}: only a proxy that is spoken to in http:// leads to {host}:{port}")
        try:
            way = await straight(parts.hostname, parts.port or 80)
        except OSError as error:
            raise ConnectionError(f"{where}: {type(error).__name__}") from error
        try:
            await _ask(way, f"[{host}]:{port}" if ":" in host else f"{host}:{port}", proven, where)
        except BaseException:
            way.close()
            raise
        return way

    return connect


async def _ask(way: socket.socket, target: str, proven: str, where: str) -> None:
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(way, f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{proven}\r\n".encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        came = await loop.sock_recv(way, 1)  # what follows is the other side's, and may come at once
        if not came or len(head) > _LONGEST_HEAD:
            raise ConnectionError(f"{where}: no answer of HTTP")
        head += came
    status = head.split(b"\r\n", 1)[0].split(b" ")[1:2]
    _judge(int(status[0]) if status and status[0].isdigit() else 0, target, where)


def _judge(status: int, target: str, where: str) -> None:
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return
    if status in UNPROVEN:
        raise CredentialsError(f"{where} refuses our user and password ({status}); correct the connection's proxy")
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in LATER:
        raise RejectedError(f"{where} does not lead to {target} ({status}); have it allowed there")
    raise ConnectionError(f"{where} does not reach {target} ({status})")
