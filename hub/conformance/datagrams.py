"""A relay between a connector and its simulator that breaks UDP at will.

Each datagram stands alone, so a fault belongs to one that the client sends, or to the answer that comes next.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum, auto
from typing import cast

from hub.conformance.relay import LEAST_GARBAGE

Address = tuple[str, int]


class UdpFault(StrEnum):
    """One way in which an exchange of datagrams fails."""

    LOST = auto()
    """The datagram never reaches the server."""
    LATE = auto()
    """It reaches the server when it was given up: see `DatagramRelay.land`."""
    DOUBLED = auto()
    """It reaches the server twice, and both are answered."""
    ANSWER_LOST = auto()
    """The server acts, and its answer is dropped."""
    ANSWER_DOUBLED = auto()
    """The answer comes twice."""
    ANSWER_OVERTAKEN = auto()
    """The answer comes after the next one."""
    ANSWER_LATE = auto()
    """The answer comes when the next question is asked, before that is answered."""
    CUT = auto()
    """Half of the answer comes."""
    GARBAGE = auto()
    """The answer is replaced by 0xff bytes, as many as it had, at least 64."""


class DatagramRelay:
    """Forwards a free port of 127.0.0.1 to another one, broken where it is told."""

    def __init__(self, upstream_port: int, hit: Callable[[], UdpFault | None], act: Callable[[bytes], object]) -> None:
        """Ask `hit` once for each datagram that a client sends; `act` is how a late one reaches the server."""
        self._upstream_port, self._hit, self._act = upstream_port, hit, act
        self._front: asyncio.DatagramTransport | None = None
        self._links: dict[Address, _Link] = {}
        self._late: list[bytes] = []

    async def start(self) -> int:
        """Listen, and return the port."""
        loop = asyncio.get_running_loop()
        self._front, _ = await loop.create_datagram_endpoint(lambda: _Front(self), ("127.0.0.1", 0))
        return int(self._front.get_extra_info("sockname")[1])

    async def stop(self) -> None:
        """Stop listening; harmless when it never started."""
        for link in self._links.values():
            link.close()
        if self._front is not None:
            self._front.close()
        await asyncio.sleep(0)

    def land(self) -> None:
        """Let what was given up arrive at last; nobody waits for its answer."""
        while self._late:
            self._act(self._late.pop(0))

    def heard(self, datagram: bytes, client: Address) -> None:
        """Forward what a client sent, as the fault has it."""
        fault = self._hit()
        if fault is UdpFault.LATE:
            self._late.append(datagram)
        if fault in {UdpFault.LATE, UdpFault.LOST}:
            return
        if client not in self._links:
            self._links[client] = _Link(self._upstream_port, lambda answer: self._return(answer, client))
        self._links[client].send(datagram, fault)

    def _return(self, answer: bytes, client: Address) -> None:
        if self._front is not None:
            self._front.sendto(answer, client)


class _Front(asyncio.DatagramProtocol):
    """The side of the clients."""

    def __init__(self, relay: DatagramRelay) -> None:
        self._relay = relay

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._relay.heard(data, addr)


class _Link(asyncio.DatagramProtocol):
    """One client's way to the server, and the answers' way back."""

    def __init__(self, port: int, give_back: Callable[[bytes], None]) -> None:
        self._give_back = give_back
        self._pending: UdpFault | None = None
        self._overtaken: list[bytes] = []
        self._late: list[bytes] = []
        self._waiting: list[bytes] = []
        self._transport: asyncio.DatagramTransport | None = None
        loop = asyncio.get_running_loop()
        self._opening = loop.create_task(
            loop.create_datagram_endpoint(lambda: self, remote_addr=("127.0.0.1", port))
        )  # fmt: skip

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)
        while self._waiting:
            self._transport.sendto(self._waiting.pop(0))

    def send(self, datagram: bytes, fault: UdpFault | None) -> None:
        """Forward, at once or as soon as there is a way."""
        while self._late:
            self._give_back(self._late.pop(0))
        self._pending = None if fault is UdpFault.DOUBLED else fault or self._pending
        for _ in range(2 if fault is UdpFault.DOUBLED else 1):
            if self._transport is None:
                self._waiting.append(datagram)
            else:
                self._transport.sendto(datagram)

    def datagram_received(self, data: bytes, addr: Address) -> None:  # noqa: ARG002 - one server
        fault, self._pending = self._pending, None
        overtaken, self._overtaken = self._overtaken, []
        match fault:
            case UdpFault.ANSWER_LOST:
                pass
            case UdpFault.ANSWER_OVERTAKEN:
                self._overtaken.append(data)
            case UdpFault.ANSWER_LATE:
                self._late.append(data)
            case _:
                for answer in _spoilt(data, fault):
                    self._give_back(answer)
        for answer in overtaken:
            self._give_back(answer)

    def error_received(self, exc: Exception) -> None:
        """Nobody listens there: what was sent is lost, as datagrams are."""

    def close(self) -> None:
        """Take no more answers."""
        self._opening.cancel()
        if self._transport is not None:
            with suppress(OSError):
                self._transport.close()


def _spoilt(answer: bytes, fault: UdpFault | None) -> list[bytes]:
    """Give what is returned instead of the answer."""
    match fault:
        case UdpFault.ANSWER_DOUBLED:
            return [answer, answer]
        case UdpFault.CUT:
            return [answer[: len(answer) // 2]]
        case UdpFault.GARBAGE:
            return [b"\xff" * max(len(answer), LEAST_GARBAGE)]
    return [answer]
