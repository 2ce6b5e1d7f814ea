"""A hall for the tests: a real broker, a gateway with its lamps at it, and a connector."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from connectors.control_mqtt import MqttControl
from connectors.control_mqtt.config import MqttConfig
from connectors.control_mqtt.simulator import MqttSimulator
from hub.clock import Clock, DomainClock
from hub.conformance.driver import Memory
from hub.sdk.mqtt.simulator import BrokerAt
from tests.connectors.rooms import DEADLINE, Lending
from tests.counterparts.mosquitto import Mosquitto

PASSWORDS = {"hub": "hub-secret-4711", "gateway": "gateway-secret", "guest": "guest-secret"}
ACCESS = """
user hub
topic readwrite tennishallen/#
topic deny tennishallen/forbidden/set

user gateway
topic readwrite tennishallen/#
topic readwrite zigbee2mqtt/#

user guest
topic readwrite #
"""
ZONES: Mapping[str, Mapping[str, str]] = {"bana-1": {}, "bana-2": {}, "gemensam": {"kind": "switch"}}
NUMBERS = count(1)
A_WHILE = 0.15
"""Seconds of nothing that are taken for never, where nothing can be waited for."""


def settings(broker: Mosquitto, *, tls: bool = True, **changes: Any) -> dict[str, object]:
    """A hub's settings for the hall."""
    return {
        "host": broker.host,
        "port": broker.tls_port if tls else broker.port,
        "tls": tls,
        "username": "hub",
        "password": PASSWORDS["hub"],
        "client_id": "hub",
        "state_topic": "tennishallen/{zone}",
        "zones": ZONES,
        "bridge_topic": "tennishallen/bridge/state",
    } | changes


@dataclass
class Hall(Lending):
    """What the tests look at."""

    broker: Mosquitto = field(kw_only=True)
    gateway: MqttSimulator = field(kw_only=True)
    client_id: str = field(default_factory=lambda: f"hub-{next(NUMBERS)}")
    """Ours at the broker, which keeps a session under it: another in each test."""

    def connector(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        timeout: float = 3.0,
        opened: bool = True,
        clock: Clock | None = None,
        **changes: Any,
    ) -> AbstractAsyncContextManager[MqttControl]:
        """A connector, opened; settings as changed."""
        config = MqttConfig.model_validate(settings(self.broker, client_id=self.client_id, **changes))
        more = {"tls": tls or self.broker.tls, "clock": clock or DomainClock(), "state": Memory()}
        return self.opened(lambda own: MqttControl(config, own), seconds=timeout, opened=opened, **more)

    def packets(self, kind: str) -> list[str]:
        """The lines of the broker's log about packets of one kind from us."""
        return [line for line in self.broker.log().splitlines() if f"Received {kind} from {self.client_id} " in line]


@asynccontextmanager
async def hall(broker: Mosquitto, **changes: Any) -> AsyncIterator[Hall]:
    """Put a gateway with its lamps at the broker, by the topics of the hub's settings."""
    at = BrokerAt(broker.host, broker.port, "gateway", PASSWORDS["gateway"])
    gateway = MqttSimulator(DomainClock(), settings=settings(broker, **changes), broker=at)
    await gateway.start()
    try:
        yield Hall(broker=broker, gateway=gateway)
    finally:
        await gateway.stop()


@dataclass
class Guest:
    """A third client at the broker, which may read and write everything."""

    client: mqtt.Client
    seen: list[mqtt.MQTTMessage] = field(default_factory=list)
    connects: int = 0

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Say something."""
        self.client.publish(topic, payload, qos=1, retain=retain)


@asynccontextmanager
async def guest(
    broker: Mosquitto, client_id: str = "guest", *, listen: str = "#", protocol: str = "5"
) -> AsyncIterator[Guest]:
    """Connect a third client, and keep it connected for as long as it lasts."""
    version = MQTTProtocolVersion.MQTTv5 if protocol == "5" else MQTTProtocolVersion.MQTTv311
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=version)
    client.username_pw_set("guest", PASSWORDS["guest"])
    client.reconnect_delay_set(0, 0)
    visitor = Guest(client)
    listening = asyncio.Event()
    loop = asyncio.get_running_loop()

    def connected(*_: object) -> None:
        visitor.connects += 1
        client.subscribe(listen, qos=1)

    def subscribed(*_: object) -> None:
        loop.call_soon_threadsafe(listening.set)

    client.on_connect = connected
    client.on_subscribe = subscribed
    client.on_message = lambda _c, _u, message: visitor.seen.append(message)
    client.connect_async("127.0.0.1", broker.port)
    client.loop_start()
    try:
        async with asyncio.timeout(DEADLINE):
            await listening.wait()
        yield visitor
    finally:
        client.disconnect()
        await asyncio.to_thread(client.loop_stop)
        client.on_connect = client.on_subscribe = client.on_message = None


async def never(so: Callable[[], bool]) -> None:
    """See that it does not become so for a while."""
    with suppress(TimeoutError):
        async with asyncio.timeout(A_WHILE):
            while not so():  # noqa: ASYNC110  (it should not come, so nothing rings)
                await asyncio.sleep(0.005)
    assert not so()
