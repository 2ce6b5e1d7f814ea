"""The server's protocol, with what is written in one turn of the event loop sent together.

An answer is written in two parts, its head and its body; each was a call of the system, and a packet to the caller.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_MOST = 16 * 1024
"""Bytes that wait for the end of a turn; with more it is sent at once, and so holds back whoever writes on."""


class GatheredHttp(HttpToolsProtocol):
    """HTTP/1.1 by httptools, as uvicorn serves it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(_Gathering(transport, self.loop))  # type: ignore[arg-type]


class _Gathering:
    """A transport that keeps what it is given until the turn ends; in all else the one beneath it."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._parts: list[bytes] = []
        self._size = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send it at the end of this turn, or now when there is much."""
        if not self._parts:
            self._loop.call_soon(self._send)
        self._parts.append(data)
        self._size += len(data)
        if self._size > _MOST:
            self._send()

    def close(self) -> None:
        """Send what is left, and hang up."""
        self._send()
        self._transport.close()

    def _send(self) -> None:
        if self._parts:
            parts, self._parts, self._size = self._parts, [], 0
            self._transport.write(b"".join(parts))
