"""A believable Zigbee2MQTT gateway with its lamps, and a broker of its own unless it is shown to another.

Its topics and payloads are those of zigbee2mqtt.io, guide/usage/mqtt_topics_and_messages, read 2026-11-21: a lamp that
is reached tells its whole state, retained; one that is not is only logged; a question is answered once for each of its
keys; `bridge/state` says online.
"""

import asyncio
import hmac
import json
import logging
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

from amqtt.adapters import StreamReaderAdapter, StreamWriterAdapter
from amqtt.broker import Broker
from amqtt.plugins.base import BaseAuthPlugin
from amqtt.session import Session
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from hub.model import Dim, Level, Switch
from hub.sdk import Clock, HasZones, ListeningSimulator, Misbehaviour

EXAMPLES = {"stairs.light": {"kind": "switch"}, "hall-a.light": {"kind": "dim"}, "hall-b.light": {"kind": "dim"}}
"""Zones of a simulator that is told of none."""
QUIET = ("amqtt", "amqtt.broker.plugins", "transitions")
"""Loggers that report each packet, and every fault that the kit makes, as if it were theirs."""
FULL = 254
"""Brightness of a lamp at full."""
BY_HAND = 102
"""Brightness to which a hand turns a lamp that was off: 40 per cent."""


@dataclass(frozen=True)
class BrokerAt:
    """A broker that runs already, and the gateway's account there."""

    host: str
    port: int
    username: str = "gateway"
    password: str = "gateway-secret"


HUB = BrokerAt("127.0.0.1", 0, "hub", "hub-secret-7")
GATEWAY = BrokerAt("127.0.0.1", 0)


class KnownAccounts(BaseAuthPlugin):  # type: ignore[misc]  # (published without types)
    """Lets in the hub and the gateway, with their passwords."""

    async def authenticate(self, *, session: Session) -> bool:
        known = {account.username: account.password for account in (HUB, GATEWAY)}
        return hmac.compare_digest(known.get(session.username or "", "\0"), session.password or "")


@dataclass
class Lamp:
    """A lamp as it really is."""

    state_topic: str
    set_topic: str
    get_topic: str
    kind: str = "dim"
    on: bool = False
    brightness: int = FULL
    """What it keeps while it is off, as real ones do."""
    reachable: bool = True

    def obey(self, command: Mapping[str, object]) -> None:
        """Apply absolute values, and TOGGLE as a real one would."""
        if "brightness" in command and self.kind == "dim":
            self.brightness = max(0, min(FULL, int(str(command["brightness"]))))
            self.on = self.brightness > 0
        match command.get("state"):
            case "TOGGLE":
                self.on = not self.on
            case "ON" | "OFF" as state:
                self.on = state == "ON"

    def state(self) -> bytes:
        """What the gateway publishes of it."""
        told: dict[str, object] = {"state": "ON" if self.on else "OFF", "linkquality": 96}
        if self.kind == "dim":
            told["brightness"] = self.brightness
        return json.dumps(told).encode()

    def level(self) -> Level:
        """How it is, in canonical words."""
        if self.kind == "switch":
            return Switch(on=self.on)
        return Dim(percent=round(self.brightness / FULL * 100) if self.on else 0)


def _lamp(zone: str, own: Mapping[str, Any], settings: Mapping[str, Any]) -> Lamp:
    """The lamp of a zone, at its own topics or those of the connection's templates."""

    def topic(name: str, usual: str, state: str = "") -> str:
        template = str(own.get(name) or settings.get(f"{name}_topic") or usual)
        return template.replace("{state}", state).replace("{zone}", zone)

    state = topic("state", "zigbee2mqtt/{zone}")
    kind = str(own.get("kind") or settings.get("kind") or "dim")
    return Lamp(state, topic("set", "{state}/set", state), topic("get", "{state}/get", state), kind)


