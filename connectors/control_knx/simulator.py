"""A believable KNX/IP interface with a bus behind it, on which lights and room controllers obey and tell their status.

Frames as in the KNX Standard: 03_08_02 Core v01.06.02, 03_08_04 Tunnelling v01.07.01, 03_06_03 (cEMI), 03_07_02
(datapoints) v02.02.01, as xknx 4.0.0 cites them, read 2026-11-26. Over TCP there are no acknowledgements; over UDP each
frame has one, and one that is repeated is acknowledged again and does nothing.
"""

import asyncio
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Self, cast

from hub.model import Dim, Level, Message, Observation, Setpoint, Switch
from hub.sdk import Clock, DatagramSimulator, EmitsHeard, HasZones, Misbehaviour, TcpSimulator

EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "apron.light": {"address": "1/2/1", "status": "1/3/1"},
    "hall-a.light": {"address": "1/2/2", "status": "1/3/2", "kind": "dim"},
    "hall-b.heat": {"address": "2/2/3", "status": "2/3/3", "kind": "setpoint", "mode": {"address": "2/2/103"}},
    "hall-c.light": {"address": "1/2/4", "status": "1/3/4", "dpt": "17.001", "on": 3, "off": 64},
    "hall-d.heat": {"address": "2/2/5", "status": "2/3/5", "dpt": "20.102", "on": "comfort", "off": "economy"},
}
"""Zones of a simulator that is told of none."""
SENSORS: Mapping[str, Mapping[str, Any]] = {
    "hall.people": {"address": "4/1/1", "quantity": "occupancy"},
    "hall.air": {"address": "4/1/2", "quantity": "temperature"},
    "hall.meter": {"address": "4/1/3", "quantity": "energy", "dpt": "13.010"},
    "hall.lux": {"address": "4/1/4", "quantity": "lux"},
}
"""Sensors of a simulator that is told of no settings."""
UNITS = {"occupancy": "presence", "temperature": "celsius", "energy": "kilowatt_hours", "lux": "lux"}
CONNECT, CONNECTED, STATE, STATED, PART, PARTED = 0x0205, 0x0206, 0x0207, 0x0208, 0x0209, 0x020A
TUNNELLED, ACKNOWLEDGED = 0x0420, 0x0421
NO_SUCH_CHANNEL, NO_MORE_CONNECTIONS = 0x21, 0x24
REQUEST, INDICATION, CONFIRMATION = 0x11, 0x29, 0x2E
READ, RESPONSE, WRITE = 0, 1, 2
MODES = ("auto", "comfort", "standby", "economy", "building_protection")
AUTOMATION = Setpoint(celsius=Decimal(17))
"""What a room controller wants by itself."""
OURS = 0x11FA
"""1.1.250, the address of the tunnel."""

Send = Callable[[bytes], None]


@dataclass
class Device:
    """One light or controller on the bus."""

    address: int
    status: int | None
    kind: str
    dpt: str
    on: Any
    off: Any
    mode: int | None
    ours: int
    rest: Level
    wanted: Level
    in_force: bool = True
    """Whether its mode has our level in force."""
    obeys: bool = True
    """Whether it has power."""

    def level(self) -> Level:
        """How it is."""
        return self.wanted if self.in_force else AUTOMATION

    def take(self, group: int, value: bytes, *, short: bool) -> bool:
        """Obey; False when it is for somebody else."""
        if not self.obeys or group not in {self.address, self.mode}:
            return False
        if group == self.mode:
            self.in_force = value[0] == self.ours
        elif (level := self._read(value, short=short)) is not None:
            self.wanted = level
        return True

    def spell(self) -> tuple[bytes, bool]:
        """Its status, and whether it is so short that it lies in the same byte as what is done with it."""
        match self.level():
            case Switch(on=on) if self.dpt == "20.102":
                return bytes([MODES.index(self.on if on else self.off)]), False
            case Switch(on=on):
                return bytes([on]), True
            case Dim(percent=percent):
                return bytes([round(percent * 255 / 100)]), False
            case Setpoint(celsius=celsius):
                return _two_bytes(celsius), False
        raise TypeError(self.wanted)

    def _read(self, value: bytes, *, short: bool) -> Level | None:
        """What a value means; None: a device passes over what it does not understand."""
        match self.dpt:
            case "1.001" if short:
                return Switch(on=bool(value[0] & 1))
            case "5.001" if len(value) == 1 and not short:
                return Dim(percent=round(value[0] * 100 / 255))
            case "9.001" if len(value) == 2:  # noqa: PLR2004  (bytes)
                return Setpoint(celsius=_degrees(value))
            case "17.001" if len(value) == 1 and not short:
                return {self.on - 1: Switch(on=True), self.off - 1: Switch(on=False)}.get(value[0])
            case "20.102" if len(value) == 1 and not short:
                told = MODES[value[0]] if value[0] < len(MODES) else ""
                return {self.on: Switch(on=True), self.off: Switch(on=False)}.get(told)
        return None


