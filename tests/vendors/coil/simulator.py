"""The stand-in for the I/O module."""

import asyncio
import struct
from collections.abc import Mapping, Sequence

from hub.model import Level, Switch
from hub.sdk import Clock, HasZones, Misbehaviour, TcpSimulator

FRAME = struct.Struct(">HBHH")


class CoilSimulator(TcpSimulator, HasZones):
    can = frozenset({Misbehaviour.SET_BY_HAND})

    def __init__(self, clock: Clock, external_keys: Sequence[str] = ()) -> None:
        super().__init__(clock, external_keys)
        self.numbers = {zone: n for n, zone in enumerate(external_keys or ("hall-a.light", "hall-b.light"), start=4)}
        self.coils = dict.fromkeys(self.numbers.values(), False)
        self.clients = 0

    def config(self) -> Mapping[str, object]:
        return {"host": "127.0.0.1", "port": self.port, "coils": self.numbers}

    def zones(self) -> Mapping[str, Level]:
        return {zone: Switch(on=self.coils[number]) for zone, number in self.numbers.items()}

    def misbehave(self, how: Misbehaviour, key: str = "") -> None:
        assert how is Misbehaviour.SET_BY_HAND
        self.coils[self.numbers[key]] = not self.coils[self.numbers[key]]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.clients:
            return
        self.clients += 1
        try:
            while frame := await reader.readexactly(FRAME.size):
                await asyncio.sleep(0)
                writer.write(FRAME.pack(*self._answer(*FRAME.unpack(frame))))
        finally:
            self.clients -= 1

    def _answer(self, transaction: int, function: int, address: int, value: int) -> tuple[int, int, int, int]:
        if address not in self.coils:
            return transaction, function | 0x80, address, 2
        if function == 5:
            self.coils[address] = value == 0xFF00
        return transaction, function, address, 0xFF00 if self.coils[address] else 0
