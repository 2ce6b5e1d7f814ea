"""A believable BACnet/IP device: objects that can be commanded, in one state behind four services.

It answers ReadProperty, ReadPropertyMultiple, WriteProperty and SubscribeCOV as ASHRAE 135-2020, annex J and clauses
13, 15, 19.2 and 20 have them, by way of `@bacnet-js/client` 3.3.2, its source, read 2026-11-26.
"""

import asyncio
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Self, cast

from hub.model import Dim, Level, Message, Observation, Setpoint, Switch
from hub.sdk import Clock, DatagramSimulator, EmitsHeard, HasZones, Misbehaviour

EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "apron.light": {"object": "binary-output,1"},
    "hall-a.light": {"object": "analog-output,2", "kind": "dim"},
    "hall-b.heat": {"object": "analog-value,3", "kind": "setpoint"},
    "hall-c.air": {"object": "multi-state-value,4", "on": 2, "off": 1},
}
"""Zones of a simulator that is told of none."""
SENSORS: Mapping[str, Mapping[str, Any]] = {
    "hall.air": {"object": "analog-input,1", "quantity": "temperature"},
}
"""Of a simulator that is told of no settings: one sensor, for each costs a subscription more."""
UNITS = {"occupancy": "presence", "temperature": "celsius", "energy": "kilowatt_hours", "lux": "lux"}
AUTOMATION = Decimal(17)
"""What a room controller wants by itself, in degrees; a lamp's automation wants it dark."""
TYPES = {
    "analog-input": 0,
    "binary-input": 3,
    "multi-state-input": 13,
    "analog-output": 1,
    "analog-value": 2,
    "binary-output": 4,
    "binary-value": 5,
    "multi-state-output": 14,
    "multi-state-value": 19,
    "lighting-output": 54,
}
DEVICE = 8
IDENTIFIER, PRESENT, PRIORITIES, FLAGS = 75, 85, 87, 111
SUBSCRIBE, READ, READ_MANY, WRITE, TOLD = 5, 12, 14, 15, 1
NULL, UNSIGNED, REAL, BITS, ENUMERATED, OBJECT = 0, 2, 4, 8, 9, 12
OPEN, SHUT = 6, 7
UNKNOWN_OBJECT, UNKNOWN_PROPERTY, WRONG_TYPE, OUT_OF_RANGE = (1, 31), (2, 32), (2, 9), (2, 37)
"""Class and code of errors. Source: ASHRAE 135-2020, clause 18."""
UNRECOGNIZED_SERVICE = 9
HAND = 8
"""The priority of a person at the panel."""

Id = tuple[int, int]
Send = Callable[[bytes], None]


class _RefusesError(Exception):
    """What the device answers instead."""

    def __init__(self, told: bytes) -> None:
        super().__init__(told)
        self.told = told


@dataclass(frozen=True)
class Tag:
    """One tag of an encoded message."""

    number: int
    context: bool
    kind: int
    """Its length field: OPEN and SHUT mark what is between."""
    data: bytes


