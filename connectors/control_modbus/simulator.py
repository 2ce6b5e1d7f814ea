"""A believable Modbus TCP device: an I/O module with a room controller, in one state behind four tables.

It answers functions 1-6, 15 and 16 as Modbus Application Protocol V1.1b3 (2012-04-26) has them, read 2026-11-26. A zone
with a mode follows its own automation until its mode is ours. Without writes for `watchdog` all outputs fall.
"""

import asyncio
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

from hub.model import Dim, Level, Setpoint, Switch
from hub.sdk import Clock, HasZones, Misbehaviour, TcpSimulator

EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "apron.light": {"at": "coil:0"},
    "hall-a.light": {"at": "holding:10", "status": "input:10", "kind": "dim", "scale": "2.55"},
    "hall-b.heat": {
        "at": "holding:20",
        "status": "input:20",
        "kind": "setpoint",
        "encoding": "int16",
        "mode": {"at": "coil:20", "ours": 1, "released": 0},
    },
    "sauna.heat": {"at": "holding:30", "kind": "setpoint", "encoding": "float32", "scale": "1", "release": 16},
}
"""Zones of a simulator that is told of none."""
AUTOMATION = Decimal(17)
"""What a room controller wants by itself, in degrees; a lamp's automation wants it dark."""
FORMATS = {"uint16": ">H", "int16": ">h", "uint32": ">I", "int32": ">i", "float32": ">f"}
TABLES = {1: "coil", 2: "discrete", 3: "holding", 4: "input"}
"""By the function that reads it."""
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3
ON = 0xFF00
MOST_BITS, MOST_WORDS = 2000, 125

Cell = tuple[int, str, int]
"""Unit, table and address."""


