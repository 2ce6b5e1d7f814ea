"""A relay between a connector and its simulator that breaks TCP at will.

It has two pumps, so either side may speak at any time. A fault belongs to one chunk that the client sends; where it
concerns the answer, the server has read that chunk and acts on it.
"""

import asyncio
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum, auto

CHUNK = 65_536
"""Most bytes that are moved at once."""
LEAST_GARBAGE = 64
"""Bytes of garbage at least: a parser that waits for more of a short frame must see that it is wrong."""
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on, 0 seconds: closing sends a reset. Source: Linux socket(7), read 2026-11-21."""


class TcpFault(StrEnum):
    """One way in which a TCP exchange fails."""

    REFUSED = auto()
    """Reset before the chunk is forwarded; the server never sees it."""
    NO_ANSWER = auto()
    """The chunk is swallowed, and nothing comes back until the client gives up."""
    ANSWER_LOST = auto()
    """The server answers, and the connection is reset before a byte of the answer is returned."""
    CUT_MID_BODY = auto()
    """Half of the answer is returned, and the connection is closed."""
    GARBAGE = auto()
    """The answer is replaced by 0xff bytes, as many as it had, at least 64."""
    SLOW_DRIP = auto()
    """The answer is returned without its last byte, and nothing more until the client gives up."""


class _CutError(Exception):
    """The connection ends here and now, in order."""


class _ResetError(_CutError):
    """The connection ends here and now, with a reset."""


@dataclass
class _Link:
    """One connection through the relay."""

    client: asyncio.StreamReader
    to_client: asyncio.StreamWriter
    system: asyncio.StreamReader
    to_system: asyncio.StreamWriter
    pending: TcpFault | None = None
    """What the next answer will meet."""
    silent: bool = False
    """Whatever either side says from now on is swallowed."""


class Relay:
    """Forwards a free port of 127.0.0.1 to another one, broken where it is told."""

    def __init__(self, upstream_port: int, hit: Callable[[], TcpFault | None]) -> None:
        """Ask `hit` once for each chunk that a client sends, in the order of their coming."""
        self._upstream_port, self._hit = upstream_port, hit
        self._server: asyncio.Server | None = None
        self._links: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self) -> int:
        """Listen, and return the port."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        sockets: tuple[socket.socket, ...] = self._server.sockets
        return int(sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening and drop every connection; harmless when it never started."""
        if self._server is None:
            return
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        links = list(self._links)
        for link in links:
            link.cancel()
        await asyncio.gather(*links, return_exceptions=True)
        await self._server.wait_closed()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._carry(reader, writer))
        self._links.add(task)
        task.add_done_callback(self._links.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            system, to_system = await asyncio.open_connection("127.0.0.1", self._upstream_port)
        except OSError:
            await _close(writer, reset=True)
            return
        link, reset = _Link(reader, writer, system, to_system), False
        self._writers |= {writer, to_system}
        try:
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(self._up(link))
                pumps.create_task(self._down(link))
        except* (_ResetError, OSError):
            reset = True
        except* _CutError:
            pass
        finally:
            await _close(to_system)
            await _close(writer, reset=reset)
            self._writers -= {writer, to_system}

    async def _up(self, link: _Link) -> None:
        """From client to system; an end of the client's stream is passed on, and the system may still answer."""
        while chunk := await link.client.read(CHUNK):
            if link.silent:
                continue
            fault = self._hit()
            if fault is TcpFault.REFUSED:
                raise _ResetError
            if fault is TcpFault.NO_ANSWER:
                link.silent = True
                continue
            link.pending = fault or link.pending
            link.to_system.write(chunk)
            await link.to_system.drain()
        if link.silent:
            raise _CutError
        link.to_system.write_eof()

    async def _down(self, link: _Link) -> None:
        """From system to client, as the last fault has it."""
        while answer := await link.system.read(CHUNK):
            if link.silent:
                continue
            fault, link.pending = link.pending, None
            link.to_client.write(_spoilt(answer, fault))
            await link.to_client.drain()
            if fault is TcpFault.CUT_MID_BODY:
                raise _CutError
            link.silent = fault is TcpFault.SLOW_DRIP
        if not link.silent:
            link.to_client.write_eof()


def _spoilt(answer: bytes, fault: TcpFault | None) -> bytes:
    """Give what is returned instead of the answer."""
    match fault:
        case TcpFault.ANSWER_LOST:
            raise _ResetError
        case TcpFault.CUT_MID_BODY:
            return answer[: len(answer) // 2]
        case TcpFault.GARBAGE:
            return b"\xff" * max(len(answer), LEAST_GARBAGE)
        case TcpFault.SLOW_DRIP:
            return answer[:-1]
    return answer


async def _close(writer: asyncio.StreamWriter, *, reset: bool = False) -> None:
    """Close after what was written, or at once with a reset."""
    if reset:
        with suppress(OSError):
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        writer.transport.abort()
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