@dataclass
class Thing:
    """One object."""

    kind: str
    tag: int
    """Of its present value."""
    default: float
    scale: Decimal
    on: int
    places: list[float | None] = field(default_factory=lambda: [None] * 16)
    commandable: bool = True
    overridden: bool = False
    out_of_service: bool = False

    @property
    def present(self) -> float:
        """What is in force."""
        return next((place for place in self.places if place is not None), self.default)

    def level(self) -> Level:
        """How the lamp or the room is told to be."""
        return self.meant(self.present)

    def meant(self, value: float) -> Level:
        """The level that a value of it says."""
        match self.kind:
            case "switch":
                return Switch(on=value == self.on)
            case "dim":
                return Dim(percent=round(Decimal(value) / self.scale))
        return Setpoint(celsius=round(Decimal(value) / self.scale, 1))

    def by_hand(self) -> None:
        """Somebody wants another level, at the panel."""
        match self.level():
            case Switch(on=on):
                self.places[HAND - 1] = self.default if on else self.on
            case Dim(percent=percent):
                self.places[HAND - 1] = float((40 if percent == 0 else 0) * self.scale)
            case _:
                self.places[HAND - 1] = float(Decimal("23.5") * self.scale)

    def spelt(self, value: float | None) -> bytes:
        """One value of its kind, or nothing."""
        if value is None or value != value:  # noqa: PLR0124  (no number)
            return _tagged(NULL, b"")
        return _tagged(self.tag, struct.pack(">f", value) if self.tag == REAL else bytes([int(value)]))

    def told(self, wanted: int) -> bytes:
        """One property."""
        match wanted:
            case 85:
                return self.spelt(self.present)
            case 87 if self.commandable:
                return b"".join(self.spelt(place) for place in self.places)
            case 111:
                return _tagged(BITS, bytes([4, self.overridden << 5 | self.out_of_service << 4]))
        raise _RefusesError(error(*UNKNOWN_PROPERTY))