class _ExceptionError(Exception):
    """What the device answers instead."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Output:
    """One zone as it is wired."""

    at: Cell
    status: Cell
    kind: str
    encoding: str
    scale: Decimal
    high_first: bool
    on: int
    off: int
    mode: Cell | None
    ours: int
    rest: Level

    @property
    def width(self) -> int:
        """How many cells its number takes."""
        return 1 if self.kind == "switch" else struct.calcsize(FORMATS[self.encoding]) // 2

    def cells(self, first: Cell) -> list[Cell]:
        """Where its number lies, from there on."""
        unit, table, address = first
        return [(unit, table, address + step) for step in range(self.width)]

    def spell(self, level: Level) -> list[int]:
        """What the cells hold at that level."""
        match level:
            case Switch(on=on):
                return [int(on)] if self.at[1] == "coil" else [self.on if on else self.off]
            case Dim(percent=percent):
                number = percent * self.scale
            case Setpoint(celsius=celsius):
                number = celsius * self.scale
            case _:
                raise TypeError(level)
        exact = number if self.encoding == "float32" else round(number)
        packed = struct.pack(FORMATS[self.encoding], exact)
        words = list(struct.unpack(f">{self.width}H", packed))
        return words if self.high_first else words[::-1]

    def level(self, cells: Sequence[int]) -> Level:
        """What such cells mean."""
        if self.kind == "switch":
            return Switch(on=cells[0] == (1 if self.at[1] == "coil" else self.on))
        words = cells if self.high_first else list(reversed(cells))
        (number,) = struct.unpack(FORMATS[self.encoding], struct.pack(f">{self.width}H", *words))
        if self.kind == "dim":
            return Dim(percent=round(Decimal(number) / self.scale))
        return Setpoint(celsius=round(Decimal(number) / self.scale, 1))


class ModbusSimulator(TcpSimulator, HasZones):
    """A device with coils and registers."""

    can = frozenset({Misbehaviour.SET_BY_HAND, Misbehaviour.REFUSES, Misbehaviour.DOWN})

    def __init__(
        self, clock: Clock, external_keys: Sequence[str] = (), *, settings: Mapping[str, Any] | None = None
    ) -> None:
        """Be wired as configured, or as the examples are; each key without settings is a coil."""
        super().__init__(clock, external_keys)
        self._configured = settings is not None
        told = settings or {}
        self._zones: Mapping[str, Mapping[str, Any]] = (
            told.get("zones") or {key: {"at": f"coil:{n}"} for n, key in enumerate(self.external_keys)} or EXAMPLES
        )
        self.outputs = {key: _wired(zone, told) for key, zone in self._zones.items()}
        self.cells: dict[Cell, int] = {}
        self.exception: int | None = None
        """What every request is answered with, until it is None again."""
        self.only_for: str | None = None
        """The zone that alone answers so; None: all do."""
        self.room: int | None = None
        """How many clients it has room for."""
        self.watchdog: float | None = told.get("watchdog")
        """Seconds without a write after which outputs fall."""
        self.writes = 0
        """How many writes it has taken."""
        self.hangs_up = False
        """It acts, and hangs up in place of an answer."""
        self.down = False
        self._falling: asyncio.TimerHandle | None = None
        self.fall()

    @classmethod
    def standing_in(cls, clock: Clock, external_keys: Sequence[str], settings: Mapping[str, object]) -> Self:
        """Be wired as the connection's settings say."""
        return cls(clock, external_keys, settings=settings)

    def config(self) -> Mapping[str, object]:
        """Settings that lead here; the zones too, unless they were configured."""
        address = {"host": "127.0.0.1", "port": self.port or 1}
        return address if self._configured else {**address, "zones": self._zones}

    def zones(self) -> Mapping[str, Level]:
        """What really burns and heats."""
        return {
            key: out.level([self.cells[cell] for cell in out.cells(out.status)]) for key, out in self.outputs.items()
        }

    def takes(self, zone: str) -> frozenset[type[Level]]:
        """What a zone can be told."""
        kinds: dict[str, set[type[Level]]] = {"switch": {Switch}, "dim": {Dim, Switch}, "setpoint": {Setpoint}}
        return frozenset(kinds[self.outputs[zone].kind])

    def misbehave(self, how: Misbehaviour, key: str = "") -> None:
        """Turn a knob by hand; say no, to a zone or to all; drop everybody."""
        match how:
            case Misbehaviour.SET_BY_HAND:
                for out in [self.outputs[key]] if key else self.outputs.values():
                    self._by_hand(out)
            case Misbehaviour.REFUSES:
                self.exception, self.only_for = self.exception or ILLEGAL_VALUE, key or None
            case Misbehaviour.DOWN:
                self.down = True
                self.drop_all()
            case _:
                super().misbehave(how, key)

    def recover(self) -> None:
        """Take requests and connections again."""
        self.down, self.hangs_up, self.exception, self.only_for = False, False, None, None

    def drop_all(self) -> None:
        """Cut every connection."""
        for writer in getattr(self, "_writers", ()):
            writer.transport.abort()

    def fall(self) -> None:
        """Let every output go to where it rests."""
        for out in self.outputs.values():
            self._store(out.cells(out.at), out.spell(out.rest))
            if out.mode:
                self.cells[out.mode] = 1 - out.ours if out.ours in {0, 1} else 0
        self._work()

    async def stop(self) -> None:
        """Stop, with nothing left that would fall later."""
        if self._falling:
            self._falling.cancel()
        await super().stop()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request after the other."""
        if self.down or (self.room is not None and len(self._writers) > self.room):
            return
        while True:
            transaction, protocol, length, unit = struct.unpack(">HHHB", await reader.readexactly(7))
            pdu = await reader.readexactly(length - 1)
            if protocol:
                return
            answer = self.answer(unit, pdu)
            if self.hangs_up:
                return
            writer.write(struct.pack(">HHHB", transaction, 0, len(answer) + 1, unit) + answer)
            await writer.drain()

    def answer(self, unit: int, pdu: bytes) -> bytes:
        """Act, and answer, as one of the public functions or with an exception."""
        function = pdu[0]
        try:
            if function in TABLES:
                return self._read(unit, function, *struct.unpack(">HH", pdu[1:5]))
            if function in {5, 6}:
                return self._write_one(unit, function, pdu)
            if function in {15, 16}:
                return self._write_many(unit, function, pdu)
        except _ExceptionError as error:
            return bytes([function | 0x80, error.code])
        return bytes([function | 0x80, ILLEGAL_FUNCTION])

    def _read(self, unit: int, function: int, first: int, count: int) -> bytes:
        bits = function in {1, 2}
        if not 1 <= count <= (MOST_BITS if bits else MOST_WORDS):
            raise _ExceptionError(ILLEGAL_VALUE)
        cells = [(unit, TABLES[function], first + step) for step in range(count)]
        self._admit(cells)
        values = [self.cells[cell] for cell in cells]
        if bits:
            packed = sum(value << place for place, value in enumerate(values))
            data = packed.to_bytes((count + 7) // 8, "little")
        else:
            data = struct.pack(f">{count}H", *values)
        return bytes([function, len(data)]) + data

    def _write_one(self, unit: int, function: int, pdu: bytes) -> bytes:
        address, value = struct.unpack(">HH", pdu[1:5])
        if function == 5:  # noqa: PLR2004  (write single coil)
            if value not in {0, ON}:
                raise _ExceptionError(ILLEGAL_VALUE)
            self._write([(unit, "coil", address)], [value >> 15])
        else:
            self._write([(unit, "holding", address)], [value])
        return pdu[:5]

    def _write_many(self, unit: int, function: int, pdu: bytes) -> bytes:
        first, count, length = struct.unpack(">HHB", pdu[1:6])
        if length != len(pdu) - 6:
            raise _ExceptionError(ILLEGAL_VALUE)
        if function == 15:  # noqa: PLR2004  (write multiple coils)
            packed = int.from_bytes(pdu[6:], "little")
            values, table = [packed >> place & 1 for place in range(count)], "coil"
        else:
            values, table = list(struct.unpack(f">{count}H", pdu[6:])), "holding"
        self._write([(unit, table, first + step) for step in range(count)], values)
        return pdu[:5]

    def _write(self, cells: Sequence[Cell], values: Sequence[int]) -> None:
        self._admit(cells)
        self._store(cells, values)
        self.writes += 1
        self._work()
        if self._falling:
            self._falling.cancel()
        if self.watchdog:
            self._falling = asyncio.get_running_loop().call_later(self.watchdog, self.fall)

    def _admit(self, cells: Sequence[Cell]) -> None:
        """Say no where told to, and to what is not there."""
        mine = self.outputs[self.only_for] if self.only_for else None
        if self.exception and (mine is None or {*mine.cells(mine.at), *mine.cells(mine.status), mine.mode} & {*cells}):
            raise _ExceptionError(self.exception)
        if any(cell not in self.cells for cell in cells):
            raise _ExceptionError(ILLEGAL_ADDRESS)

    def _store(self, cells: Sequence[Cell], values: Sequence[int]) -> None:
        self.cells.update(zip(cells, values, strict=True))

    def _work(self) -> None:
        """Have each output follow what was written, or its own automation."""
        for out in self.outputs.values():
            if out.mode and self.cells[out.mode] != out.ours:
                self._store(out.cells(out.status), out.spell(out.rest))
            elif out.status != out.at:
                level = out.level([self.cells[cell] for cell in out.cells(out.at)])
                self._store(out.cells(out.status), out.spell(level))

    def _by_hand(self, out: Output) -> None:
        now = out.level([self.cells[cell] for cell in out.cells(out.status)])
        match now:
            case Switch(on=on):
                level: Level = Switch(on=not on)
            case Dim(percent=percent):
                level = Dim(percent=40 if percent == 0 else 0)
            case _:
                level = Setpoint(celsius=Decimal("23.5"))
        self._store(out.cells(out.at), out.spell(level))
        if out.mode:
            self.cells[out.mode] = out.ours
        self._work()


def _wired(zone: Mapping[str, Any], told: Mapping[str, Any]) -> Output:
    kind = str(zone.get("kind", "switch"))
    unit = zone.get("unit")
    where = int(told.get("unit", 1) if unit is None else unit)
    mode: Mapping[str, Any] | None = zone.get("mode")
    return Output(
        at=_cell(where, zone["at"]),
        status=_cell(where, zone.get("status") or zone["at"]),
        kind=kind,
        encoding=str(zone.get("encoding", "uint16")),
        scale=Decimal(str(zone.get("scale") or (10 if kind == "setpoint" else 1))),
        high_first=told.get("word_order", "high_first") == "high_first",
        on=int(zone.get("on", 1)),
        off=int(zone.get("off", 0)),
        mode=_cell(where, mode["at"]) if mode else None,
        ours=int(mode["ours"]) if mode else 1,
        rest=_rest(kind, zone.get("release")),
    )


def _rest(kind: str, release: Any) -> Level:  # noqa: ANN401  (out of settings)
    match kind:
        case "switch":
            return Switch(on=bool(release))
        case "dim":
            return Dim(percent=int(release or 0))
    return Setpoint(celsius=AUTOMATION if release is None else Decimal(str(release)))


def _cell(unit: int, told: str) -> Cell:
    table, _, address = told.partition(":")
    return unit, table, int(address)
