"""The stand-in for the bus's gateway."""

import struct
from collections.abc import Mapping, Sequence

from hub.model import Dim, Level
from hub.sdk import Clock, DatagramSimulator, HasZones, Misbehaviour

FRAME = struct.Struct(">HBBB")
REST = 5
"""Percent that a channel goes back to by itself."""


class DimSimulator(DatagramSimulator, HasZones):
    can = frozenset({Misbehaviour.SET_BY_HAND})

    def __init__(self, clock: Clock, external_keys: Sequence[str] = ()) -> None:
        super().__init__(clock, external_keys)
        self.numbers = {zone: n for n, zone in enumerate(external_keys or ("hall-a.light", "hall-b.light"), start=17)}
        self.percents = dict.fromkeys(self.numbers.values(), REST)

    def config(self) -> Mapping[str, object]:
        return {"host": "127.0.0.1", "port": self.port, "channels": self.numbers}

    def zones(self) -> Mapping[str, Level]:
        return {zone: Dim(percent=self.percents[number]) for zone, number in self.numbers.items()}

    def misbehave(self, how: Misbehaviour, key: str = "") -> None:
        assert how is Misbehaviour.SET_BY_HAND
        self.percents[self.numbers[key]] = 100 - self.percents[self.numbers[key]]

    def answer(self, datagram: bytes) -> bytes | None:
        try:
            number, what, channel, percent = FRAME.unpack(datagram)
        except struct.error:
            return None
        if channel not in self.percents:
            return FRAME.pack(number, 0x7F, channel, 0)
        if what in {2, 3}:
            self.percents[channel] = percent if what == 2 else REST
        return FRAME.pack(number, what, channel, self.percents[channel])
