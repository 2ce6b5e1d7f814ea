"""What simulators behind MQTT share: a small broker of their own, and a client that plays the gateway at a broker."""

import asyncio
import hmac
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from amqtt.adapters import StreamReaderAdapter, StreamWriterAdapter
from amqtt.broker import Broker
from amqtt.plugins.base import BaseAuthPlugin
from amqtt.session import Session
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from hub.sdk.mqtt.link import at_once

QUIET = ("amqtt", "amqtt.broker.plugins", "transitions")
"""Loggers that report each packet, and every fault that the kit makes, as if it were theirs."""


@dataclass(frozen=True)
class BrokerAt:
    """A broker, and an account there: the gateway's, unless it says otherwise."""

    host: str
    port: int
    username: str = "gateway"
    password: str = "gateway-secret"  # noqa: S105  (made up)


HUB = BrokerAt("127.0.0.1", 0, "hub", "hub-secret-7")
GATEWAY = BrokerAt("127.0.0.1", 0)
HUBS_ACCOUNT = {"username": HUB.username, "password": HUB.password, "client_id": "hub-simulated"}
"""Settings with which the hub is let in by a broker of the simulator's own."""


class KnownAccounts(BaseAuthPlugin):  # type: ignore[misc]  # (published without types)
    """Lets in the hub and the gateway, with their passwords."""

    async def authenticate(self, *, session: Session) -> bool:
        known = {account.username: account.password for account in (HUB, GATEWAY)}
        return hmac.compare_digest(known.get(session.username or "", "\0"), session.password or "")


class Guest:
    """A client at a broker, which hears in the event loop what paho's thread hands over."""

    def __init__(
        self, at: BrokerAt, client_id: str, topics: Sequence[str], hear: Callable[[str, bytes], object]
    ) -> None:
        """Nothing is sent before `start`."""
        self._at, self._client_id, self._topics, self._hear = at, client_id, topics, hear
        self._client: mqtt.Client | None = None

    async def start(self) -> None:
        """Connect, and listen."""
        loop, listening = asyncio.get_running_loop(), asyncio.Event()
        client = self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=self._client_id)

        def connected(*_: object) -> None:
            client.subscribe([(topic, 1) for topic in self._topics])

        client.suppress_exceptions = True
        client.username_pw_set(self._at.username, self._at.password)
        client.on_socket_open = lambda _c, _u, sock: at_once(sock)
        client.on_connect = connected
        client.on_subscribe = lambda *_: _in(loop, listening.set)
        client.on_message = lambda _c, _u, came: _in(loop, lambda: self._hear(came.topic, bytes(came.payload)))
        client.connect_async(self._at.host, self._at.port)
        client.loop_start()
        async with asyncio.timeout(10):
            await listening.wait()

    async def stop(self) -> None:
        """Hang up; harmless when it never started."""
        client, self._client = self._client, None
        if client is None:
            return
        client.disconnect()
        await asyncio.to_thread(client.loop_stop)
        client.on_connect = client.on_message = client.on_subscribe = client.on_socket_open = None

    def tell(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Say something; unheard when it is not connected."""
        if self._client:
            self._client.publish(topic, payload, qos=1, retain=retain)


class _Broker(Broker):  # type: ignore[misc]  # (published without types)
    """amqtt, put right: 0.12.1 takes a client that came back before its old connection ended for one that is gone."""

    async def _client_message_loop(self, client_session: Session, handler: object) -> None:
        if client_session.transitions.state != "connected":
            client_session.transitions.connect()
        await super()._client_message_loop(client_session, handler)

    async def _handle_disconnect(self, client_session: Session, handler: object, waiter: asyncio.Future[Any]) -> None:
        if self._get_handler(client_session) is handler:
            await super()._handle_disconnect(client_session, handler, waiter)

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        """Send what is retained; a client that hangs up before it acknowledges is no fault of anybody's task."""
        topic_filter, qos = subscription
        kept = [one for topic, one in self._retained_messages.items() if self._matches(topic, topic_filter)]
        if handler := self._get_handler(session):
            sent = (handler.mqtt_publish(one.topic, one.data, min(qos, one.qos or qos), retain=True) for one in kept)
            await asyncio.gather(*sent, return_exceptions=True)


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


class Gateway:
    """A gateway at a broker that runs already, or at one of its own."""

    def __init__(self, client_id: str, topics: Sequence[str], hear: Callable[[str, bytes], object]) -> None:
        """Listen to these topics once started; `hear` gets topic and payload."""
        self._client_id, self._topics, self._hear = client_id, topics, hear
        self._guest: Guest | None = None
        self._own: OwnBroker | None = None

    async def start(self, broker: BrokerAt | None = None) -> int:
        """Connect, and give the broker's port; without one, start one."""
        if broker is None:
            self._own = OwnBroker()
            broker = BrokerAt(GATEWAY.host, await self._own.start())
        self._guest = Guest(broker, self._client_id, self._topics, self._hear)
        await self._guest.start()
        return broker.port

    async def stop(self) -> None:
        """Hang up, and stop a broker of its own; harmless when it never started."""
        if self._guest:
            await self._guest.stop()
        if self._own:
            await self._own.stop()

    def tell(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Say something; unheard when it is not connected."""
        if self._guest:
            self._guest.tell(topic, payload, retain=retain)

    def drop_all(self) -> None:
        """Cut every connection to a broker of its own, and let nobody in until `recover`."""
        if self._own:
            self._own.drop_all(down=True)

    def recover(self) -> None:
        """Let connections in again."""
        if self._own:
            self._own.down = False


def _in(loop: asyncio.AbstractEventLoop, what: Callable[[], object]) -> None:
    """Let the event loop do it, from another thread."""
    with suppress(RuntimeError):  # the loop is closed: the gateway is being taken down
        loop.call_soon_threadsafe(what)
