"""MQTT 3.1.1 in small, for a simulator that is the gateway and its broker in one, without a thread or a second socket.

It keeps no session, grants QoS 0 only, acknowledges what comes with QoS 1, and takes its time with what is retained:
that comes before the answer to the client's next packet. All of that a broker may do.

Source: MQTT 3.1.1 (OASIS, 2014-10-29) 2.2 to 3.14, read 2026-11-27.
"""

import asyncio
import hmac
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import takewhile

from hub.sdk.mqtt.simulator import BrokerAt

CONNECT, PUBLISH, SUBSCRIBE, PINGREQ, DISCONNECT = 1, 3, 8, 12, 14
LET_IN, NOT_AUTHORIZED = bytes([0x20, 2, 0, 0]), bytes([0x20, 2, 0, 5])
PONG = bytes([0xD0, 0])
PUBACK, SUBACK, SENT, RETAINED = 0x40, 0x90, 0x30, 0x31
RETAIN, QOS = 0x01, 0x06
_LONGEST = 65_536
_MORE = 0x80
"""A byte of a length that another follows."""


@dataclass(frozen=True)
class _Packet:
    kind: int
    flags: int
    body: bytes


@dataclass
class _Fields:
    """The body of a packet, field by field."""

    left: bytes

    def take(self, count: int) -> bytes:
        if count > len(self.left):
            raise ValueError(count)
        taken, self.left = self.left[:count], self.left[count:]
        return taken

    def number(self) -> int:
        return int.from_bytes(self.take(2))

    def text(self) -> str:
        return self.take(self.number()).decode()


@dataclass(eq=False)
class _Client:
    writer: asyncio.StreamWriter
    filters: list[str] = field(default_factory=list)
    owed: list[str] = field(default_factory=list)
    """Filters whose retained messages have not been sent yet."""


class SmallBroker:
    """Carries messages between its clients, and to and from the simulator that it is a part of."""

    def __init__(self, account: BrokerAt, hear: Callable[[str, bytes], object]) -> None:
        """Let in who knows the account's password; `hear` gets whatever a client publishes."""
        self._account, self._hear = account, hear
        self._clients: set[_Client] = set()
        self.retained: dict[str, bytes] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk with one client until it goes, or says what is no MQTT."""
        client = _Client(writer)
        with suppress(ValueError):
            if not self._knows(await _packet(reader)):
                writer.write(NOT_AUTHORIZED)
                return
            writer.write(LET_IN)
            self._clients.add(client)
            try:
                while (packet := await _packet(reader)).kind != DISCONNECT:
                    self._obey(client, packet)
            finally:
                self._clients.discard(client)

    def tell(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Send to every client that listens there, and keep it for those who come later; an empty one is not kept."""
        if retain:
            self.retained.pop(topic, None)
            if payload:
                self.retained[topic] = payload
        for client in self._clients:
            if any(_matches(one, topic) for one in client.filters):
                _send(client, topic, payload)

    def _knows(self, packet: _Packet) -> bool:
        if packet.kind != CONNECT:
            raise ValueError(packet.kind)
        fields = _Fields(packet.body)
        fields.text(), fields.take(4), fields.text()
        user, password = fields.text(), fields.text()
        account = self._account
        return user == account.username and hmac.compare_digest(password.encode(), account.password.encode())

    def _obey(self, client: _Client, packet: _Packet) -> None:
        self._catch_up(client)
        match packet.kind:
            case kind if kind == PUBLISH:
                self._published(client, packet)
            case kind if kind == SUBSCRIBE:
                self._subscribed(client, _Fields(packet.body))
            case kind if kind == PINGREQ:
                client.writer.write(PONG)

    def _published(self, client: _Client, packet: _Packet) -> None:
        fields = _Fields(packet.body)
        topic = fields.text()
        if packet.flags & QOS:
            client.writer.write(bytes([PUBACK, 2]) + fields.take(2))
        self.tell(topic, fields.left, retain=bool(packet.flags & RETAIN))
        self._hear(topic, fields.left)

    def _subscribed(self, client: _Client, fields: _Fields) -> None:
        number, wanted = fields.take(2), list(_filters(fields))
        client.filters += wanted
        client.owed += wanted
        client.writer.write(_framed(SUBACK, number + bytes(len(wanted))))

    def _catch_up(self, client: _Client) -> None:
        for topic, payload in self.retained.items():
            if any(_matches(one, topic) for one in client.owed):
                _send(client, topic, payload, kind=RETAINED)
        client.owed.clear()


def _filters(fields: _Fields) -> Iterator[str]:
    while fields.left:
        yield fields.text()
        fields.take(1)


async def _packet(reader: asyncio.StreamReader) -> _Packet:
    head, length, shift = (await reader.readexactly(1))[0], 0, 0
    more = True
    while more:
        byte = (await reader.readexactly(1))[0]
        length, shift, more = length | (byte & 0x7F) << shift, shift + 7, byte >= _MORE
        if length > _LONGEST:
            raise ValueError(length)
    return _Packet(head >> 4, head & 0x0F, await reader.readexactly(length))


def _framed(head: int, body: bytes) -> bytes:
    length, left = bytearray(), len(body)
    while left >= _MORE:
        length.append(left & 0x7F | _MORE)
        left >>= 7
    return bytes([head, *length, left]) + body


def _send(client: _Client, topic: str, payload: bytes, *, kind: int = SENT) -> None:
    name = topic.encode()
    client.writer.write(_framed(kind, len(name).to_bytes(2) + name + payload))


def _matches(wanted: str, topic: str) -> bool:
    """Whether a topic is one of those that a filter means: `+` is any one level, `#` all that follow."""
    levels, told = wanted.split("/"), topic.split("/")
    before = list(takewhile(lambda level: level != "#", levels))
    whole = len(told) == len(levels) if len(before) == len(levels) else len(told) >= len(before)
    return whole and all(level in {"+", name} for level, name in zip(before, told, strict=False))