class MqttSimulator(ListeningSimulator, HasZones):
    """Lamps at a gateway at a broker.

    The zones and topics are, in this order: those of `settings`, the connection's configured settings; a dimmable lamp
    for each of `external_keys`, at the topics that `config()` gives then; two examples. With `settings`, `config()`
    gives only what leads here (address, account, version), to be laid over them.
    """

    can = frozenset({Misbehaviour.SET_BY_HAND, Misbehaviour.REFUSES, Misbehaviour.DOWN})

    def __init__(
        self,
        clock: Clock,
        external_keys: Sequence[str] = (),
        *,
        settings: Mapping[str, Any] | None = None,
        broker: BrokerAt | None = None,
    ) -> None:
        """Be a gateway at `broker`, or at one of its own."""
        super().__init__(clock, external_keys)
        self._configured = settings is not None
        self._zones: Mapping[str, Mapping[str, Any]] = (
            (settings or {}).get("zones") or {key: {} for key in self.external_keys} or EXAMPLES
        )
        self.lamps = {zone: _lamp(zone, own, settings or {}) for zone, own in self._zones.items()}
        self.bridge_topic = (settings or {}).get("bridge_topic") or "zigbee2mqtt/bridge/state"
        self.slow_seconds = 0.0
        """How long a lamp takes to obey."""
        self._own = None if broker else OwnBroker()
        self._at = broker or GATEWAY
        self._client: mqtt.Client | None = None

    @classmethod
    def standing_in(cls, clock: Clock, external_keys: Sequence[str], settings: Mapping[str, object]) -> Self:
        """Have the zones and topics of the connection's settings."""
        return cls(clock, external_keys, settings=settings)

    def config(self) -> Mapping[str, object]:
        """Settings that lead here; the topics too, unless they were configured."""
        return self._address() if self._configured else {**self._address(), "zones": self._zones}

    def zones(self) -> Mapping[str, Level]:
        """How the lamps are."""
        return {zone: lamp.level() for zone, lamp in self.lamps.items()}

    def takes(self, zone: str) -> frozenset[type[Level]]:
        """What a lamp can be told."""
        kinds: set[type[Level]] = {Switch, Dim} if self.lamps[zone].kind == "dim" else {Switch}
        return frozenset(kinds)

    def misbehave(self, how: Misbehaviour, key: str = "") -> None:
        """Switch a lamp by hand; take the power from one, or from all; drop the broker."""
        lamps = [self.lamps[key]] if key else list(self.lamps.values())
        match how:
            case Misbehaviour.SET_BY_HAND:
                for lamp in lamps:
                    lamp.obey({"state": "OFF"} if lamp.on else {"state": "ON", "brightness": BY_HAND})
                    self._tell(lamp)
            case Misbehaviour.REFUSES:
                for lamp in lamps:
                    lamp.reachable = False
            case Misbehaviour.DOWN if self._own:
                self._own.drop_all(down=True)
            case _:
                super().misbehave(how, key)

    def recover(self) -> None:
        """Give power and broker back."""
        for lamp in self.lamps.values():
            lamp.reachable = True
        if self._own:
            self._own.down = False

    async def start(self) -> None:
        """Start the broker, and connect the gateway."""
        if self._own:
            self.port = await self._own.start()
            self._at = BrokerAt(GATEWAY.host, self.port)
        await self._connect()

    async def stop(self) -> None:
        """Stop both; harmless when they never started."""
        if self._client:
            self._client.disconnect()
            await asyncio.to_thread(self._client.loop_stop)
            self._client.on_connect = self._client.on_message = self._client.on_subscribe = None
            self._client.on_socket_open = None
            self._client = None
        if self._own:
            await self._own.stop()

    def _address(self) -> Mapping[str, object]:
        return {
            "host": HUB.host,
            "port": self.port or 1,
            "tls": False,
            "protocol": "3.1.1",
            "username": HUB.username,
            "password": HUB.password,
            "client_id": "hub-simulated",
        }

    async def _connect(self) -> None:
        """Connect, and listen; paho's thread only hands over."""
        loop, listening = asyncio.get_running_loop(), asyncio.Event()
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="zigbee2mqtt")
        client.suppress_exceptions = True
        client.username_pw_set(self._at.username, self._at.password)
        topics = [(topic, 1) for lamp in self.lamps.values() for topic in (lamp.set_topic, lamp.get_topic)]

        def connected(*_: object) -> None:
            client.publish(self.bridge_topic, b'{"state": "online"}', qos=1, retain=True)
            client.subscribe(topics)

        client.on_socket_open = lambda _c, _u, sock: _undelayed(sock)
        client.on_connect = connected
        client.on_subscribe = lambda *_: _in(loop, listening.set)
        client.on_message = lambda _c, _u, came: _in(loop, lambda: self._hear(came.topic, bytes(came.payload)))
        client.connect_async(self._at.host, self._at.port)
        client.loop_start()
        self._client = client
        async with asyncio.timeout(10):
            await listening.wait()

    def _hear(self, topic: str, payload: bytes) -> None:
        for lamp in self.lamps.values():
            if topic == lamp.set_topic:
                asyncio.get_running_loop().call_later(self.slow_seconds, self._obey, lamp, payload)
            elif topic == lamp.get_topic and lamp.reachable:
                for _ in json.loads(payload):
                    self._tell(lamp)

    def _obey(self, lamp: Lamp, payload: bytes) -> None:
        """An unreachable lamp is no news on its topic: the gateway only logs that it failed."""
        if lamp.reachable:
            with suppress(ValueError):
                lamp.obey(json.loads(payload))
                self._tell(lamp)

    def _tell(self, lamp: Lamp) -> None:
        if self._client:
            self._client.publish(lamp.state_topic, lamp.state(), qos=1, retain=True)


