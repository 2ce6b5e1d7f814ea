"""A believable OPC UA server: a controller with lamps and heat behind typed nodes, in one state.

It speaks OPC UA TCP without security, holds sessions that outlive their connections, and tells subscribers at once.
Whoever writes a number of another type than the node's is refused. A zone with a mode follows its own automation until
its mode is ours; one with a timer ends when nobody has written for so long.
Source: OPC 10000-4 and 10000-6 v1.05, read from what asyncua 2.1.0 and node-opcua 2.182.2 send one another, 2026-11-27.
"""

import asyncio
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from connectors.control_opcua.simulated_channel import ANSWER, NONE, Back, Channel, FaultError
from connectors.control_opcua.simulated_outputs import TYPES, Output, wired
from connectors.control_opcua.simulated_wire import (
    ARRAY,
    NODE_ID,
    STRING,
    Reader,
    Variant,
    array,
    data_value,
    extension,
    moment,
    node,
    number,
    octets,
    text,
)
from hub.model import Dim, Level, Setpoint, Switch
from hub.sdk import Clock, HasZones, Misbehaviour, TcpSimulator

EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "apron.light": {"node": "ns=2;s=Apron.Light", "status": "ns=2;s=Apron.Lit"},
    "hall-a.light": {"node": "ns=2;s=HallA.Dim", "kind": "dim", "scale": "2.55"},
    "hall-b.heat": {
        "node": "ns=2;i=20",
        "status": "ns=2;i=21",
        "kind": "setpoint",
        "mode": {"node": "ns=2;i=22"},
    },
    "sauna.heat": {"node": "ns=2;i=30", "kind": "setpoint", "release": 16, "off_after": 900, "timer": "ns=2;i=31"},
}
"""Zones of a simulator that is told of none."""
SPACES = ["http://opcfoundation.org/UA/", "urn:simulator", "urn:building"]
VALUE, DATA_TYPE, USER_ACCESS = 13, 14, 18
ANONYMOUS, USER_NAME = 0, 1
MODE_NONE = 1

CREATE_SESSION, ACTIVATE_SESSION, CLOSE_SESSION, READ, WRITE = 461, 467, 473, 631, 673
WATCH, CREATE_SUBSCRIPTION, PUBLISH, DELETE_SUBSCRIPTIONS = 751, 787, 826, 847
"""How requests are numbered."""
CHANGED, ENDED, PASSWORD = 811, 820, "i=324"
UNKNOWN_NODE, NOT_WRITABLE, DENIED, MISMATCH = 0x80340000, 0x803B0000, 0x801F0000, 0x80740000
NO_ATTRIBUTE, NO_SERVICE, NO_SESSION, NO_SUBSCRIPTION = 0x80350000, 0x800B0000, 0x80250000, 0x80790000
TOO_MANY_SESSIONS, NOT_OUR_USER, TIMED_OUT = 0x80560000, 0x80210000, 0x800A0000


@dataclass
class Variable:
    """A node with a value."""

    type: int
    value: Any
    writable: bool = True
    status: int = 0
    """How good it is, or what a reader is told instead."""
    refusal: int = 0
    """What whoever writes it is told."""


@dataclass
class Session:
    """One that was made, and whoever it speaks through now."""

    number: int
    is_active: bool = False
    subscription: int = 0
    watched: dict[str, int] = field(default_factory=dict)
    """Nodes, and the number by which their watcher knows them."""
    waiting: list[Callable[[int, bytes], None]] = field(default_factory=list)
    """Questions for news that are not answered yet."""
    news: list[tuple[int, bytes]] = field(default_factory=list)
    """What nobody has asked for yet: which kind, and what."""
    told: int = 0


