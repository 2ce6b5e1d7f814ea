"""What goes to a broker and comes from it: messages in order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from connectors.control_mqtt.config import MqttConfig
from hub.sdk import Lent, TransientError, UnknownOutcomeError
from hub.sdk.mqtt import Heard, Session, dialling


@dataclass(frozen=True)
class Send:
    """A message to publish."""

    topic: str
    payload: bytes


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
