"""One network connection to a broker, from dialling to loss.

paho's network thread does the work and only hands over what happened: everything else here runs in the event loop. A
link never reconnects, so what it could not send is never sent later; `session` makes the next one.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeAlias

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from pydantic import SecretStr

from hub.sdk.errors import ConnectorError, CredentialsError, RejectedError, TransientError, UnknownOutcomeError
from hub.sdk.tls import turned_away

AT_LEAST_ONCE: Final = 1
SESSION_KEPT: Final = timedelta(days=1)
"""How long a broker keeps our session while we are away (MQTT 5; with 3.1.1 the broker decides)."""

LARGEST_PACKET: Final = 65_536
"""Bytes that a broker may send at once (MQTT 5; 3.1.1 knows no such limit): the state of a lamp has a few hundred."""
AGAIN_SECONDS: Final = 0.1
"""How often a link that does not end is told to."""

# Reason codes; paho gives them for 3.1.1 too. Source: MQTT 5.0 (OASIS, 2019-03-07) 2.4 and 3.2.2.2, read 2026-11-21.
NO_SUBSCRIBERS: Final = 16
REFUSED: Final = frozenset({134, 135, 138, 140})
"""Bad user name or password, not authorized, banned, bad authentication method."""
BUSY: Final = frozenset({136, 137, 151, 159})
"""Server unavailable, server busy, quota exceeded, connection rate exceeded."""
NOT_AUTHORIZED: Final = 135
TAKEN_OVER: Final = 142


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Which broker, and who we are there."""

    host: str
    port: int
    server_name: str
    """The broker's own name, which its certificate must have; the host may be somewhere on the way."""
    client_id: str
    protocol: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv5
    tls: ssl.SSLContext | None = None
    way: Callable[[], Coroutine[Any, Any, socket.socket]] | None = None
    """Connects through the connection's proxy; None: there is none."""
    username: str | None = None
    password: SecretStr | None = None
    keepalive: timedelta = timedelta(seconds=30)
    timeout: timedelta = timedelta(seconds=10)
    """The longest that connecting and the handshake may take."""

    def __str__(self) -> str:
        """Where it is, for messages."""
        return f"{self.server_name}:{self.port}"


@dataclass(frozen=True)
class Heard:
    """A message that came."""

    topic: str
    payload: bytes
    retained: bool
    """It was there before we asked: no proof of how things are now."""


class TakenOverError(CredentialsError):
    """Another client came with our client id, and the broker dropped us for it."""


class _Client(mqtt.Client):
    """paho's client, whose network thread tells when and why it ends: also after an error inside paho itself."""

    on_end: Callable[[Exception | None], None] | None = None
    server_name: str = ""
    way: Callable[[], socket.socket] | None = None
    turned_away: ssl.SSLError | None = None
    """What the broker's TLS said when it hung up: paho tells only that it did."""

    def _sock_recv(self, bufsize: int) -> bytes:
        try:
            return super()._sock_recv(bufsize)
        except ssl.SSLError as error:
            self.turned_away = error
            raise

    def _create_socket_connection(self) -> socket.socket:
        """Connect, through the connection's proxy where there is one."""
        if self.way is None:
            return super()._create_socket_connection()
        return self.way()

    def loop_forever(self, timeout: float = 1.0, retry_first_connection: bool = False) -> MQTTErrorCode:  # noqa: ARG002, FBT001, FBT002  (paho's own signature)
        """Run until the connection is lost; connect once, and never again."""
        end: Exception | None = None
        try:
            return super().loop_forever(timeout, retry_first_connection=False)
        except Exception as error:  # noqa: BLE001  (a thread that dies in silence would leave us waiting for ever)
            end = error
            return MQTTErrorCode.MQTT_ERR_UNKNOWN
        finally:
            if self.on_end:
                self.on_end(end or self.turned_away)

    def _ssl_wrap_socket(self, tcp_sock: socket.socket) -> ssl.SSLSocket:
        """Shake hands with the broker under its own name, wherever it was routed; close when that fails."""
        context = self._ssl_context or ssl.create_default_context()
        wrapped = context.wrap_socket(tcp_sock, server_hostname=self.server_name, do_handshake_on_connect=False)
        try:
            wrapped.settimeout(self.connect_timeout)
            wrapped.do_handshake()
        except OSError:
            wrapped.close()
            raise
        return wrapped


Hear: TypeAlias = Callable[[Heard], None]


