"""Contactors behind a small I/O module: one coil a zone, seven bytes each way, one client at a time, no login."""

import struct

from pydantic import Field

from hub.model import Level, Release, Switch, Zone
from hub.sdk import (
    About,
    Connector,
    ConnectorConfig,
    ConnectorError,
    Control,
    ControlLimits,
    Lent,
    Pace,
    ReadsZones,
    Receipt,
    RejectedError,
    Sighting,
    TransientError,
    UnknownOutcomeError,
)

FRAME = struct.Struct(">HBHH")  # transaction, function, address, value
READ, WRITE, EXCEPTION, ON = 1, 5, 0x80, 0xFF00


class CoilConfig(ConnectorConfig):
    host: str = Field(description="Address of the I/O module.")
    port: int = Field(default=502, description="Its TCP port.")
    coils: dict[str, int] = Field(description="Coil of each zone, counted from 0.")
    rest: bool = Field(
        default=False, description="What a released zone goes back to: the module has nothing of its own."
    )


class CoilControl(Connector[CoilConfig], Control, ReadsZones):
    control_limits = ControlLimits(levels=frozenset({Switch, Release}))
    pace = Pace(calls_at_once=1)

    def __init__(self, config: CoilConfig, lent: Lent) -> None:
        super().__init__(config, lent)
        self.transaction = 0

    async def check(self) -> About:
        for zone in self.config.coils:
            await self.read_zone(zone)
        return About(external_keys=frozenset(self.config.coils))

    async def put_zone(self, zone: Zone) -> Receipt:
        on = zone.level.on if isinstance(zone.level, Switch) else self.config.rest
        wanted = ON if on else 0
        if await self._ask(WRITE, zone.key, wanted) != wanted:
            raise UnknownOutcomeError(f"{zone.key}: the module echoed another value")
        return Receipt(f"coil {self.config.coils[zone.key]}")

    async def read_zone(self, key: str) -> Sighting[Level]:
        return Sighting(Switch(on=await self._ask(READ, key, 1) == ON))

    async def _ask(self, function: int, zone: str, value: int) -> int:
        if zone not in self.config.coils:
            raise RejectedError(f"no coil for zone {zone}")
        self.transaction = (self.transaction + 1) % 0x10000
        safe = function == READ
        async with self.lent.dial(self.config.host, self.config.port, safe=safe) as (reader, writer):
            writer.write(FRAME.pack(self.transaction, function, self.config.coils[zone], value))
            answer = FRAME.unpack(await reader.readexactly(FRAME.size))
        return self._value(zone, function, answer)

    def _value(self, zone: str, function: int, answer: tuple[int, ...]) -> int:
        match answer:
            case (self.transaction, kind, address, value) if kind == function and address == self.config.coils[zone]:
                return int(value)
            case (self.transaction, kind, _, 2 | 3 as code) if kind == function | EXCEPTION:
                raise RejectedError(f"{zone}: exception {code}, illegal address or value")
        error: type[ConnectorError] = TransientError if function == READ else UnknownOutcomeError
        raise error(f"{zone}: {answer} is no answer")
