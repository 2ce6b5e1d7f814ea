"""The wire to one gateway: a session with its broker, as a connection's settings have it."""

from collections.abc import Callable, Sequence

from connectors.control_mqtt.config import MqttConfig
from hub.sdk import Lent, Pace
from hub.sdk.mqtt import Heard, Session, dialling


def session(
    config: MqttConfig, lent: Lent, pace: Pace, topics: Sequence[str], hear: Callable[[Heard], None]
) -> Session:
    """Give a session that hears these topics, and has not connected yet."""
    return Session(dialling(config, lent), topics, hear, lent.log, pace.lands_within)