class Link:
    """A connection under way, standing or lost."""

    def __init__(
        self, endpoint: Endpoint, topics: Sequence[str], hear: Hear, lost: Callable[["Link", ConnectorError], None]
    ) -> None:
        """Begin to connect; `hear` gets every message, `lost` is called once at the end, both in the event loop."""
        self._loop = asyncio.get_running_loop()
        self._endpoint, self._topics, self._hear, self._lost = endpoint, topics, hear, lost
        self.ready: asyncio.Future[None] = self._loop.create_future()
        """Done when every topic is subscribed to; fails with one of the four errors."""
        self.ready.add_done_callback(lambda ready: ready.cancelled() or ready.exception())
        self.stood_since: float | None = None
        """Loop time at which the broker let us in."""
        self._acks: dict[int, asyncio.Future[ReasonCode]] = {}
        self._reason: ConnectorError | None = None
        self._ended = asyncio.Event()
        self._client = self._begin()

    def publish(
        self, topic: str, payload: bytes, *, expires: timedelta | None, retain: bool = False
    ) -> asyncio.Future[ReasonCode]:
        """Send at once, and give what the broker will say of it; `retain`: it keeps the last one on that topic.

        Raises:
            TransientError: it could not be sent.
        """
        version_5 = self._endpoint.protocol == MQTTProtocolVersion.MQTTv5
        properties = _with(PacketTypes.PUBLISH, MessageExpiryInterval=expires) if version_5 and expires else None
        sent = self._client.publish(topic, payload, qos=AT_LEAST_ONCE, retain=retain, properties=properties)
        if sent.rc is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise TransientError(f"{self._endpoint}: not connected, {topic} was not sent")
        ack: asyncio.Future[ReasonCode] = self._loop.create_future()
        ack.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._acks[sent.mid] = ack
        return ack

    async def end(self, error: ConnectorError) -> None:
        """Hang up, for this reason, and leave no thread and no socket behind."""
        self._fail(error)
        while not self._ended.is_set():  # paho forgets a disconnect that comes while it connects
            self._client.disconnect()
            with suppress(TimeoutError):
                async with asyncio.timeout(AGAIN_SECONDS):
                    await self._ended.wait()
        await asyncio.to_thread(self._client.loop_stop)
        self._let_go()

    def _begin(self) -> _Client:
        endpoint, version_5 = self._endpoint, self._endpoint.protocol == MQTTProtocolVersion.MQTTv5
        client = _Client(
            CallbackAPIVersion.VERSION2,
            client_id=endpoint.client_id,
            clean_session=None if version_5 else False,
            protocol=endpoint.protocol,
            reconnect_on_failure=False,
        )
        client.server_name, client.suppress_exceptions = endpoint.server_name, True
        client.connect_timeout = endpoint.timeout.total_seconds()
        client.way = self._through_the_loop(endpoint.way) if endpoint.way else None
        if endpoint.username is not None:
            password = endpoint.password.get_secret_value() if endpoint.password else None
            client.username_pw_set(endpoint.username, password)
        if endpoint.tls:
            client.tls_set_context(endpoint.tls)
        self._listen_to(client)
        keepalive = int(endpoint.keepalive.total_seconds())
        if version_5:
            asked = _with(PacketTypes.CONNECT, SessionExpiryInterval=SESSION_KEPT)
            asked.MaximumPacketSize = LARGEST_PACKET
            client.connect_async(endpoint.host, endpoint.port, keepalive, clean_start=False, properties=asked)
        else:
            client.connect_async(endpoint.host, endpoint.port, keepalive)
        client.loop_start()
        return client

    def _through_the_loop(self, way: Callable[[], Coroutine[Any, Any, socket.socket]]) -> Callable[[], socket.socket]:
        """For the network thread, which waits for what the event loop does."""
        loop, seconds = self._loop, self._endpoint.timeout.total_seconds()

        def connected() -> socket.socket:
            going = asyncio.run_coroutine_threadsafe(way(), loop)
            try:
                sock = going.result(seconds)
            except TimeoutError:
                going.cancel()
                raise
            sock.settimeout(seconds)
            return sock

        return connected

    def _listen_to(self, client: _Client) -> None:
        """Let the network thread hand over what happens; subscribing belongs to connecting."""
        hand_over = self._hand_over

        def connected(_c: mqtt.Client, _u: object, _f: object, reason: ReasonCode, _p: object) -> None:
            if reason.is_failure:
                hand_over(self._fail, _refusal(self._endpoint, reason))
            else:
                hand_over(self._accepted)
                client.subscribe([(topic, AT_LEAST_ONCE) for topic in self._topics])

        client.on_socket_open = lambda _c, _u, sock: at_once(sock)
        client.on_connect = connected
        client.on_subscribe = lambda _c, _u, _mid, reasons, _p: hand_over(self._subscribed, reasons)
        client.on_publish = lambda _c, _u, mid, reason, _p: hand_over(self._acknowledged, mid, reason)
        client.on_message = lambda _c, _u, came: hand_over(
            self._hear, Heard(came.topic, bytes(came.payload), came.retain)
        )
        client.on_disconnect = lambda _c, _u, _f, reason, _p: hand_over(self._disconnected, reason)
        client.on_end = lambda error: hand_over(self._end, error)

    def _hand_over(self, what: Callable[..., object], *args: object) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody is there to tell
            self._loop.call_soon_threadsafe(what, *args)

    def _accepted(self) -> None:
        self.stood_since = self._loop.time()

    def _subscribed(self, reasons: Sequence[ReasonCode]) -> None:
        refused = [topic for topic, reason in zip(self._topics, reasons, strict=False) if reason.is_failure]
        if refused:
            self._fail(RejectedError(f"{self._endpoint}: may not subscribe to {', '.join(refused)}; allow it there"))
        elif not self.ready.done():
            self.ready.set_result(None)

    def _acknowledged(self, mid: int, reason: ReasonCode) -> None:
        if (ack := self._acks.pop(mid, None)) and not ack.done():
            ack.set_result(reason)

    def _disconnected(self, reason: ReasonCode) -> None:
        if reason.value == TAKEN_OVER:
            self._reason = self._reason or taken_over(self._endpoint)

    def _end(self, error: Exception | None) -> None:
        self._ended.set()
        self._lost(self, self._fail(_loss(self._endpoint, error)))

    def _fail(self, error: ConnectorError) -> ConnectorError:
        """Tell all that wait for something that it will not come, and give the reason: the first one counts."""
        self._reason = self._reason or error
        if not self.ready.done():
            self.ready.set_exception(self._reason)
        for ack in self._acks.values():
            if not ack.done():
                ack.set_exception(UnknownOutcomeError(f"{self._endpoint}: the connection was lost before an answer"))
        self._acks.clear()
        return self._reason

    def _let_go(self) -> None:
        client = self._client
        client.on_connect = client.on_subscribe = client.on_publish = client.on_message = client.on_disconnect = None
        client.on_socket_open = client.on_end = None
        if left := client.socket():
            left.close()


