"""The one session with a server: made when it is needed, taken up again when it was lost, its answers as plain values.

Source: OPC 10000-4 v1.05, 5.6.2 (a channel is renewed after three quarters of its life), 5.7.3 (a session is activated
over another channel) and 6.7, by way of asyncua 2.1.0, its source, read 2026-11-27.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from asyncua import ua
from asyncua.client.client import Client
from asyncua.client.ua_client import UaClient, UaClientState, UASocketProtocol
from asyncua.crypto.security_policies import SecurityPolicy
from asyncua.ua.ua_binary import struct_from_binary
from asyncua.ua.uaerrors import UaError, UaStatusCodeError

from connectors.control_opcua.config import OpcuaConfig, Security
from connectors.control_opcua.login import secured, user_of
from connectors.control_opcua.refusals import LOST, not_let_in, refused
from connectors.control_opcua.values import VALUE, Number, Quality, Told, Type
from hub.sdk import ConnectorError, CredentialsError, RejectedError, TransientError, UnknownOutcomeError

logging.getLogger("asyncua").setLevel(logging.CRITICAL + 1)  # what it would say is in our errors
Way = Callable[[], Awaitable[socket.socket]]
"""Gives a connected socket to the server."""
T = TypeVar("T")

NAMESPACES = "i=2255"
"""Where a server names its namespaces."""
CHANNEL_MILLISECONDS = 3_600_000
SESSION_MILLISECONDS = 120_000
"""How long a session that nobody uses is kept, should this process end without a word."""
RENEWED_AT = 0.75
SHORTEST_KEY = 0.05
"""Seconds between two keys, however short a server would have their lives."""
MOST = 4_000_000
"""Bytes of one message that are borne; what the zones of a connection tell is a hundredth of it."""


class Server:
    """Reads, writes and asks; knows when the session is lost."""

    def __init__(self, config: OpcuaConfig, way: Way, *, seconds: float) -> None:
        """Keep what it is given; nothing is sent before the first question, which may take so many `seconds`."""
        self._config, self._seconds = config, seconds
        self._way, self._wire = way, _Wire(seconds, way, self._went_down)
        self._ua: Client | None = None
        self._making: asyncio.Task[Client] | None = None
        self._renewing: asyncio.Task[None] | None = None
        self._namespaces: Sequence[str] = ()
        self._is_up = self._closed = False
        self.sessions = 0
        """How many there have been; one that is taken up again is the same, with what was subscribed to in it."""
        self.up: Callable[[], None] = lambda: None
        """Called when there is a session again."""

    @property
    def seconds(self) -> float:
        """The longest that one question may take."""
        return self._seconds

    async def read(self, places: Sequence[tuple[str, int]]) -> list[Told]:
        """Read attributes of nodes, in one question; each tells how good it is.

        Raises:
            TransientError: no answer, or not now.
            RejectedError: the server has no such namespace, or reads nothing.
            CredentialsError: the server does not let us in, or is not who it should be.
        """
        await self.know_namespaces([node for node, _ in places])
        asked = [ua.ReadValueId(NodeId=self.id_of(node), AttributeId=ua.IntegerId(what)) for node, what in places]
        request = ua.ReadRequest()
        request.Parameters.NodesToRead = asked
        answer = await self.ask(request, ua.ReadResponse, "reading")
        if len(answer.Results or ()) != len(asked):
            raise TransientError(f"{self}: an answer to another question than was asked")
        return [told_by(value) for value in answer.Results]

    async def write(self, node: str, number: Number, kind: Type) -> None:
        """Write a number of that type, without a time: many servers take none.

        Raises:
            TransientError: nothing was written.
            UnknownOutcomeError: it was sent, and no answer says that it was done.
            RejectedError: the server does not take it.
            CredentialsError: the server does not let us in, or is not who it should be.
        """
        await self.know_namespaces([node])
        value = ua.DataValue(ua.Variant(number, ua.VariantType(int(kind))))
        request = ua.WriteRequest()
        request.Parameters.NodesToWrite = [
            ua.WriteValue(NodeId=self.id_of(node), AttributeId=ua.IntegerId(VALUE), Value=value)
        ]
        answer = await self.ask(request, ua.WriteResponse, node, changes=True)
        if len(answer.Results or ()) != 1:
            raise UnknownOutcomeError(f"{self}, {node}: an answer to another question than was asked")
        if not answer.Results[0].is_good():
            raise refused(f"{self}, {node}", status_of(answer.Results[0].value), changes=True)

    async def ask(
        self, request: object, answered: type[T], where: str, *, changes: bool = False, seconds: float | None = None
    ) -> T:
        """Send a request; `where` is for errors, `seconds` for those that may be answered later than others."""
        patience = self._seconds if seconds is None else seconds
        deadline = asyncio.get_running_loop().time() + patience
        await self.ready()
        protocol, place = self._wire.line, f"{self}, {where}"
        if protocol is None:
            raise _no_answer(place, changes=False)
        try:
            async with asyncio.timeout_at(deadline):
                told = await _plainly(protocol.send_request(request, timeout=patience))
            answer: Any = struct_from_binary(answered, told)
            answer.ResponseHeader.ServiceResult.check()
        except TimeoutError as error:
            self.drop()
            raise _no_answer(place, changes=changes) from error
        except UaStatusCodeError as error:
            if protocol.has_ended:  # told of the connection, and of no request
                self.drop()
                raise _no_answer(place, changes=changes) from error
            raise self._refused(place, error, changes=changes) from error
        except Exception as error:  # asyncua makes anything of an answer that cannot be read
            self.drop()
            raise _no_answer(place, changes=changes) from error
        return answer  # type: ignore[no-any-return]

    async def ready(self) -> Client:
        """Give a session that stands, making one now if need be; who comes meanwhile waits for the same.

        Raises:
            TransientError: none, or none that is free.
            CredentialsError: the server does not let us in, or is not who it should be.
            RejectedError: the connection's certificates cannot be used.
        """
        if self._closed:
            raise TransientError(f"{self}: closed")
        if self._is_up and self._ua:
            return self._ua
        if self._making is None or self._making.done():
            self._making = asyncio.get_running_loop().create_task(self._made())
            self._making.add_done_callback(lambda made: made.cancelled() or made.exception())
        making = self._making
        try:
            return await asyncio.shield(making)
        except asyncio.CancelledError:
            if making.cancelled():
                raise TransientError(f"{self}: closed") from None
            raise

    def drop(self) -> None:
        """Hang up, since nothing that comes is of use any more; the next question connects anew."""
        if self._ua:
            self._wire.cut()
        self._went_down()

    async def close(self) -> None:
        """End the session and hang up for good."""
        self._closed = True
        for task in filter(None, (self._making, self._renewing)):
            task.cancel()
        if self._making:
            await asyncio.gather(self._making, return_exceptions=True)
        if self._ua and self._is_up:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._seconds):
                    await _plainly(self._ua.disconnect())
        self.drop()

    def __str__(self) -> str:
        return self._config.url

    def _refused(self, place: str, error: UaStatusCodeError, *, changes: bool) -> ConnectorError:
        status = status_of(error.code)
        if status in LOST:
            self.drop()
        if status == "BadTimeout":
            return _no_answer(place, changes=changes)
        return refused(place, status, changes=changes)

    async def _made(self) -> Client:
        """Connect, and take up the session that was, or have another."""
        if self._ua is None:
            self._ua = await self._client()
        client = self._ua
        try:
            async with asyncio.timeout(self._seconds):
                await _plainly(self._connect(client))
        except Exception as error:
            self.drop()
            raise await self._not_connected(error) from error
        except BaseException:
            self.drop()
            raise
        self._up(client)
        return client

    async def _client(self) -> Client:
        client = Client(self._config.url, self._seconds)
        client.name = client.description = "Knutpunkt"
        client.uaclient = self._wire
        try:
            await secured(client, self._config)
        except (OSError, ValueError, TypeError) as error:
            raise RejectedError(f"{self}: the certificates cannot be used: {error}") from error
        return client

    async def _connect(self, client: Client) -> None:
        await client.connect_socket()
        await client.send_hello()
        client.secure_channel_timeout, client.session_timeout = CHANNEL_MILLISECONDS, SESSION_MILLISECONDS
        await client.open_secure_channel()
        await self._log_in(client)

    async def _log_in(self, client: Client) -> None:
        """Take up the session that was, as a server that has room for one asks of us; else have a new one."""
        session = client.uaclient.session
        name, password = user_of(self._config)
        if session.has_session:
            session.rebind_authentication_token()
            with suppress(UaStatusCodeError):
                await client.activate_session(name, password)
                return
            session.reset_authentication_token()
        if self._config.security is Security.NONE:
            client.security_policy.peer_certificate = None  # nobody is proven by it, and a new one is no stranger
        self.sessions += 1
        await client.create_session()
        try:
            if name and not self._config.password_in_clear:
                self._never_in_clear(client)
            await client.activate_session(name, password)
        except Exception:
            with suppress(Exception):
                await session.close_session(delete_subscriptions=True)
            raise

    def _never_in_clear(self, client: Client) -> None:
        policy = str(client.server_policy(ua.UserTokenType.UserName).SecurityPolicyUri or "#None")
        if policy.endswith("#None") and client.security_policy.Mode != ua.MessageSecurityMode.SignAndEncrypt:
            raise RejectedError(
                f"{self}: the server takes our password in clear only; set security: sign_and_encrypt, or allow it with"
                " password_in_clear"
            )

    async def _not_connected(self, error: Exception) -> ConnectorError:
        if isinstance(error, ConnectorError):
            return error
        error = error if isinstance(error, UaError) else self._wire.refusal or error
        told = not_let_in(str(self), status_of(error.code)) if isinstance(error, UaStatusCodeError) else None
        if isinstance(told, CredentialsError):
            return told
        if self._config.security is not Security.NONE and await self._is_another():
            return CredentialsError(f"{self}: the server shows another certificate than server_certificate_file")
        if str(error).startswith("No matching endpoints"):
            return CredentialsError(f"{self}: the server has no such security; correct `security`")
        return told or TransientError(
            f"{self}: no connection ({type(error).__name__}); is the server there, and this its port?"
        )

    async def _is_another(self) -> bool:
        """Whether who answers there shows another certificate: who cannot read what is sent only hangs up."""
        client, pinned = Client(self._config.url, self._seconds), self._ua and self._ua.security_policy.peer_certificate
        client.uaclient = _Wire(self._seconds, self._way, lambda: None)
        try:
            async with asyncio.timeout(self._seconds):
                endpoints = await _plainly(client.connect_and_get_server_endpoints())
        except Exception:  # noqa: BLE001  (asyncua makes anything of an answer that cannot be read)
            return False
        finally:
            client.uaclient.cut()
        shown = [one.ServerCertificate for one in endpoints if one.ServerCertificate]
        return bool(shown and pinned) and not any(one.startswith(pinned) for one in shown)

    def _up(self, client: Client) -> None:
        self._is_up, self._namespaces = True, ()
        self._renewing = asyncio.get_running_loop().create_task(self._renew(client))
        self.up()

    def _went_down(self) -> None:
        if self._is_up:
            self._is_up = False
            if self._renewing:
                self._renewing.cancel()

    async def _renew(self, client: Client) -> None:
        """Have a new key for the channel in time; a server that gives none is hung up on."""
        try:
            while True:
                await asyncio.sleep(max(client.secure_channel_timeout / 1000 * RENEWED_AT, SHORTEST_KEY))
                async with asyncio.timeout(self._seconds):
                    await _plainly(client.open_secure_channel(renew=True))
                client.uaclient.revolve_security_token()
        except Exception:  # noqa: BLE001  (asyncua makes anything of an answer that cannot be read)
            self.drop()

    async def know_namespaces(self, nodes: Iterable[str]) -> None:
        """Read the server's namespaces once a session, where a node names one: their numbers change."""
        await self.ready()
        if self._namespaces or not any(node.startswith("nsu=") for node in nodes):
            return
        request = ua.ReadRequest()
        asked = ua.ReadValueId(NodeId=ua.NodeId.from_string(NAMESPACES), AttributeId=ua.IntegerId(VALUE))
        request.Parameters.NodesToRead = [asked]
        answer = await self.ask(request, ua.ReadResponse, NAMESPACES)
        told = [told_by(value).value for value in answer.Results or ()]
        if len(told) != 1 or not isinstance(told[0], list):
            raise TransientError(f"{self}: the server does not tell its namespaces")
        self._namespaces = [str(one) for one in told[0]]

    def id_of(self, node: str) -> ua.NodeId:
        """Give a node as the server numbers it; raises RejectedError when it has no such namespace."""
        if not node.startswith("nsu="):
            return ua.NodeId.from_string(node)
        name, _, rest = node.removeprefix("nsu=").partition(";")
        if name not in self._namespaces:
            raise RejectedError(f"{self}: the server has no namespace {name}; correct the zone's node")
        return ua.NodeId.from_string(f"ns={self._namespaces.index(name)};{rest}")