@dataclass
class Client:
    """Whoever has a tunnel."""

    channel: int
    send: Send
    acknowledges: bool
    expected: int = 0
    told: int = 0
    """Numbers of the next frame from it and to it."""


@dataclass
class Bus:
    """The interface and all that is behind it."""

    devices: dict[str, Device]
    room: int = 4
    """How many tunnels the interface has."""
    clients: dict[int, Client] = field(default_factory=dict)
    telegrams: list[tuple[float, int]] = field(default_factory=list)
    """When, in loop time, something was written or asked, and of which group."""
    silent: bool = False
    """The interface takes telegrams and confirms none."""

    def handle(self, frame: bytes, send: Send, *, acknowledges: bool) -> None:
        """Act on one frame, and answer through `send`."""
        service, body = int.from_bytes(frame[2:4], "big"), frame[6:]
        match service:
            case 0x0205:
                self._connect(send, acknowledges=acknowledges)
            case 0x0207:
                send(_frame(STATED, bytes([body[0], 0 if body[0] in self.clients else NO_SUCH_CHANNEL])))
            case 0x0209:
                self.clients.pop(body[0], None)
                send(_frame(PARTED, bytes([body[0], 0])))
            case 0x0420:
                self._tunnelled(body)

    def leave(self, send: Send) -> None:
        """Forget whoever hung up."""
        for channel in [channel for channel, client in self.clients.items() if client.send is send]:
            del self.clients[channel]

    def tell(self, device: Device, service: int = WRITE) -> None:
        """Have a device put its status on the bus, where it has one."""
        if device.status is not None and device.obeys:
            value, short = device.spell()
            self._to_all(_cemi(INDICATION, device.status, service, value, short=short))

    def say(self, group: int, value: bytes, *, short: bool) -> None:
        """Have something on the bus that nobody asked for."""
        self._to_all(_cemi(INDICATION, group, WRITE, value, short=short))

    def _connect(self, send: Send, *, acknowledges: bool) -> None:
        if len(self.clients) >= self.room:
            send(_frame(CONNECTED, bytes([0, NO_MORE_CONNECTIONS])))
            return
        channel = next(number for number in range(1, 256) if number not in self.clients)
        self.clients[channel] = Client(channel, send, acknowledges)
        anywhere = bytes([8, 1 if acknowledges else 2, 0, 0, 0, 0, 0, 0])
        send(_frame(CONNECTED, bytes([channel, 0]) + anywhere + bytes([4, 4]) + OURS.to_bytes(2, "big")))

    def _tunnelled(self, body: bytes) -> None:
        client = self.clients.get(body[1])
        if client is None:
            return
        if client.acknowledges:
            ahead = (body[2] - client.expected) & 0xFF
            if ahead not in {0, 0xFF}:
                return
            client.send(_frame(ACKNOWLEDGED, bytes([4, client.channel, body[2], 0])))
            if ahead:
                return
            client.expected = (client.expected + 1) & 0xFF
        self._from_client(client, body[4:])

    def _from_client(self, client: Client, cemi: bytes) -> None:
        if cemi[0] != REQUEST:
            return
        start = 2 + cemi[1]
        group, length = int.from_bytes(cemi[start + 4 : start + 6], "big"), cemi[start + 6]
        service = (cemi[start + 7] & 3) << 2 | cemi[start + 8] >> 6
        short = length == 1
        value = bytes([cemi[start + 8] & 0x3F]) if short else cemi[start + 9 : start + 8 + length]
        self.telegrams.append((asyncio.get_running_loop().time(), group))
        if self.silent:
            return
        self._to(client, bytes([CONFIRMATION]) + cemi[1:])
        for device in self.devices.values():
            if service == WRITE and device.take(group, value, short=short):
                self.tell(device)
            elif service == READ and group == device.status:
                self.tell(device, RESPONSE)

    def _to_all(self, cemi: bytes) -> None:
        for client in list(self.clients.values()):
            self._to(client, cemi)

    def _to(self, client: Client, cemi: bytes) -> None:
        number, client.told = client.told, (client.told + 1) & 0xFF
        client.send(_frame(TUNNELLED, bytes([4, client.channel, number, 0]) + cemi))


