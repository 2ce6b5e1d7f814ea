"""MQTT: from the outbox to PUBACK to done, beside paho-mqtt alone, which keeps nothing."""

import threading
import time
from dataclasses import dataclass

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.bench.peers import arena
from tests.bench.peers.arena import Locks
from tests.bench.peers.hubs import Hub
from tests.bench.peers.rows import Row
from tests.bench.peers.runs import MissingError, Runs, in_turn, row
from tests.bench.peers.services import Services
from tests.counterparts.mosquitto import Mosquitto

COUNT = 20_000
WINDOW = 100
_BODY = b"1" * 300
_SECONDS = 300.0


@dataclass(frozen=True)
class Published:
    """Of one run."""

    a_second: float

    def __str__(self) -> str:
        """For the terminal."""
        return f"{self.a_second:,.0f}/s"


def of_hub(services: Services, broker: Mosquitto, count: int) -> Published:
    """Codes that wait for a connection which is resumed: from the first that is confirmed to the last."""
    folder = services.place()
    secret = folder / "password"
    secret.write_text(broker.accounts["hub"])
    settings = {"port": broker.port, "user": "hub", "password": f"${{file:{secret}}}"}
    hub = Hub(folder, f"sqlite:///{folder}/hub.db", Locks("peers_mqtt", settings))
    with hub.running():
        hub.pause()
        hub.take_in(map(arena.body, range(count // arena.HOLDERS)))
        hub.wait_until_idle()
        hub.resume()
        hub.wait_until_confirmed(count)
        return Published((count - 1) / (hub.last_confirmed() - hub.first_confirmed()))


def of_paho(broker: Mosquitto, count: int) -> Published:
    """A hundred unconfirmed at once, as many messages."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="bare", protocol=MQTTProtocolVersion.MQTTv311)
    client.username_pw_set("hub", broker.accounts["hub"])
    client.max_inflight_messages_set(WINDOW)
    client.max_queued_messages_set(0)
    connected, free, left = threading.Event(), threading.Semaphore(WINDOW), threading.Semaphore(0)

    def confirmed(*_told: object) -> None:
        free.release()
        left.release()

    client.on_connect = lambda *_told: connected.set()
    client.on_publish = confirmed
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    try:
        if not connected.wait(_SECONDS):
            raise MissingError("the broker does not let paho-mqtt in")
        began = time.perf_counter()
        for number in range(count):
            free.acquire()
            client.publish(f"codes/{number}", _BODY, qos=1)
        for _ in range(count):
            if not left.acquire(timeout=_SECONDS):
                raise MissingError("messages of paho-mqtt stay unconfirmed")
        return Published(count / (time.perf_counter() - began))
    finally:
        client.disconnect()
        client.loop_stop()


def measured(services: Services, rounds: int, count: int) -> list[Row]:
    """At one broker."""
    with services.broker() as broker:
        runs: dict[str, Runs[Published]] = in_turn(
            rounds, {"hub": lambda: of_hub(services, broker, count), "paho": lambda: of_paho(broker, count)}
        )
    measure, against = f"{count:,} MQTT effects, outbox to PUBACK to done", f"bare paho-mqtt, window {WINDOW}"
    return [row(measure, against, runs["hub"], runs["paho"], lambda one: one.a_second, unit="/s", must=0.15, aim=0.3)]
