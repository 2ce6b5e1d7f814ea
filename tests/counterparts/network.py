"""A network between the hub and something else: whole, until it is told what becomes of what is sent.

    with Network(port, seed=7) as network: network.odds = {TcpFault.NO_ANSWER: 1.0}

It runs in a thread of its own, so that whoever calls through it may block.
"""

import asyncio
import random
import threading
from types import TracebackType
from typing import Self

from hub.conformance.relay import Relay, TcpFault

CUT = {TcpFault.REFUSED: 1.0}
"""Whatever is sent is answered with a reset."""
HALF_OPEN = {TcpFault.NO_ANSWER: 1.0}
"""Whatever is sent vanishes, and nobody hangs up: not even when the network is whole again."""


def rough(share: float) -> dict[TcpFault, float]:
    """Every way in which TCP lets one down meets such a share of what is sent; it does not garble."""
    ways = [fault for fault in TcpFault if fault is not TcpFault.GARBAGE]
    return dict.fromkeys(ways, share / len(ways))


class Network:
    """Leads to a port of this machine."""

    def __init__(self, port: int, seed: int) -> None:
        self.odds: dict[TcpFault, float] = {}
        """The share of what is sent through it that meets each fault."""
        self.met = 0
        """How often one did."""
        self._dice = random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._relay = Relay(port, self._hit)
        self._thread = threading.Thread(target=self._loop.run_forever, name="network", daemon=True)

    def __enter__(self) -> Self:
        """Listen."""
        self._thread.start()
        self.port = asyncio.run_coroutine_threadsafe(self._relay.start(), self._loop).result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up on everybody."""
        asyncio.run_coroutine_threadsafe(self._relay.stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _hit(self) -> TcpFault | None:
        dice = self._dice.random()
        for fault, odds in self.odds.items():
            if dice < odds:
                self.met += 1
                return fault
            dice -= odds
        return None