class BacnetSimulator(DatagramSimulator, HasZones, EmitsHeard):
    """A device with objects."""

    can = frozenset({Misbehaviour.SET_BY_HAND, Misbehaviour.REFUSES, Misbehaviour.DOWN})
    has_times = False

    def __init__(
        self, clock: Clock, external_keys: Sequence[str] = (), *, settings: Mapping[str, Any] | None = None
    ) -> None:
        """Have the objects that are configured, or those of the examples; each key without settings is a lamp."""
        super().__init__(clock, external_keys)
        self._configured = settings is not None
        told = settings or {}
        self._zones: Mapping[str, Mapping[str, Any]] = (
            told.get("zones")
            or {key: {"object": f"binary-output,{n}"} for n, key in enumerate(self.external_keys)}
            or ({} if told.get("sensors") else EXAMPLES)
        )
        self._sensors: Mapping[str, Mapping[str, Any]] = told.get("sensors") or ({} if self._configured else SENSORS)
        self.measures = {_id(one["object"]): _measure(one) for one in self._sensors.values()}
        self._measured: list[tuple[Id, float, Observation]] = []
        self._unheard: list[tuple[Id, float | None]] = []
        """What nobody has subscribed to yet."""
        self._told = 0
        self.number = int(told.get("device", 3001))
        self.things = {key: _thing(zone) for key, zone in self._zones.items()}
        self._key_of = {_id(zone["object"]): key for key, zone in self._zones.items()}
        self.station: tuple[int, int] | None = None
        """Network and address of the device, when this is the router before it."""
        self.refusal: bytes | None = None
        """What is said to everything about an object: `error`, `reject` or `abort` makes one. None: nothing."""
        self.only_for: str | None = None
        """The zone that alone answers so; None: all do."""
        self.singly = False
        """It reads one property at a time."""
        self.priorities: bytes | None = None
        """What it tells in place of any priorities."""
        self.down = False
        self.asked: list[tuple[int, int]] = []
        """Service and invoke ID of whatever reached it."""
        self.subscribers: dict[Id, tuple[Send, int]] = {}
        self.heard_back = 0
        """How many of its notices were acknowledged."""

    @classmethod
    def standing_in(cls, clock: Clock, external_keys: Sequence[str], settings: Mapping[str, object]) -> Self:
        """Have the objects that the connection's settings name."""
        return cls(clock, external_keys, settings=settings)

    def config(self) -> Mapping[str, object]:
        """Settings that lead here; the zones too, unless they were configured. On loopback once is enough."""
        address = {"host": "127.0.0.1", "port": self.port or 1, "device": self.number, "tries": 1}
        if self._configured:
            return address
        return {**address, "zones": self._zones, "sensors": self._sensors}

    def zones(self) -> Mapping[str, Level]:
        """What is in force."""
        return {key: thing.level() for key, thing in self.things.items()}

    def wanted(self, zone: str) -> Mapping[int, Level]:
        """What is wanted of a zone: the level at each priority in use, the strongest first."""
        thing = self.things[zone]
        return {place: thing.meant(value) for place, value in enumerate(thing.places, 1) if value is not None}

    def give_up(self, zone: str, priority: int) -> None:
        """Let whoever wrote at a priority want nothing more."""
        self._put(zone, None, priority)

    def takes(self, zone: str) -> frozenset[type[Level]]:
        """What a zone can be told."""
        kinds: dict[str, set[type[Level]]] = {"switch": {Switch}, "dim": {Dim, Switch}, "setpoint": {Setpoint}}
        return frozenset(kinds[self.things[zone].kind])

    def misbehave(self, how: Misbehaviour, key: str = "") -> None:
        """Have a person at the panel; say no, to a zone or to all; fall silent."""
        match how:
            case Misbehaviour.SET_BY_HAND:
                for one in [key] if key else list(self.things):
                    self.things[one].by_hand()
                    self.tell(one)
            case Misbehaviour.REFUSES:
                self.refusal, self.only_for = self.refusal or error(2, 40), key or None
            case Misbehaviour.DOWN:
                self.down = True
            case _:
                super().misbehave(how, key)

    def recover(self) -> None:
        """Answer again, and say yes."""
        self.down, self.refusal, self.only_for = False, None, None

    def tell(self, key: str) -> None:
        """Tell a subscriber how a zone is."""
        where = _id(self._zones[key]["object"])
        if where in self.subscribers:
            send, process = self.subscribers[where]
            send(self._framed(bytes([0, 5, 77, TOLD]) + self._notice(where, process)))

    def happen(self, count: int) -> None:
        """Have one sensor after the other measure."""
        for _ in range(count):
            number = len(self._measured)
            key, own = list(self._sensors.items())[number % len(self._sensors)]
            people = own["quantity"] == "occupancy"
            value = number // 2 % 2 + 1 if people else 16 + number / 10
            at, quantity = self.clock.now(), str(own["quantity"])
            told = {"sensor": key, "quantity": quantity, "unit": UNITS[quantity], "at": at}
            meant = told | {"value": str(value - 1 if people else value), "source_id": f"{key}@{at.isoformat()}"}
            self._measured.append((_id(own["object"]), value, Observation.model_validate(meant)))

    def emitted(self) -> Sequence[Message]:
        return [meant for _, _, meant in self._measured]

    def tell_all(self) -> None:
        """Tell a subscriber what was measured since the last time."""
        self._unheard += [(where, value) for where, value, _ in self._measured[self._told :]]
        self._told = len(self._measured)
        self._tell_measured()

    def tell_unreadable(self) -> str:
        """Tell nothing for a value."""
        name = str(next(iter(self._sensors.values()))["object"])
        self._unheard.append((_id(name), None))
        self._tell_measured()
        return name

    def _tell_measured(self) -> None:
        for where, value in [one for one in self._unheard if one[0] in self.subscribers]:
            self._unheard.remove((where, value))
            send, process = self.subscribers[where]
            self.measures[where].places = [value] * (value is not None)
            send(self._framed(bytes([0, 5, 77, TOLD]) + self._notice(where, process)))

    async def start(self) -> None:
        """Listen on a free port, and set `port`."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), ("127.0.0.1", self.port))
        self.port = self._transport.get_extra_info("sockname")[1]

    def answer(self, datagram: bytes) -> bytes | None:
        """Act on a datagram whose sender is no longer there."""
        return self.handle(datagram, lambda _: None)

    def handle(self, datagram: bytes, send: Send) -> bytes | None:
        """Act, and answer; `send` is the way to whoever subscribes."""
        if self.down or datagram[:2] != b"\x81\x0a" or int.from_bytes(datagram[2:4], "big") != len(datagram):
            return None
        apdu = self._for_the_device(datagram[4:])
        if apdu and apdu[0] >> 4 == 2:  # noqa: PLR2004  (a simple acknowledgement, of a notice)
            self.heard_back += 1
        return self._framed(self._answer(apdu, send)) if apdu and apdu[0] >> 4 == 0 else None

    def _answer(self, apdu: bytes, send: Send) -> bytes:
        invoke, service = apdu[2], apdu[3]
        self.asked.append((service, invoke))
        try:
            body = self._act(service, list(_tags(apdu[4:])), send)
        except _RefusesError as refused:
            return _with_invoke(refused.told, invoke, service)
        return bytes([0x30 if body else 0x20, invoke, service]) + body

    def _for_the_device(self, npdu: bytes) -> bytes | None:
        """What is for the device, and not for a network behind it that is not there."""
        if npdu[1] & 0x20 == 0:
            return npdu[2:] if self.station is None else None
        network, length = struct.unpack(">HB", npdu[2:5])
        return npdu[5 + length + 1 :] if (network, npdu[5]) == self.station else None

    def _framed(self, apdu: bytes) -> bytes:
        head = b"\x01\x00"
        if self.station:
            head = struct.pack(">BBHBB", 1, 8, self.station[0], 1, self.station[1])
        return struct.pack(">BBH", 0x81, 0x0A, 4 + len(head) + len(apdu)) + head + apdu

    def _act(self, service: int, tags: list[Tag], send: Send) -> bytes:
        match service:
            case 12:
                where, wanted = _identifier(tags[0].data), _number(tags[1].data)
                value = self._property(where, wanted)
                return _context(0, tags[0].data) + _context(1, tags[1].data) + b"\x3e" + value + b"\x3f"
            case 14 if not self.singly:
                return self._read_many(tags)
            case 15:
                self._write(_identifier(tags[0].data), tags[3], _number(tags[5].data) if len(tags) > 5 else 16)  # noqa: PLR2004  (the sixth is the priority)
                return b""
            case 5:
                self._found(_identifier(tags[1].data))
                self.subscribers[_identifier(tags[1].data)] = send, _number(tags[0].data)
                asyncio.get_running_loop().call_soon(self._tell_measured)
                return b""
        raise _RefusesError(reject(UNRECOGNIZED_SERVICE))

    def _read_many(self, tags: list[Tag]) -> bytes:
        where, told = _identifier(tags[0].data), b""
        self._found(where)
        for tag in tags[2:-1]:
            try:
                value = b"\x4e" + self._property(where, _number(tag.data)) + b"\x4f"
                if self.priorities is not None and _number(tag.data) == PRIORITIES:
                    value = self.priorities
            except _RefusesError as refused:
                value = b"\x5e" + refused.told[1:] + b"\x5f"
            told += _context(2, tag.data) + value
        return _context(0, tags[0].data) + b"\x1e" + told + b"\x1f"

    def _property(self, where: Id, wanted: int) -> bytes:
        if where == (DEVICE, self.number) and wanted == IDENTIFIER:
            return _tagged(OBJECT, _packed(where))
        return self._found(where).told(wanted)

    def _write(self, where: Id, value: Tag, priority: int) -> None:
        thing = self._found(where)
        if value.number == NULL:
            new = None
        elif value.number != thing.tag:
            raise _RefusesError(error(*WRONG_TYPE))
        else:
            new = struct.unpack(">f", value.data)[0] if thing.tag == REAL else float(_number(value.data))
        if not thing.commandable and new is None:
            raise _RefusesError(error(*WRONG_TYPE))
        if thing.tag == ENUMERATED and new not in {None, 0, 1}:
            raise _RefusesError(error(*OUT_OF_RANGE))
        self._put(self._key_of[where], new, priority)

    def _put(self, key: str, value: float | None, priority: int) -> None:
        """Have a value at a priority, or none; a subscriber is told of what that changes."""
        thing = self.things[key]
        before, thing.places[priority - 1] = thing.present, value
        if thing.present != before:
            self.tell(key)

    def _found(self, where: Id) -> Thing:
        """The object; the device says no first, where it is told to."""
        key = self._key_of.get(where)
        if self.refusal and self.only_for in {None, key}:
            raise _RefusesError(self.refusal)
        if where in self.measures:
            return self.measures[where]
        if key is None:
            raise _RefusesError(error(*UNKNOWN_OBJECT))
        return self.things[key]

    def _notice(self, where: Id, process: int) -> bytes:
        thing = self._found(where)
        told = b"".join(
            _context(0, bytes([wanted])) + b"\x2e" + thing.told(wanted) + b"\x2f" for wanted in (PRESENT, FLAGS)
        )
        device = _packed((DEVICE, self.number))
        head = _context(0, bytes([process])) + _context(1, device) + _context(2, _packed(where)) + _context(3, b"\x3c")
        return head + b"\x4e" + told + b"\x4f"


class _Datagrams(asyncio.DatagramProtocol):
    """Hands each datagram to the device, with the way back."""

    def __init__(self, simulator: BacnetSimulator) -> None:
        self._simulator = simulator

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        def send(datagram: bytes) -> None:
            self._transport.sendto(datagram, addr)

        if answer := self._simulator.handle(data, send):
            send(answer)


def error(kind: int, code: int) -> bytes:
    """A refusal by an error of that class and code."""
    return bytes([0x50]) + _coded(kind, code)


def reject(reason: int) -> bytes:
    """A refusal by a reject."""
    return bytes([0x60, reason])


def abort(reason: int) -> bytes:
    """A refusal by an abort."""
    return bytes([0x71, reason])


def _with_invoke(refusal: bytes, invoke: int, service: int) -> bytes:
    named = bytes([invoke, service]) if refusal[0] == 0x50 else bytes([invoke])  # noqa: PLR2004  (an error)
    return refusal[:1] + named + refusal[1:]


def _thing(zone: Mapping[str, Any]) -> Thing:
    kind, scale = str(zone.get("kind", "switch")), Decimal(str(zone.get("scale", 1)))
    family = str(zone["object"]).partition(",")[0]
    if family.startswith("multi"):
        return Thing(kind, UNSIGNED, float(zone["off"]), scale, int(zone["on"]))
    if family.startswith("binary"):
        return Thing(kind, ENUMERATED, 0.0, scale, 1)
    return Thing(kind, REAL, float(AUTOMATION * scale) if kind == "setpoint" else 0.0, scale, 1)


def _measure(own: Mapping[str, Any]) -> Thing:
    """What only measures: its value is the one place that it has, and nothing before it has measured."""
    tag = {"analog": REAL, "binary": ENUMERATED}.get(str(own["object"]).partition("-")[0], UNSIGNED)
    return Thing("sensor", tag, float("nan"), Decimal(1), 1, places=[], commandable=False)


def _id(told: str) -> Id:
    kind, _, number = told.partition(",")
    return TYPES[kind], int(number)


def _packed(where: Id) -> bytes:
    return (where[0] << 22 | where[1]).to_bytes(4, "big")


def _identifier(data: bytes) -> Id:
    number = _number(data)
    return number >> 22, number & 0x3FFFFF


def _number(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _coded(kind: int, code: int) -> bytes:
    return _tagged(ENUMERATED, bytes([kind])) + _tagged(ENUMERATED, bytes([code]))


def _tagged(number: int, data: bytes) -> bytes:
    """A value of a standard type. None of ours is longer than four octets."""
    return bytes([number << 4 | len(data)]) + data


def _context(number: int, data: bytes) -> bytes:
    return bytes([number << 4 | 8 | len(data)]) + data


def _tags(data: bytes) -> Iterator[Tag]:
    """Each tag of a request. Source: ASHRAE 135-2020, 20.2.1."""
    at = 0
    while at < len(data):
        number, context, kind = data[at] >> 4, bool(data[at] & 8), data[at] & 7
        length = 0 if context and kind in {OPEN, SHUT} else kind
        yield Tag(number, context, kind, data[at + 1 : at + 1 + length])
        at += 1 + length
