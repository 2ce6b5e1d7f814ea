"""Connectors to the sink: a code is one call over HTTP; a lock that keeps them can be read back."""

import asyncio
import json
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from paho.mqtt.enums import MQTTProtocolVersion
from pydantic import Field, HttpUrl, SecretStr

from hub.model import Credential, Method, Window
from hub.sdk import (
    About,
    AccessControl,
    AccessLimits,
    Connector,
    ConnectorConfig,
    Lent,
    Pace,
    ReadsCredentials,
    Receipt,
    Sighting,
)
from hub.sdk.mqtt import Endpoint, Session

_SIZE = 300
"""Bytes of a call, as the others send."""
_HEARD = "locks/state"


class Place(ConnectorConfig):
    """Where the locks are."""

    base_url: HttpUrl = Field(description="Where they answer.")


class Codes(Connector[Place], AccessControl):
    """Locks that answer when they have done what they were told; as many calls at once as the others make."""

    access_limits = AccessLimits()
    pace = Pace(calls_at_once=50)

    def __init__(self, config: Place, lent: Lent) -> None:
        super().__init__(config, lent)
        self._http = lent.http(config.base_url)

    async def check(self) -> About:
        await self._http.get("any", also_ok={HTTPStatus.NOT_FOUND})
        return About()

    async def put_credential(self, credential: Credential) -> Receipt:
        content = json.dumps(_told(credential)).encode().ljust(_SIZE)
        await self._http.put(quote(credential.key), content=content, headers={"Content-Type": "application/json"})
        return Receipt()

    async def remove_credential(self, key: str) -> Receipt:
        await self._http.delete(quote(key), also_ok={HTTPStatus.NOT_FOUND})
        return Receipt()


class ReadableCodes(Codes, ReadsCredentials):
    """The same, and each can be read."""

    async def read_credential(self, key: str) -> Sighting[Credential] | None:
        answer = await self._http.get(quote(key), also_ok={HTTPStatus.NOT_FOUND})
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        return Sighting(answer.read(lambda raw: _read(key, json.loads(raw))))


def _told(credential: Credential) -> dict[str, Any]:
    value = credential.value
    assert isinstance(value, SecretStr)
    windows = [(w.door, w.starts_at.isoformat(), w.ends_at.isoformat()) for w in credential.windows]
    return {"code": value.get_secret_value(), "windows": windows}


def _read(key: str, told: dict[str, Any]) -> Credential:
    windows = frozenset(
        Window(door=door, starts_at=datetime.fromisoformat(starts), ends_at=datetime.fromisoformat(ends))
        for door, starts, ends in told["windows"]
    )
    return Credential(key=key, method=Method.PIN, value=SecretStr(told["code"]), windows=windows)


class Broker(ConnectorConfig):
    """Where the broker is."""

    port: int = Field(description="Its port on this machine.")
    user: str = Field(description="Who we are there.")
    password: SecretStr = Field(description="Our password.")


class MqttCodes(Connector[Broker], AccessControl):
    """Locks behind a broker, over the session of `control_mqtt`: done when the broker has it."""

    access_limits = AccessLimits()
    pace = Pace(calls_at_once=100, clients_at_once=1)

    def __init__(self, config: Broker, lent: Lent) -> None:
        super().__init__(config, lent)
        self._session = Session(self._endpoint, [_HEARD], lambda _heard: None, lent.log, self.pace.lands_within)

    def _endpoint(self) -> Endpoint:
        return Endpoint(
            host="127.0.0.1",
            port=self.config.port,
            server_name="localhost",
            client_id="hub-codes",
            protocol=MQTTProtocolVersion.MQTTv311,
            username=self.config.user,
            password=self.config.password,
        )

    async def open(self) -> None:
        await self._session.ready(self._deadline())

    async def check(self) -> About:
        await self._session.ready(self._deadline())
        return About()

    async def close(self) -> None:
        await self._session.close()

    async def put_credential(self, credential: Credential) -> Receipt:
        content = json.dumps(_told(credential)).encode().ljust(_SIZE)
        await self._session.publish(f"codes/{credential.key}", content, self._deadline())
        return Receipt()

    async def remove_credential(self, key: str) -> Receipt:
        await self._session.publish(f"codes/{key}", b"", self._deadline())
        return Receipt()

    def _deadline(self) -> float:
        return asyncio.get_running_loop().time() + self.pace.timeout.total_seconds()
