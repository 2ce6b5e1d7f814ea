"""One connection to the simulator, and the channel over it, without security.

Source: OPC 10000-6 v1.05, 6.7 and 7.1, read from what asyncua 2.1.0 and node-opcua 2.182.2 send one another,
2026-11-27.
"""

import asyncio
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from connectors.control_opcua.simulated_wire import Reader, answer, chunk, moment, number, octets, text
from hub.sdk import Clock

NONE = "http://opcfoundation.org/UA/SecurityPolicy#None"
ANSWER = 3
"""So much higher is an answer's number than its request's."""
FAULT, OPENED = 397, 449


class FaultError(Exception):
    """What a request is answered with instead."""

    def __init__(self, status: int) -> None:
        """Say which."""
        super().__init__(status)
        self.status = status


@dataclass(frozen=True)
class Back:
    """Where an answer goes."""

    session: str
    url: str
    later: Callable[[int], Callable[[int, bytes], None]]


class Serves(Protocol):
    """Whom a channel leads to."""

    clock: Clock
    hangs_up: bool
    mute: bool
    last_words: int | None
    channel_milliseconds: int
    renewed: int

    def answer(self, kind: int, asked: Reader, back: Back) -> bytes | None:
        """Act, and give the answer's body; None: it comes later."""


class Channel:
    """One connection, and the channel over it."""

    def __init__(self, simulator: Serves, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._simulator, self._reader, self._writer = simulator, reader, writer
        self._said = self._token = 0
        self._url = ""

    async def serve(self) -> None:
        while True:
            head = await self._reader.readexactly(8)
            body = Reader(await self._reader.readexactly(struct.unpack("<I", head[4:])[0] - 8))
            kind = head[:3]
            if kind == b"HEL":
                body.take(20)
                self._url = body.text()
                self._writer.write(chunk(b"ACK", struct.pack("<5I", 0, 65_536, 65_536, 0, 0)))
            elif kind == b"OPN":
                self._open(body)
            elif kind == b"MSG":
                self._message(body)
            else:
                return
            if self._simulator.last_words and kind == b"MSG":
                self._writer.write(chunk(b"ERR", number(self._simulator.last_words) + text(None)))
            if (self._simulator.hangs_up or self._simulator.last_words) and kind == b"MSG":
                return
            await self._writer.drain()

    def _open(self, body: Reader) -> None:
        body.take(4)
        body.octets(), body.octets(), body.octets()
        body.take(4)
        number_asked = body.whole()
        body.node()
        _, handle = body.request()
        body.take(4)
        self._simulator.renewed += body.whole()
        self._token += 1
        now, life = self._simulator.clock.now(), self._simulator.channel_milliseconds
        told = number(0) + struct.pack("<II", 7, self._token) + moment(now) + number(life) + octets(None)
        head = number(7) + text(NONE) + octets(None) * 2
        self._say(b"OPN", head, number_asked, answer(OPENED, handle, told, 0, now))

    def _message(self, body: Reader) -> None:
        body.take(12)
        asked, kind = body.whole(), int(body.node().removeprefix("i="))
        session, handle = body.request()

        def later(answered: int) -> Callable[[int, bytes], None]:
            return lambda status, told: self._answer(asked, answered, handle, status, told)

        try:
            told = self._simulator.answer(kind, body, Back(session, self._url, later))
        except FaultError as fault:
            self._answer(asked, FAULT, handle, fault.status, b"")
        else:
            if told is not None and not (self._simulator.hangs_up or self._simulator.last_words):
                self._answer(asked, kind + ANSWER, handle, 0, told)

    def _answer(self, asked: int, kind: int, handle: int, status: int, told: bytes) -> None:
        if not (self._simulator.mute or self._writer.is_closing()):
            self._say(
                b"MSG",
                struct.pack("<II", 7, self._token),
                asked,
                answer(kind, handle, told, status, self._simulator.clock.now()),
            )

    def _say(self, kind: bytes, head: bytes, asked: int, told: bytes) -> None:
        self._said += 1
        self._writer.write(chunk(kind, head + struct.pack("<II", self._said, asked) + told))
