"""Which broker, and as whom: the settings that every connection over MQTT has."""

import ssl
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from paho.mqtt.enums import MQTTProtocolVersion
from pydantic import BeforeValidator, Field, SecretStr

from hub.sdk.connector import ConnectorConfig, Lent
from hub.sdk.errors import ConnectorError
from hub.sdk.mqtt.link import Endpoint

EACH_DAY = timedelta(days=1)
TOPIC_MAX_BYTES = 65_535
"""Source: MQTT 5.0 (OASIS, 2019-03-07) 4.7.3, and MQTT 3.1.1 (2014-10-29) 4.7.3, read 2026-11-21."""


class Protocol(StrEnum):
    """A version of MQTT."""

    V3 = "3.1.1"
    V5 = "5"


def _text(value: object) -> object:
    """A protocol number as text: YAML reads `5` as a number and `3.1.1` as text."""
    return str(value) if isinstance(value, int) else value


class BrokerConfig(ConnectorConfig):
    """One broker, and our account there."""

    host: str = Field(description="Address of the broker.")
    port: int = Field(default=8883, ge=1, le=65535, description="Its TCP port; 1883 is usual without TLS.")
    tls: bool = Field(default=True, description="Encrypt, and check the broker's certificate.")
    protocol: Annotated[Protocol, BeforeValidator(_text)] = Field(
        default=Protocol.V5, description="MQTT version. With 3.1.1 a broker cannot say that a topic is forbidden."
    )
    username: str | None = Field(default=None, description="Account at the broker.")
    password: SecretStr | None = Field(default=None, description="Its password.")
    client_id: str = Field(
        min_length=1,
        description="Name of this connection at the broker, which keeps a session under it: never shared with another"
        " client, connection or hub.",
    )
    keepalive: timedelta = Field(
        default=timedelta(seconds=30),
        ge=timedelta(seconds=1),
        le=timedelta(seconds=65535),
        description="Seconds of silence after which either side asks whether the other is there.",
    )


class Handshake:
    """Shakes hands once a day: a link may stand for months, and show nothing of a certificate that was renewed."""

    def __init__(self, config: BrokerConfig, lent: Lent) -> None:
        """Count from now on."""
        self._config, self._lent, self._met = config, lent, lent.clock.now()

    async def anew(self) -> None:
        """Do so when a day has passed; what comes of it is told to whoever watches certificates."""
        now = self._lent.clock.now()
        if not self._config.tls or now - self._met < EACH_DAY:
            return
        self._met = now
        with suppress(ConnectorError):  # the link itself stands; when it has to be made again, this will be told
            async with self._lent.dial(self._config.host, self._config.port, tls=True, safe=True):
                pass


def dialling(config: BrokerConfig, lent: Lent) -> Callable[[], Endpoint]:
    """Give what says, each time anew, where a session is to connect."""
    tls = (lent.tls or ssl.create_default_context()) if config.tls else None

    def dial() -> Endpoint:
        host, port = lent.route(config.host, config.port)
        return Endpoint(
            host=host,
            port=port,
            server_name=config.host,
            client_id=config.client_id,
            protocol=MQTTProtocolVersion.MQTTv5 if config.protocol is Protocol.V5 else MQTTProtocolVersion.MQTTv311,
            tls=tls,
            way=(lambda: lent.connected(config.host, config.port)) if lent.tunnel else None,
            username=config.username,
            password=config.password,
            keepalive=config.keepalive,
            timeout=lent.timeout,
        )

    return dial


def unfit_topic(topic: str) -> str:
    """Why no message can be published there, or nothing."""
    if not topic or len(topic.encode()) > TOPIC_MAX_BYTES:
        return "is empty or too long"
    if set(topic) & {"+", "#", "\0"}:
        return "has a wildcard"
    return "belongs to the broker ($)" if topic.startswith("$") else ""