class KnxSimulator(TcpSimulator, HasZones, EmitsHeard):
    """An interface that is spoken to over TCP."""

    can = frozenset({Misbehaviour.SET_BY_HAND, Misbehaviour.REFUSES, Misbehaviour.DOWN})
    has_times = False

    def __init__(
        self, clock: Clock, external_keys: Sequence[str] = (), *, settings: Mapping[str, Any] | None = None
    ) -> None:
        """Have devices as configured, or as the examples are; each key without settings is a light."""
        super().__init__(clock, external_keys)
        self._configured = settings is not None
        self._zones: Mapping[str, Mapping[str, Any]] = (
            (settings or {}).get("zones")
            or {key: {"address": f"1/2/{n}", "status": f"1/3/{n}"} for n, key in enumerate(self.external_keys, 1)}
            or ({} if (settings or {}).get("sensors") else EXAMPLES)
        )
        self._sensors = (settings or {}).get("sensors") or ({} if self._configured else SENSORS)
        self._measured: list[tuple[Mapping[str, Any], Observation]] = []
        self._told = 0
        self.bus = Bus({key: _device(zone) for key, zone in self._zones.items()})
        self.down = False

    @classmethod
    def standing_in(cls, clock: Clock, external_keys: Sequence[str], settings: Mapping[str, object]) -> Self:
        """Have the devices of the connection's settings."""
        return cls(clock, external_keys, settings=settings)

    def config(self) -> Mapping[str, object]:
        """Settings that lead here; the zones too, unless they were configured."""
        address = {"host": "127.0.0.1", "port": self.port or 1, "tunnel": self.tunnel, "telegrams_per_second": 1000}
        return address if self._configured else {**address, "zones": self._zones, "sensors": self._sensors}

    def happen(self, count: int) -> None:
        """Have one sensor after the other measure."""
        for _ in range(count):
            number = len(self._measured)
            key, own = list(self._sensors.items())[number % len(self._sensors)]
            value = Decimal(number % 2) if own["quantity"] == "occupancy" else Decimal(16 + number)
            at, quantity = self.clock.now(), str(own["quantity"])
            told = {"sensor": key, "quantity": quantity, "unit": UNITS[quantity], "value": value, "at": at}
            seen = Observation.model_validate(told | {"source_id": f"{key}@{at.isoformat()}"})
            self._measured.append((own, seen))

    def emitted(self) -> Sequence[Message]:
        return [seen for _, seen in self._measured]

    def tell_all(self) -> None:
        """Put on the bus what was measured since the last time."""
        for own, seen in self._measured[self._told :]:
            value, short = _measured(own, seen.value)
            self.bus.say(_group(own["address"]), value, short=short)
        self._told = len(self._measured)

    def tell_unreadable(self) -> str:
        """Tell a byte where the sensor has a bit."""
        address = str(next(iter(self._sensors.values()))["address"])
        self.bus.say(_group(address), b"\x2a\x2b", short=False)
        return address

    tunnel = "tcp"

    def zones(self) -> Mapping[str, Level]:
        """What really burns and heats."""
        return {key: device.level() for key, device in self.bus.devices.items()}

    def takes(self, zone: str) -> frozenset[type[Level]]:
        """What a zone can be told."""
        kinds: dict[str, set[type[Level]]] = {"switch": {Switch}, "dim": {Dim, Switch}, "setpoint": {Setpoint}}
        return frozenset(kinds[self.bus.devices[zone].kind])

    def misbehave(self, how: Misbehaviour, key: str = "") -> None:
        """Have a hand at the switch; take the power from a device, or from all; drop everybody."""
        devices = [self.bus.devices[key]] if key else list(self.bus.devices.values())
        match how:
            case Misbehaviour.SET_BY_HAND:
                for device in devices:
                    device.wanted, device.in_force = _by_hand(device.level()), True
                    self.bus.tell(device)
            case Misbehaviour.REFUSES:
                for device in devices:
                    device.obeys = False
            case Misbehaviour.DOWN:
                self.down = True
                self.drop_all()
            case _:
                super().misbehave(how, key)

    def recover(self) -> None:
        """Give power and interface back."""
        self.down = self.bus.silent = False
        for device in self.bus.devices.values():
            device.obeys = True

    def drop_all(self) -> None:
        """Cut every connection."""
        for writer in getattr(self, "_writers", ()):
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Act on one frame after the other."""
        if self.down:
            return
        send = writer.write
        try:
            while True:
                head = await reader.readexactly(6)
                if head[:2] != b"\x06\x10":
                    return
                body = await reader.readexactly(int.from_bytes(head[4:6], "big") - 6)
                self.bus.handle(head + body, send, acknowledges=False)
                await writer.drain()
        finally:
            self.bus.leave(send)


class KnxUdpSimulator(KnxSimulator, DatagramSimulator):
    """The same interface over UDP, whose clients it answers where they ask from."""

    tunnel = "udp"
    _transport: asyncio.DatagramTransport | None = None

    def config(self) -> Mapping[str, object]:
        """Settings that lead here, whatever is on the way."""
        return {**super().config(), "route_back": True}

    def answer(self, datagram: bytes) -> bytes | None:
        """Act on a datagram whose sender is no longer there."""
        self.bus.handle(datagram, lambda _: None, acknowledges=True)
        return None

    async def start(self) -> None:
        """Listen on a free port, and set `port`."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), ("127.0.0.1", self.port))
        self.port = self._transport.get_extra_info("sockname")[1]

    async def stop(self) -> None:
        """Stop listening; harmless when it never started."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def drop_all(self) -> None:
        """Forget every tunnel."""
        self.bus.clients.clear()


class _Datagrams(asyncio.DatagramProtocol):
    """Hands each datagram to the bus, with the way back."""

    def __init__(self, simulator: KnxUdpSimulator) -> None:
        self._simulator = simulator

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if not self._simulator.down and data[:2] == b"\x06\x10":
            self._simulator.bus.handle(data, lambda frame: self._transport.sendto(frame, addr), acknowledges=True)


def _measured(own: Mapping[str, Any], value: Decimal) -> tuple[bytes, bool]:
    """A value as its sensor spells it, and whether it is a bit."""
    match str(own["quantity"]), own.get("dpt"):
        case "occupancy", _:
            return bytes([int(value)]), True
        case "energy", "13.010":
            return struct.pack(">i", int(value * 1000)), False
        case "energy", _:
            return struct.pack(">i", int(value)), False
    return _two_bytes(value), False


def _device(zone: Mapping[str, Any]) -> Device:
    kind, mode = str(zone.get("kind", "switch")), zone.get("mode")
    dpt = str(zone.get("dpt") or {"switch": "1.001", "dim": "5.001", "setpoint": "9.001"}[kind])
    rest = _rest(kind, zone.get("release"))
    return Device(
        address=_group(zone["address"]),
        status=_group(zone["status"]) if zone.get("status") else None,
        kind=kind,
        dpt=dpt,
        on=zone.get("on"),
        off=zone.get("off"),
        mode=_group(mode["address"]) if mode else None,
        ours=MODES.index(mode.get("ours", "comfort")) if mode else 0,
        rest=rest,
        wanted=rest,
        in_force=mode is None,
    )


def _rest(kind: str, release: Any) -> Level:  # noqa: ANN401  (out of settings)
    match kind:
        case "switch":
            return Switch(on=bool(release))
        case "dim":
            return Dim(percent=int(release or 0))
    return AUTOMATION if release is None else Setpoint(celsius=Decimal(str(release)))


def _by_hand(now: Level) -> Level:
    match now:
        case Switch(on=on):
            return Switch(on=not on)
        case Dim(percent=percent):
            return Dim(percent=40 if percent == 0 else 0)
    return Setpoint(celsius=Decimal("23.5"))


def _group(told: str) -> int:
    """Number of a group address in three levels."""
    main, middle, sub = (int(part) for part in told.split("/"))
    return main << 11 | middle << 8 | sub


def _two_bytes(celsius: Decimal) -> bytes:
    """9.001: a sign, four bits of exponent and eleven of mantissa, in hundredths."""
    hundredths, exponent = round(celsius * 100), 0
    while not -2048 <= hundredths <= 2047:  # noqa: PLR2004  (eleven bits)
        hundredths, exponent = hundredths // 2, exponent + 1
    return struct.pack(">H", (0x8000 if hundredths < 0 else 0) | exponent << 11 | hundredths & 0x7FF)


def _degrees(value: bytes) -> Decimal:
    (number,) = struct.unpack(">H", value)
    mantissa = (number & 0x7FF) - (0x800 if number & 0x8000 else 0)
    return round(Decimal(mantissa << (number >> 11 & 15)) / 100, 1)


def _frame(service: int, body: bytes) -> bytes:
    return struct.pack(">BBHH", 6, 0x10, service, 6 + len(body)) + body


def _cemi(code: int, group: int, service: int, value: bytes, *, short: bool) -> bytes:
    """A telegram from device 1.1.1 to a group."""
    first = service << 6 | (value[0] if short else 0)
    head = bytes([code, 0, 0xBC, 0xE0]) + struct.pack(">HH", 0x1101, group)
    return head + bytes([1 if short else 1 + len(value), 0, first]) + (b"" if short else value)