class _Broker(Broker):  # type: ignore[misc]  # (published without types)
    """amqtt, put right: 0.12.1 takes a client that came back before its old connection ended for one that is gone."""

    async def _client_message_loop(self, client_session: Session, handler: object) -> None:
        if client_session.transitions.state != "connected":
            client_session.transitions.connect()
        await super()._client_message_loop(client_session, handler)

    async def _handle_disconnect(self, client_session: Session, handler: object, waiter: asyncio.Future[Any]) -> None:
        if self._get_handler(client_session) is handler:
            await super()._handle_disconnect(client_session, handler, waiter)


class OwnBroker:
    """amqtt 0.12 in this event loop: MQTT 3.1.1 only, and queued messages come with retain set."""

    down = False

    def __init__(self) -> None:
        """Nothing runs before `start`."""
        self._broker: Any = None
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def start(self) -> int:
        """Listen at 127.0.0.1, and return the port."""
        for name in QUIET:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        plugins: dict[str, Any] = {f"{KnownAccounts.__module__}.{KnownAccounts.__qualname__}": {}}
        self._broker = _Broker({"listeners": {"default": {"type": "external"}}, "plugins": plugins})
        await self._broker.start()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Drop every connection, and stop."""
        if self._server is None:
            return
        self._server.close()
        self.drop_all()
        if self._connections:
            await asyncio.wait(self._connections, timeout=5)
        await self._broker.shutdown()
        await self._server.wait_closed()
        self._server = None

    def drop_all(self, *, down: bool = False) -> None:
        """Cut every connection; while it is down, new ones too."""
        self.down = down
        for writer in self._connections.values():
            writer.transport.abort()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.down:
            writer.transport.abort()
            return
        task = asyncio.get_running_loop().create_task(self._carry(reader, writer))
        self._connections[task] = writer
        task.add_done_callback(self._connections.pop)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._broker.external_connected(StreamReaderAdapter(reader), StreamWriterAdapter(writer), "default")
        except Exception:
            logging.getLogger("amqtt").debug("a connection ended", exc_info=True)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


def _undelayed(sock: object) -> None:
    if isinstance(sock, socket.socket):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _in(loop: asyncio.AbstractEventLoop, what: Callable[[], object]) -> None:
    """Let the event loop do it, from another thread."""
    with suppress(RuntimeError):  # the loop is closed: the gateway is being taken down
        loop.call_soon_threadsafe(what)