class _Wire(UaClient):
    """asyncua's own, over the hub's way, and telling when it is lost."""

    def __init__(self, seconds: float, way: Way, lost: Callable[[], None]) -> None:
        super().__init__(seconds)
        self._seconds, self._way, self._lost = seconds, way, lost
        self.refusal: UaStatusCodeError | None = None
        """Why the server gives no channel."""

    @property
    def line(self) -> "_Line | None":
        """The connection, while there is one."""
        return self.protocol if isinstance(self.protocol, _Line) else None

    async def connect_socket(self, host: str, port: int) -> None:  # noqa: ARG002  (the way knows them)
        self._set_state(UaClientState.CONNECTING)
        self.refusal = None
        way = await self._way()
        connect = asyncio.get_running_loop().create_connection
        try:
            await connect(self._make_protocol, sock=way)
        except BaseException:
            way.close()
            raise
        self._set_state(UaClientState.SOCKET_OPEN)

    def cut(self) -> None:
        """Hang up at once: nothing that waits to be sent is of use any more."""
        if self.protocol and self.protocol.transport:
            self.protocol.transport.abort()
        self.disconnect_socket()

    def take(self, message: ua.Message) -> None:
        """Keep what a server says in place of giving a channel: asyncua tells nobody."""
        if self.state is UaClientState.SOCKET_OPEN and self.line:
            try:
                self.line.check_answer(message.body(), "")  # type: ignore[no-untyped-call]
            except UaStatusCodeError as error:
                self.refusal = error

    def gone(self, line: "_Line", error: Exception | None) -> None:
        """One that is long replaced may be gone late, and takes nothing with it."""
        if self.protocol is line:
            self._on_transport_lost(error)
            self._lost()

    def _make_protocol(self) -> UASocketProtocol:
        self.protocol = _Line(self, self._seconds, self.security_policy)
        return self.protocol


