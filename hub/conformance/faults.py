"""One way for a call to fail, and to which kind of system that can happen."""

from collections.abc import Callable
from dataclasses import dataclass

import httpx

from hub.conformance.datagrams import UdpFault
from hub.conformance.relay import TcpFault
from hub.sdk import DatagramSimulator, FolderSimulator, HttpSimulator, ListeningSimulator, Simulator

Forward = Callable[[httpx.Request], httpx.Response]
Breaking = Callable[[httpx.Request, Forward], httpx.Response]
STRIKING = frozenset({TcpFault.REFUSED, TcpFault.NO_ANSWER, TcpFault.ANSWER_LOST})
"""What a disk can do: refuse a step, or never say whether it was taken."""


@dataclass(frozen=True)
class Fault:
    """One way to fail, over HTTP, in a stream, with datagrams, or in several of them."""

    name: str
    http: Breaking | None = None
    tcp: TcpFault | None = None
    udp: UdpFault | None = None
    late: bool = False
    """The system acts on the request after the connector has given up: see `Network.land`."""

    def strikes(self, simulator: type[Simulator]) -> bool:
        """Whether it can happen to what such a system speaks."""
        if issubclass(simulator, HttpSimulator):
            return self.http is not None
        if not issubclass(simulator, ListeningSimulator):
            return issubclass(simulator, FolderSimulator) and (self.late or self.tcp in STRIKING)
        return self.udp is not None if issubclass(simulator, DatagramSimulator) else self.tcp is not None
