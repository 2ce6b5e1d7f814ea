"""Sends an event to a subscriber once: bounded in time and size, no redirects, and only to where it may go.

Whether an address may be connected to is judged when the socket is made, on the address that it will be connected to:
a name that resolves to another address than a moment ago gains nothing.
"""

import asyncio
import errno
import re
import socket
import time
from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import aiohttp

from hub.clock import SECOND
from hub.service.subscribers.targets import fault, host_of, is_public

LONGEST_CALL = timedelta(seconds=10)
"""From resolving the name to the end of the answer, in real time."""
MOST_READ = 64 * 1024
"""Bytes of an answer; the rest is not read, and the status decides."""
_KEPT_ALIVE_SECONDS = 1.0
"""Shorter than any server keeps a connection, so that none is found closed."""
_LONGEST_DETAIL = 300
_UNAVAILABLE = frozenset({
    HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT,
})  # fmt: skip


@dataclass(frozen=True)
class Sent:
    """What came of sending once."""

    status: int | None = None
    """What HTTP answered; None for no whole answer."""
    detail: str | None = None
    retry_after: timedelta | None = None
    took: int = 0
    """In real time, microseconds."""

    @property
    def delivered(self) -> bool:
        """Whether the subscriber has it."""
        return self.status is not None and HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def gone(self) -> bool:
        """Whether the subscriber wants no more."""
        return self.status == HTTPStatus.GONE

    @property
    def redirected(self) -> bool:
        """Whether it is sent elsewhere, where we do not go."""
        return self.status is not None and HTTPStatus.MULTIPLE_CHOICES <= self.status < HTTPStatus.BAD_REQUEST

    @property
    def unavailable(self) -> bool:
        """Whether it is the endpoint that fails, whatever is sent to it."""
        return self.status is None or self.redirected or self.status in _UNAVAILABLE


class Sender:
    """The HTTP clients of a process: one for public addresses only, one for hosts that are allowed by name."""

    def __init__(self, *, longest_call: timedelta = LONGEST_CALL) -> None:
        self._seconds = longest_call.total_seconds()
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def send(self, url: str, allowed: Container[str], headers: Mapping[str, str], body: bytes) -> Sent:
        """POST the body once; whatever happens is in what it gives."""
        wrong = fault(url, allowed)
        if wrong is not None:
            return Sent(detail=wrong)
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._seconds):
                sent = await _post(self._session(anywhere=host_of(url) in allowed), url, headers, body)
        except TimeoutError:
            sent = Sent(detail=f"no whole answer within {self._seconds:g} s")
        except (aiohttp.ClientError, OSError) as error:
            sent = Sent(detail=f"{type(error).__name__}: {error}"[:_LONGEST_DETAIL])
        return replace(sent, took=round((time.monotonic() - began) * SECOND))

    def _session(self, *, anywhere: bool) -> aiohttp.ClientSession:
        if anywhere not in self._sessions:
            connector = aiohttp.TCPConnector(
                limit=0, keepalive_timeout=_KEPT_ALIVE_SECONDS, socket_factory=None if anywhere else _public_socket
            )
            self._sessions[anywhere] = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(total=self._seconds),
                headers={"User-Agent": "Knutpunkt"},
            )
        return self._sessions[anywhere]

    async def close(self) -> None:
        """Close all connections."""
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()


async def _post(session: aiohttp.ClientSession, url: str, headers: Mapping[str, str], body: bytes) -> Sent:
    async with session.post(url, data=body, headers=headers, allow_redirects=False) as response:
        left = MOST_READ
        while left > 0 and (piece := await response.content.read(left)):
            left -= len(piece)
        if left <= 0:
            response.close()
        return _judged(response)


def _judged(response: aiohttp.ClientResponse) -> Sent:
    sent = Sent(response.status)
    if sent.delivered:
        return sent
    detail = f"answered {response.status}"
    if sent.redirected:
        detail += ": redirects are not followed; subscribe with the address that it leads to"
    return replace(sent, detail=detail, retry_after=_wait(response.headers.get("Retry-After", "")))


def _wait(retry_after: str) -> timedelta | None:
    """Whole seconds, up to a day; what is said in another way is not heeded."""
    return timedelta(seconds=int(retry_after)) if re.fullmatch("[0-9]{1,5}", retry_after) else None


def _public_socket(address: tuple[Any, ...]) -> socket.socket:
    """Make the socket for an address, if it is out on the internet."""
    family, kind, protocol, _, (host, *_) = address
    if not is_public(str(host)):
        raise OSError(errno.EACCES, f"{host} is no public address; the municipality can allow the host by name")
    return socket.socket(family, kind, protocol)
