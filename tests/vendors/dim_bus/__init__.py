"""Dimmers on a small bus that speaks UDP: numbered datagrams, five bytes each way, and no connection.

Answers may be lost, doubled or come late: only one that bears the number of the question is believed.
"""

import asyncio
import struct
from contextlib import suppress

from pydantic import Field

from hub.model import Dim, Level, Release, Zone
from hub.sdk import (
    About,
    Connector,
    ConnectorConfig,
    Control,
    ControlLimits,
    Lent,
    ReadsZones,
    Receipt,
    RejectedError,
    Sighting,
    TransientError,
    UnknownOutcomeError,
)

FRAME = struct.Struct(">HBBB")  # number, what, channel, percent
READ, WRITE, RELEASE, NO_SUCH = 1, 2, 3, 0x7F


class DimConfig(ConnectorConfig):
    host: str = Field(description="Address of the bus's gateway.")
    port: int = Field(default=4001, description="Its UDP port.")
    channels: dict[str, int] = Field(description="Channel of each zone, 0 to 255.")


class Answers(asyncio.DatagramProtocol):
    """Who waits for which number."""

    def __init__(self) -> None:
        self.waiting: dict[int, asyncio.Future[tuple[int, ...]]] = {}

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:  # noqa: ARG002
        with suppress(struct.error):
            number, *rest = FRAME.unpack(data)
            if (waiting := self.waiting.pop(number, None)) and not waiting.done():
                waiting.set_result(tuple(rest))


class DimBus(Connector[DimConfig], Control, ReadsZones):
    control_limits = ControlLimits(levels=frozenset({Dim, Release}))

    def __init__(self, config: DimConfig, lent: Lent) -> None:
        super().__init__(config, lent)
        self.answers = Answers()
        self.transport: asyncio.DatagramTransport | None = None
        self.number = 0

    async def open(self) -> None:
        loop, where = asyncio.get_running_loop(), self.lent.route(self.config.host, self.config.port)
        try:
            self.transport, _ = await loop.create_datagram_endpoint(lambda: self.answers, remote_addr=where)
        except OSError as error:
            raise TransientError(f"{self.config.host}: {type(error).__name__}") from error

    async def close(self) -> None:
        if self.transport is not None:
            self.transport.close()

    async def check(self) -> About:
        for zone in self.config.channels:
            await self.read_zone(zone)
        return About(external_keys=frozenset(self.config.channels))

    async def put_zone(self, zone: Zone) -> Receipt:
        if isinstance(zone.level, Dim):
            await self._ask(WRITE, zone.key, zone.level.percent)
        else:
            await self._ask(RELEASE, zone.key)
        return Receipt(f"channel {self.config.channels[zone.key]}")

    async def read_zone(self, key: str) -> Sighting[Level]:
        return Sighting(Dim(percent=await self._ask(READ, key)))

    async def _ask(self, what: int, zone: str, percent: int = 0) -> int:
        if zone not in self.config.channels:
            raise RejectedError(f"no channel for zone {zone}")
        if self.transport is None:
            raise TransientError("not opened")
        self.number = number = (self.number + 1) % 0x10000
        answered = self.answers.waiting[number] = asyncio.get_running_loop().create_future()
        self.transport.sendto(FRAME.pack(number, what, self.config.channels[zone], percent))
        try:
            kind, _, value = await asyncio.wait_for(answered, self.lent.timeout.total_seconds())
        except TimeoutError as error:
            del self.answers.waiting[number]
            failed = TransientError if what == READ else UnknownOutcomeError
            raise failed(f"{zone}: no answer") from error
        if kind == NO_SUCH:
            raise RejectedError(f"{zone}: the bus has no channel {self.config.channels[zone]}")
        return int(value)
