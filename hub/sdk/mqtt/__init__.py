"""MQTT for connectors: settings of a broker, and a lasting session with it.

Apart from `hub.sdk`, so that only who speaks MQTT pays for paho; `hub.sdk.mqtt.simulator` is apart again, for amqtt.
"""

from hub.sdk.mqtt.broker import BrokerConfig, Handshake, dialling, unfit_topic
from hub.sdk.mqtt.link import Endpoint, Heard, Link, TakenOverError
from hub.sdk.mqtt.session import Patience, Session

__all__ = [
    "BrokerConfig",
    "Endpoint",
    "Handshake",
    "Heard",
    "Link",
    "Patience",
    "Session",
    "TakenOverError",
    "dialling",
    "unfit_topic",
]