class _Line(UASocketProtocol):
    """asyncua's own, which bears no message without end."""

    def __init__(self, wire: _Wire, seconds: float, policy: SecurityPolicy) -> None:
        super().__init__(seconds, security_policy=policy)
        self._wire, self._unread = wire, 0
        self.on_connection_lost = lambda error: wire.gone(self, error)

    @property
    def has_ended(self) -> bool:
        """Whether it is hung up, or about to be."""
        return self.transport is None or self.transport.is_closing()

    def data_received(self, data: bytes) -> None:
        self._unread += len(data)
        if self._unread > MOST and self.transport:
            self.transport.abort()
            return
        super().data_received(data)

    def _process_received_message(self, msg: ua.Message | ua.Acknowledge | ua.ErrorMessage | None) -> None:
        if isinstance(msg, ua.Message):
            self._unread = 0
            self._wire.take(msg)
        super()._process_received_message(msg)


async def _plainly(work: Awaitable[T]) -> T:
    """Wait for what asyncua does; with Python 3.11 it makes of a cancellation one that no time-out knows as its own."""
    try:
        return await work
    except asyncio.CancelledError as error:
        raise asyncio.CancelledError from error


def told_by(one: ua.DataValue) -> Told:
    """Give what a value of asyncua's tells."""
    code = one.StatusCode or ua.StatusCode()
    status, variant = status_of(code.value), one.Value
    quality = Quality.BAD if code.is_bad() else Quality.UNCERTAIN if code.is_uncertain() else Quality.GOOD
    if variant is None:
        return Told(None, status, quality)
    value = variant.Value.to_string() if isinstance(variant.Value, ua.NodeId) else variant.Value
    number = 0 if variant.is_array else int(variant.VariantType.value)
    return Told(value, status, quality, Type(number) if number in {*Type} else None)


def status_of(code: int) -> str:
    """Give the name of a status; what its lower half says besides is not about what happens next."""
    whole = code & 0xFFFF0000
    name = ua.StatusCode(ua.UInt32(whole)).name
    return f"{name} {whole:#010x}" if name in {"Good", "Uncertain", "Bad"} and whole else name


def _no_answer(where: str, *, changes: bool) -> ConnectorError:
    if changes:
        return UnknownOutcomeError(f"{where}: written, and no answer says that it was done")
    return TransientError(f"{where}: no answer; is the server there, and this its port?")
