"""The two ways to an edge device: a broker, or an address that takes what is posted to it."""

import asyncio
import hashlib
import hmac
import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import timedelta
from typing import TypeAlias

import httpx
from pydantic import HttpUrl

from connectors.control_rec.config import HttpsWay, MqttWay
from hub.sdk import Callback, CredentialsError, Lent, TransientError
from hub.sdk.mqtt import Heard, Session, dialling

SIGNATURE = "x-hub-signature-256"
"""Header with `sha256=` and the hex HMAC of the body, the form that WebSub made common."""
NOT_DONE = {460: "it was not received or forwarded", 462: "it was rejected"}
"""What the standard compares its answers `none` and `rejected` with. Source: as in `messages`."""


Hear: TypeAlias = Callable[[bytes], None]


class Way(ABC):
    """How messages get to the device."""

    waits: bool
    """Whether what comes of a command can be waited for: it comes the same way."""

    @abstractmethod
    async def ready(self, deadline: float) -> None:
        """See that what the device tells can be heard. Raises the four errors."""

    @abstractmethod
    async def send(self, message: bytes, deadline: float) -> bytes:
        """Hand a message over, and give what was answered at once, if anything. Raises the four errors."""

    @abstractmethod
    async def close(self) -> None:
        """Hang up."""


class OverMqtt(Way):
    """A lasting session with a broker."""

    waits = True

    def __init__(self, way: MqttWay, topics: tuple[str, str], lent: Lent, hear: Hear, lands: timedelta) -> None:
        """Keep what it is given; nothing is sent before `ready`. `topics`: where to tell it, and where it tells."""
        self._hear = hear
        self._topic, heard = topics
        self.session = Session(dialling(way, lent), [heard], self._heard, lent.log, lands)

    async def ready(self, deadline: float) -> None:
        await self.session.ready(deadline)

    async def send(self, message: bytes, deadline: float) -> bytes:
        await self.session.publish(self._topic, message, deadline)
        return b""

    async def close(self) -> None:
        await self.session.close()

    def _heard(self, message: Heard) -> None:
        self._hear(message.payload)


class OverHttps(Way):
    """Posts; what the device tells comes by the connection's inbox, or in the answer."""

    waits = False

    def __init__(self, way: HttpsWay, lent: Lent) -> None:
        """Keep what it is given."""
        base, self._path = _parted(way.url)
        token = way.token.get_secret_value() if way.token else None
        headers = {"Authorization": f"Bearer {token}"} if token else None
        self._http = lent.http(base, headers=headers)

    async def ready(self, deadline: float) -> None:
        """Nothing has to stand: what it tells comes by the inbox."""

    async def close(self) -> None:
        """The hub closes the client that it lent."""

    async def send(self, message: bytes, deadline: float) -> bytes:
        del deadline
        kind = {"Content-Type": "application/json"}
        answer = await self._http.post(self._path, content=message, headers=kind, also_ok=NOT_DONE)
        if told := NOT_DONE.get(answer.status):
            raise TransientError(f"POST {self._path}: {told} (status {answer.status})")
        content = answer.content.strip()
        if content:
            answer.read(json.loads)
        return content


def proven(callback: Callback, secret: str) -> bytes:
    """The body of a call that is signed with the secret.

    Raises:
        CredentialsError: it is not.
    """
    expected = f"sha256={hmac.new(secret.encode(), callback.body, hashlib.sha256).hexdigest()}"
    if not hmac.compare_digest(callback.headers.get(SIGNATURE, "").encode(), expected.encode()):
        raise CredentialsError(f"{SIGNATURE} does not fit; compare webhook_secret")
    return callback.body


def now() -> float:
    """Loop time."""
    return asyncio.get_running_loop().time()


def _parted(url: HttpUrl) -> tuple[httpx.URL, str]:
    """The address without its path, and the path."""
    whole = httpx.URL(str(url))
    return whole.copy_with(raw_path=b"/"), whole.raw_path.decode().removeprefix("/")