class OpcuaSimulator(TcpSimulator, HasZones):
    """A server with nodes."""

    can = frozenset({Misbehaviour.SET_BY_HAND, Misbehaviour.REFUSES, Misbehaviour.DOWN})

    def __init__(
        self, clock: Clock, external_keys: Sequence[str] = (), *, settings: Mapping[str, Any] | None = None
    ) -> None:
        """Be wired as configured, or as the examples are; each key without settings is a Boolean."""
        super().__init__(clock, external_keys)
        told = settings or {}
        self._zones: Mapping[str, Mapping[str, Any]] = (
            told.get("zones") or {key: {"node": f"ns=2;s={key}"} for key in self.external_keys} or EXAMPLES
        )
        self.outputs = {key: wired(zone) for key, zone in self._zones.items()}
        self.nodes: dict[str, Variable] = {}
        self.users: dict[str, str] = {}
        """Who may come in, and with which password; none: everybody."""
        self.room = 100
        """How many sessions it has room for."""
        self.sessions: dict[int, Session] = {}
        self.fault: int | None = None
        """What every request about nodes is answered with, until it is None again."""
        self.hangs_up = self.mute = self.down = False
        """Do as told, and hang up in place of an answer, or say nothing; take no connection."""
        self.last_words: int | None = None
        """Do as told, say this of the connection, and hang up."""
        self.logins = 0
        """How often somebody wanted to come in."""
        self.channel_milliseconds = 3_600_000
        self.renewed = 0
        """How often a channel has been renewed."""
        self.listens = True
        """Whether it has subscriptions."""
        self.written: list[tuple[str, Any]] = []
        self._numbers = 0
        for output in self.outputs.values():
            self._furnish(output)
        self._work()

    def config(self) -> Mapping[str, object]:
        """Give the settings that lead a connector here."""
        return {"url": f"opc.tcp://127.0.0.1:{self.port}/", "zones": dict(self._zones)}

    @classmethod
    def standing_in(
        cls, clock: Clock, external_keys: Sequence[str], settings: Mapping[str, object]
    ) -> "OpcuaSimulator":
        """Stand in for a configured connection, wired as it says."""
        return cls(clock, external_keys, settings=settings)

    def zones(self) -> Mapping[str, Level]:
        """What really burns and heats."""
        return {key: out.level(self.nodes[out.status].value) for key, out in self.outputs.items()}

    def takes(self, zone: str) -> frozenset[type[Level]]:
        """What a zone can be told."""
        kinds: dict[str, set[type[Level]]] = {"switch": {Switch}, "dim": {Dim, Switch}, "setpoint": {Setpoint}}
        return frozenset(kinds[self.outputs[zone].kind])

    def misbehave(self, how: Misbehaviour, key: str = "") -> None:
        """Turn a knob by hand; say no, to a zone or to all; drop everybody."""
        outputs = [self.outputs[key]] if key else list(self.outputs.values())
        match how:
            case Misbehaviour.SET_BY_HAND:
                for out in outputs:
                    self._by_hand(out)
            case Misbehaviour.REFUSES:
                for out in outputs:
                    self.nodes[out.at].refusal = DENIED
            case Misbehaviour.DOWN:
                self.down = True
                self.drop_all()
            case _:
                super().misbehave(how, key)

    def recover(self) -> None:
        """Take requests and connections again, and be sure of everything."""
        self.down = self.hangs_up = self.mute = False
        self.fault = self.last_words = None
        for one in self.nodes.values():
            one.refusal = one.status = 0

    def drop_all(self) -> None:
        """Cut every connection; sessions stay."""
        for writer in getattr(self, "_writers", ()):
            writer.transport.abort()

    def restart(self) -> None:
        """Forget every session and every timer, and keep what was written."""
        self.sessions.clear()
        self.drop_all()

    def end_subscriptions(self) -> None:
        """Tell every subscriber that nothing more will come."""
        for session in self.sessions.values():
            session.watched.clear()
            self._tell(session, ENDED, number(TIMED_OUT) + number(0, "B"))

    def set(self, where: str, value: Any) -> None:  # noqa: ANN401  (a number)
        """Have a node hold that, whoever did it."""
        self.nodes[where].value = value
        self._work()
        self.tell_of(where)

    def tell_of(self, *where: str) -> None:
        """Tell everybody who watches a node how it is."""
        for session in self.sessions.values():
            for one in where:
                if one in session.watched:
                    self._tell(session, CHANGED, self._item(session, one))

    def run_out(self) -> None:
        """Let every timer that was set come to its end."""
        for out in self.outputs.values():
            if out.timer and self.nodes[out.timer].value:
                self.nodes[out.timer].value = 0
                self._put(out, out.rest)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one message after the other."""
        if not self.down:
            await Channel(self, reader, writer).serve()

    def answer(self, kind: int, asked: Reader, back: Back) -> bytes | None:
        """Act, and give the answer's body; None: it comes later."""
        if kind == CREATE_SESSION:
            return self._create(back)
        session = self.sessions.get(int(back.session.removeprefix("i=")))
        if session is None or not (session.is_active or kind in {ACTIVATE_SESSION, CLOSE_SESSION}):
            raise FaultError(NO_SESSION)
        if kind in {READ, WRITE} and self.fault:
            raise FaultError(self.fault)
        return self._serve(kind, session, asked, back)

    def _serve(self, kind: int, session: Session, asked: Reader, back: Back) -> bytes | None:
        services: Mapping[int, Callable[[], bytes | None]] = {
            ACTIVATE_SESSION: lambda: self._activate(session, asked),
            CLOSE_SESSION: lambda: self._leave(session),
            READ: lambda: self._read(asked),
            WRITE: lambda: self._write(asked),
            CREATE_SUBSCRIPTION: lambda: self._subscribe(session),
            DELETE_SUBSCRIPTIONS: lambda: self._unsubscribe(session),
            WATCH: lambda: self._watch(session, asked),
            PUBLISH: lambda: self._publish(session, back),
        }
        if kind not in services or (kind == CREATE_SUBSCRIPTION and not self.listens):
            raise FaultError(NO_SERVICE)
        return services[kind]()

    def _leave(self, session: Session) -> bytes:
        del self.sessions[session.number]
        return b""

    def _unsubscribe(self, session: Session) -> bytes:
        session.watched.clear()
        session.subscription = 0
        return array([number(0)]) + number(-1, "i")

    def _create(self, back: Back) -> bytes:
        self.logins += 1
        if len(self.sessions) >= self.room:
            raise FaultError(TOO_MANY_SESSIONS)
        self._numbers += 1
        self.sessions[self._numbers] = Session(self._numbers)
        who = node(f"i={self._numbers}")
        tokens = [text("anonymous") + number(ANONYMOUS), text("user") + number(USER_NAME)]
        spelt = [one + text(None) * 2 + text(NONE) for one in tokens]
        product = text("urn:simulator") + text(None) + number(0, "B") + number(0) + text(None) * 2 + number(-1, "i")
        endpoint = text(back.url) + product + octets(None) + number(MODE_NONE) + text(NONE) + array(spelt)
        endpoint += text("http://opcfoundation.org/UA-Profile/Transport/uatcp-uasc-uabinary") + number(0, "B")
        signature = text(None) + octets(None)
        life = struct.pack("<d", 120_000.0)
        return who + who + life + octets(None) * 2 + array([endpoint]) + number(-1, "i") + signature + number(0)

    def _activate(self, session: Session, asked: Reader) -> bytes:
        asked.octets(), asked.octets()
        for _ in range(max(asked.whole("i"), 0)):
            asked.octets(), asked.octets()
        for _ in range(max(asked.whole("i"), 0)):
            asked.text()
        kind, token = asked.extension()
        if self.users and (kind != PASSWORD or not self._knows(Reader(token))):
            raise FaultError(NOT_OUR_USER)
        session.is_active = True
        session.waiting.clear()
        return octets(None) + number(-1, "i") * 2

    def _knows(self, token: Reader) -> bool:
        token.text()
        return self.users.get(token.text()) == token.text()

    def _read(self, asked: Reader) -> bytes:
        asked.take(12)
        return array([self._told(*_place(asked)) for _ in range(asked.whole("i"))]) + number(-1, "i")

    def _told(self, where: str, what: int) -> bytes:
        known = {
            "i=2255": Variant(STRING | ARRAY, SPACES),
            "i=2261": Variant(STRING, "Simulator"),
            "i=2264": Variant(STRING, "1.0"),
        }
        if where in known:
            return data_value(known[where], 0)
        one = self.nodes.get(where)
        if one is None:
            return data_value(Variant(), UNKNOWN_NODE)
        if what == VALUE:
            return data_value(Variant(one.type, one.value), one.status)
        if what == DATA_TYPE:
            return data_value(Variant(NODE_ID, f"i={one.type}"), 0)
        if what == USER_ACCESS:
            return data_value(Variant(3, 3 if one.writable else 1), 0)
        return data_value(Variant(), NO_ATTRIBUTE)

    def _write(self, asked: Reader) -> bytes:
        return array([number(self._written(asked)) for _ in range(asked.whole("i"))]) + number(-1, "i")

    def _written(self, asked: Reader) -> int:
        where, _what, _part = asked.node(), asked.whole(), asked.octets()
        told, one = asked.data_value(), self.nodes.get(where)
        if one is None:
            return UNKNOWN_NODE
        if one.refusal or not one.writable:
            return one.refusal or NOT_WRITABLE
        if told.type != one.type:
            return MISMATCH
        self.written.append((where, told.value))
        self.set(where, told.value)
        return 0

    def _subscribe(self, session: Session) -> bytes:
        self._numbers += 1
        session.subscription = self._numbers
        return number(session.subscription) + struct.pack("<dII", 500.0, 120, 20)

    def _watch(self, session: Session, asked: Reader) -> bytes:
        if asked.whole() != session.subscription:
            raise FaultError(NO_SUBSCRIPTION)
        asked.take(4)
        return array([self._watched(session, asked) for _ in range(asked.whole("i"))]) + number(-1, "i")

    def _watched(self, session: Session, asked: Reader) -> bytes:
        where, _ = _place(asked)
        asked.take(4)
        handle = asked.whole()
        asked.take(8)
        asked.extension()
        asked.take(5)
        there = where in self.nodes
        if there:
            session.watched[where] = handle
            self._tell(session, CHANGED, self._item(session, where))
        return (
            number(0 if there else UNKNOWN_NODE) + number(handle) + struct.pack("<dI", 500.0, 1) + node("i=0") + b"\0"
        )

    def _publish(self, session: Session, back: Back) -> None:
        if not session.subscription:
            raise FaultError(NO_SUBSCRIPTION)
        session.waiting.append(back.later(PUBLISH + ANSWER))
        self._deliver(session)

    def _item(self, session: Session, where: str) -> bytes:
        one = self.nodes[where]
        told = number(session.watched[where]) + data_value(Variant(one.type, one.value), one.status)
        return array([told]) + number(-1, "i")

    def _tell(self, session: Session, kind: int, body: bytes) -> None:
        session.news.append((kind, body))
        self._deliver(session)

    def _deliver(self, session: Session) -> None:
        while session.waiting and session.news:
            (kind, body), answered = session.news.pop(0), session.waiting.pop(0)
            session.told += 1
            message = number(session.told) + moment(self.clock.now()) + array([extension(kind, body)])
            told = number(session.subscription) + array([]) + number(bool(session.news), "?") + message
            answered(0, told + array([]) + number(-1, "i"))

    def _furnish(self, out: Output) -> None:
        kind = TYPES[out.kind]
        for where in (out.at, out.status):
            self.nodes[where] = Variable(kind, out.spell(out.rest, kind))
        if out.mode:
            self.nodes[out.mode] = Variable(TYPES["mode"], value=False)
        if out.timer:
            self.nodes[out.timer] = Variable(TYPES["timer"], 0)
        if out.status != out.at:
            self.nodes[out.status].writable = False

    def _work(self) -> None:
        """Have each output follow what was written, or its own automation."""
        for out in self.outputs.values():
            if out.status == out.at:
                continue
            automatic = out.mode is not None and int(self.nodes[out.mode].value) != out.ours
            self._show(out, out.rest if automatic else out.level(self.nodes[out.at].value))

    def _show(self, out: Output, level: Level) -> None:
        one = self.nodes[out.status]
        told = out.spell(level, one.type)
        if told != one.value:
            one.value = told
            self.tell_of(out.status)

    def _by_hand(self, out: Output) -> None:
        match out.level(self.nodes[out.status].value):
            case Switch(on=on):
                level: Level = Switch(on=not on)
            case Dim(percent=percent):
                level = Dim(percent=40 if percent == 0 else 0)
            case _:
                level = Setpoint(celsius=Decimal("23.5"))
        if out.mode:
            self.nodes[out.mode].value = bool(out.ours)
        self._put(out, level)

    def _put(self, out: Output, level: Level) -> None:
        self.set(out.at, out.spell(level, self.nodes[out.at].type))


def _place(asked: Reader) -> tuple[str, int]:
    """A node and an attribute of it, as a reader names them."""
    where, what = asked.node(), asked.whole()
    asked.octets(), asked.whole("H"), asked.octets()
    return where, what