def at_once(sock: object) -> None:
    """Send small packets at once: Nagle's algorithm makes each exchange 40 to 90 ms longer."""
    if isinstance(sock, socket.socket):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def taken_over(endpoint: Endpoint) -> TakenOverError:
    """The error for a client id that two clients use."""
    return TakenOverError(
        f"{endpoint}: another client uses client id {endpoint.client_id}; give each connection of each hub its own"
    )


def publish_error(endpoint: Endpoint, topic: str, reason: ReasonCode) -> ConnectorError | None:
    """What a broker's answer to a message means; None when the message is on its way."""
    if reason.value == NO_SUBSCRIBERS:
        return TransientError(f"{endpoint}: nobody listens on {topic}; is the gateway running, and the topic right?")
    if not reason.is_failure:
        return None
    if reason.value in BUSY:
        return TransientError(f"{endpoint}: {topic}: {reason}")
    return RejectedError(f"{endpoint}: {topic}: {reason}; allow it at the broker")


def _with(packet: int, **intervals: timedelta) -> Properties:
    """Give the properties of an MQTT 5 packet; their intervals count whole seconds."""
    properties = Properties(packet)  # type: ignore[no-untyped-call]  # (paho's own gap)
    for name, interval in intervals.items():
        setattr(properties, name, int(interval.total_seconds()))
    return properties


def _refusal(endpoint: Endpoint, reason: ReasonCode) -> ConnectorError:
    """What a refused connection means."""
    if reason.value in REFUSED:
        return CredentialsError(f"{endpoint}: {reason}; check user name, password and client id")
    if reason.value in BUSY:
        return TransientError(f"{endpoint}: {reason}")
    return RejectedError(f"{endpoint}: {reason}; check protocol and client id")


def _loss(endpoint: Endpoint, error: Exception | None) -> ConnectorError:
    """What the end of a connection means; the error is what ended the network thread."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return CredentialsError(f"{endpoint}: {error.verify_message}; check the connection's CA file")
    if told := turned_away(error):
        return CredentialsError(f"{endpoint}: {told}")
    if isinstance(error, ConnectorError):
        return error
    if isinstance(error, OSError):
        return TransientError(f"{endpoint}: no connection ({type(error).__name__})")
    if error is not None:
        return TransientError(f"{endpoint}: an answer that is no MQTT ({type(error).__name__})")
    return TransientError(f"{endpoint}: the connection was lost")
