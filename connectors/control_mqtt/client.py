"""What goes to a broker and comes from it: messages in order, and those who wait for what comes of them."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

from connectors.control_mqtt.config import MqttConfig
from hub.sdk import Lent, RejectedError, TransientError, UnknownOutcomeError
from hub.sdk.mqtt import Heard, Session, dialling

T = TypeVar("T")


@dataclass(frozen=True)
class Send:
    """A message to publish."""

    topic: str
    payload: bytes


class Waiting(Generic[T]):
    """Someone who waits for a lamp to tell what will do."""

    def __init__(self, will_do: Callable[[T], bool], *, retained: bool) -> None:
        """Begin to wait; `retained`: what the broker kept will do too."""
        self.will_do, self.retained = will_do, retained
        self.told: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self.told.add_done_callback(lambda told: told.cancelled() or told.exception())
        self.puzzle: RejectedError | None = None
        """Why something that came meanwhile could not be read."""

    def offer(self, what: T) -> bool:
        """Take it if it will do."""
        if not self.will_do(what):
            return False
        self.told.set_result(what)
        return True

    def fail(self, error: Exception) -> None:
        """Stop waiting."""
        if not self.told.done():
            self.told.set_exception(error)


class Gateway:
    """The way to a gateway, by its broker."""

    def __init__(
        self,
        config: MqttConfig,
        lent: Lent,
        topics: Sequence[str],
        hear: Callable[[Heard], None],
        *,
        lands: timedelta,
    ) -> None:
        """Keep what it is given; nothing is sent before the first `ready` of its session. `lands`: as in `Pace`."""
        self.session = Session(dialling(config, lent), topics, hear, lent.log, lands)

    async def publish(self, sends: Sequence[Send], deadline: float) -> None:
        """Publish in order; what was begun may be in force. Raises as `Session.publish`."""
        first, *others = sends
        await self.session.publish(first.topic, first.payload, deadline)
        for send in others:
            try:
                await self.session.publish(send.topic, send.payload, deadline)
            except TransientError as error:
                raise UnknownOutcomeError(f"a part of it was sent; {error}") from error
