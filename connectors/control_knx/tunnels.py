"""xknx's tunnels over the hub's way to the gateway, none of which comes back by itself.

Source: xknx 4.0.0, its source, read 2026-11-26. Over TCP it lets what is no KNX at all raise in the event loop, and
opens its own sockets; both are put right here.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from xml.sax import SAXException

from pydantic import SecretStr
from xknx import XKNX
from xknx.cemi import CEMIFrame
from xknx.exceptions import CommunicationError, InvalidSecureConfiguration
from xknx.io import util
from xknx.io.interface import Interface
from xknx.io.ip_secure import SecureSession
from xknx.io.knxip_interface import KNXIPInterface
from xknx.io.transport import TCPTransport
from xknx.io.tunnel import SecureTunnel, TCPTunnel, UDPTunnel
from xknx.secure.keyring import load_keyring
from xknx.telegram import IndividualAddress

from connectors.control_knx.config import Tunnel

Way = Callable[[], Awaitable[socket.socket]]
"""Gives a connected socket to the gateway."""


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Which gateway, and who we are there."""

    host: str
    port: int
    name: str
    """The gateway's own name, for messages; the host may be somewhere on the way."""
    tunnel: Tunnel
    way: Way
    route_back: bool = False
    local_ip: str | None = None
    individual_address: str | None = None
    user_id: int | None = None
    user_password: SecretStr | None = None
    device_password: SecretStr | None = None
    keyring_file: Path | None = None
    keyring_password: SecretStr | None = None


@dataclass(frozen=True)
class _User:
    """Who we are at a gateway that asks."""

    user_id: int
    password: str
    device_password: str | None


class _OverOurWay(TCPTransport):
    """A stream that the hub has connected."""

    __slots__ = ()
    way: Way

    async def connect(self) -> None:
        protocol = TCPTransport.TCPTransportFactory(self.data_received_callback, self._connection_lost)
        connect = partial(asyncio.get_running_loop().create_connection, lambda: protocol)
        self.transport, _ = await connect(sock=await self.way())

    def data_received_callback(self, raw: bytes) -> None:
        try:
            super().data_received_callback(raw)
        except Exception:  # noqa: BLE001  (whatever it is, it is no KNX, and the event loop should not be told of it)
            self._connection_lost()


class _Stream(_OverOurWay):
    """A tunnel's stream in the open."""


class _SecureStream(SecureSession, _OverOurWay):
    """A tunnel's stream in KNX IP Secure."""


class _TcpTunnel(TCPTunnel):
    def _init_transport(self) -> None:
        self.transport = _Stream((self.gateway_ip, self.gateway_port), self._tunnel_lost)


class _SecureTunnel(SecureTunnel):
    def _init_transport(self) -> None:
        self.transport = _SecureStream(
            (self.gateway_ip, self.gateway_port),
            self._user_id,
            self._user_password,
            self._device_authentication_password,
            self._tunnel_lost,
        )


class Through(KNXIPInterface):
    """One tunnel, which xknx sends through."""

    def __init__(self, xknx: XKNX, endpoint: Endpoint) -> None:
        """Keep what it is given; nothing is sent before `start`."""
        super().__init__(xknx)
        self._endpoint = endpoint
        self._tunnel: Interface | None = None

    async def start(self) -> None:
        """Connect. Raises what xknx raises."""
        self._tunnel = await self._made()
        await self._tunnel.connect()

    async def stop(self) -> None:
        """Leave the tunnel; harmless when it was never there."""
        if self._tunnel:
            await self._tunnel.disconnect()

    async def send_cemi(self, cemi: CEMIFrame) -> None:
        """Send one frame. Raises CommunicationError."""
        if self._tunnel is None:
            raise CommunicationError("no tunnel")
        await self._tunnel.send_cemi(cemi)

    async def _made(self) -> Interface:
        endpoint, receive = self._endpoint, self.cemi_received
        host = await util.validate_ip(endpoint.host, "gateway")
        if endpoint.tunnel is Tunnel.UDP:
            local = endpoint.local_ip or await util.get_default_local_ip(host)
            if local is None:
                raise CommunicationError("no network to the gateway")
            return UDPTunnel(
                self.xknx, receive, host, endpoint.port, local, route_back=endpoint.route_back, auto_reconnect=False
            )
        if endpoint.tunnel is Tunnel.TCP:
            own = IndividualAddress(endpoint.individual_address) if endpoint.individual_address else None
            stream = _TcpTunnel(self.xknx, receive, host, endpoint.port, own, auto_reconnect=False)
            _lead(stream, endpoint.way)
            return stream
        user = await self._user()
        secure = _SecureTunnel(
            self.xknx,
            receive,
            host,
            endpoint.port,
            user.user_id,
            user.password,
            auto_reconnect=False,
            device_authentication_password=user.device_password,
        )
        _lead(secure, endpoint.way)
        return secure

    async def _user(self) -> _User:
        """Who the settings or the keyring say that we are; a keyring also has the keys of groups that are secure."""
        endpoint = self._endpoint
        if endpoint.user_id is not None and endpoint.user_password is not None:
            return _User(endpoint.user_id, endpoint.user_password.get_secret_value(), _shown(endpoint.device_password))
        try:
            keyring = await load_keyring(str(endpoint.keyring_file), _shown(endpoint.keyring_password) or "")
        except (OSError, SAXException) as error:
            raise InvalidSecureConfiguration(f"the keyring cannot be read ({type(error).__name__})") from error
        self.xknx.cemi_handler.data_secure_init(keyring)
        own = IndividualAddress(endpoint.individual_address or "")
        found = keyring.get_tunnel_interface_by_individual_address(own)
        if found is None or found.user_id is None or found.decrypted_password is None:
            raise InvalidSecureConfiguration(f"the keyring has no tunnel {own}")
        return _User(found.user_id, found.decrypted_password, found.decrypted_authentication)


def _lead(tunnel: TCPTunnel, way: Way) -> None:
    stream = tunnel.transport
    assert isinstance(stream, _OverOurWay)  # noqa: S101  (ours makes no other)
    stream.way = way


def _shown(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
