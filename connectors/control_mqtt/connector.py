"""Lamps behind a gateway that speaks MQTT: commands are proven by the state that the lamp tells afterwards."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from connectors.control_mqtt import translate
from connectors.control_mqtt.client import Gateway, Send
from connectors.control_mqtt.config import MqttConfig, Profile, Topics
from connectors.control_mqtt.dialects import DIALECTS, LONGEST_PULSE, Told
from connectors.control_mqtt.sensing import Sensors
from hub.model import Level, Message, Quantity, Release, Zone
from hub.sdk import (
    About,
    Connector,
    Control,
    ControlLimits,
    Echoes,
    Hears,
    Lent,
    Pace,
    RawItem,
    ReadsZones,
    Receipt,
    RejectedError,
    Sighting,
    TransientError,
    UnknownOutcomeError,
    Waiting,
    levels_of,
    observed,
)
from hub.sdk.mqtt import Handshake, Heard


class MqttControl(Connector[MqttConfig], Control, ReadsZones, Hears):
    """One gateway; a zone is a lamp or a group of lamps of it, and its sensors are heard."""

    pace = Pace(calls_at_once=16, clients_at_once=1, timeout=timedelta(seconds=10), lands_within=timedelta(seconds=30))

    @classmethod
    def off_timer(cls, config: MqttConfig, key: str) -> timedelta | None:  # noqa: ARG003  (all zones alike)
        """Give how long a Tasmota's PulseTime can be."""
        return LONGEST_PULSE if config.profile is Profile.TASMOTA and config.off_timer else None

    @classmethod
    def configured_keys(cls, config: MqttConfig) -> frozenset[str]:
        """The zones of the settings."""
        return frozenset(config.zones)

    @classmethod
    def configured_sensors(cls, config: MqttConfig) -> Mapping[str, frozenset[Quantity]]:
        """The sensors of the settings."""
        return {key: frozenset({sensor.quantity}) for key, sensor in config.sensors.items()}

    def __init__(self, config: MqttConfig, lent: Lent) -> None:
        """Keep what it is given; nothing is sent before `open`."""
        super().__init__(config, lent)
        self._topics = {key: config.topics(key) for key in config.zones}
        self._dialect = DIALECTS[config.profile](config)
        self._zones_of = _by_topic({key: topics.state for key, topics in self._topics.items()})
        self._online_of = _by_topic({key: topics.online for key, topics in self._topics.items() if topics.online})
        self._offline: set[str] = set()
        self._told: dict[str, Told] = {}
        """What each zone has told over the link that stands, retained or not."""
        self._bridge: bytes | None = None
        self._sensors = Sensors(config)
        self._echoes = Echoes(lent)
        heard = [*self._zones_of, *self._online_of, *self._sensors.topics, *filter(None, [config.bridge_topic])]
        self._handshake = Handshake(config, lent)
        self._gateway = Gateway(config, lent, list(dict.fromkeys(heard)), self._hear, lands=self.pace.lands_within)
        self.session = self._gateway.session
        self.session.lost.append(self._give_up_waiting)

    @property
    def control_limits(self) -> ControlLimits:
        """What the configured kinds of zones can be told."""
        kinds = {topics.kind for topics in self._topics.values()}
        return ControlLimits(levels=levels_of(kinds), tells_changes=True)

    async def open(self) -> None:
        """Connect and listen, so that a lamp switched by hand is heard of before the first command."""
        await self.session.ready(self._deadline())

    async def check(self) -> About:
        """Connect, and hear from the gateway or at least one lamp; lamps are only asked, and sensors cannot be."""
        await self.session.ready(self._deadline())
        looks = await asyncio.gather(*(self.read_zone(key) for key in self._topics), return_exceptions=True)
        silent = {key: look for key, look in zip(self._topics, looks, strict=True) if isinstance(look, BaseException)}
        for error in silent.values():
            if not isinstance(error, TransientError):
                raise error
        self._expect_no_farewell()
        if silent and len(silent) == len(looks) and self._bridge is None:
            raise next(iter(silent.values()))
        for error in silent.values():
            self.lent.log.warning("check: %s", error)
        await self._handshake.anew()
        return About(external_keys=frozenset(self._topics))

    async def close(self) -> None:
        """Hang up; the broker keeps the session for the next time."""
        await self.session.close()

    async def put_zone(self, zone: Zone) -> Receipt:
        """Send the level, and wait until the lamp tells it."""
        topics, deadline = self._topics_of(zone.key), self._deadline()
        wanted = self._wanted(zone.level, topics)
        ends_in = zone.until - self.lent.clock.now() if zone.until else None
        sends = self._dialect.commands(wanted, topics, ends_in)
        await self._exchange(zone.key, sends, wanted, deadline)
        return Receipt(topics.set)

    async def read_zone(self, key: str) -> Sighting[Level]:
        """Ask the lamp; what it told before, or what the broker retained, is no answer, unless it cannot be asked."""
        topics, deadline = self._topics_of(key), self._deadline()
        question = self._dialect.question(topics)
        try:
            if question is None:
                return Sighting(await self._remembered(key, deadline))
            return Sighting(await self._exchange(key, [question], None, deadline))
        except UnknownOutcomeError as error:
            raise TransientError(str(error)) from error

    def rest_level(self, key: str) -> Level | None:
        """Give what the settings say: a lamp has no automation of its own."""
        return self._wanted(Release(), self._topics_of(key))

    def translate(self, item: RawItem) -> Iterable[Message]:
        """What a sensor told."""
        return [observed(item, self.config.sensors)]

    def _wanted(self, level: Level, topics: Topics) -> Level:
        rest = self.config.rest_celsius
        more = {} if rest is None else {"rest_celsius": rest}
        return translate.wanted(level, topics.kind, rest_percent=self.config.rest_percent, **more)

    async def _exchange(self, key: str, sends: Sequence[Send], wanted: Level | None, deadline: float) -> Level:
        """Publish, and give the level that is told afterwards; None: whichever comes first."""
        await self.session.ready(deadline)
        self._expect_online(key)
        with self._echoes.awaited(key, wanted) as waiting:
            await self._gateway.publish(sends, deadline)
            return await self._heard(key, waiting, sends[-1].topic, deadline)

    async def _heard(self, key: str, waiting: Waiting, topic: str, deadline: float) -> Level:
        level = await waiting.level(min(deadline, self._now() + self.config.echo_within.total_seconds()))
        if level is None:
            raise waiting.puzzle or _unproven(key, topic, self._topics[key].state)
        return level

    async def _remembered(self, key: str, deadline: float) -> Level:
        """Give what a zone that cannot be asked told last over this link, or tells soon: such a state is retained."""
        await self.session.ready(deadline)
        self._expect_online(key)
        topics = self._topics[key]
        if level := self._told.get(key, Told()).level(topics.kind):
            return level
        with self._echoes.awaited(key, retained=True) as waiting:
            return await self._heard(key, waiting, f"connecting to {self.config.host}", deadline)

    def _hear(self, message: Heard) -> None:
        """Take a state: for those who wait, or else as news for the hub; and what sensors tell."""
        if message.topic == self.config.bridge_topic:
            self._bridge = message.payload
        for key in self._online_of.get(message.topic, ()):
            self._hear_whether_online(key, message)
        for key in self._zones_of.get(message.topic, ()):
            self._hear_state(key, message)
        for item in self._sensors.told(message, self.lent.clock.now()):
            self.lent.heard(item)

    def _hear_whether_online(self, key: str, message: Heard) -> None:
        try:
            online = self._dialect.is_online(message.payload)
        except RejectedError as error:
            self._echoes.puzzle(key, RejectedError(f"zone {key}: {message.topic}: {error}"))
            return
        (self._offline.discard if online else self._offline.add)(key)

    def _hear_state(self, key: str, message: Heard) -> None:
        topics = self._topics[key]
        try:
            told = self._dialect.told(message.payload, topics, self._told.get(key, Told()))
        except RejectedError as error:
            self._echoes.puzzle(key, RejectedError(f"zone {key}: {message.topic}: {error}"))
            return
        if told is None:
            return
        self._told[key] = told
        if (level := told.level(topics.kind)) is not None:
            self._echoes.told(key, level, retained=message.retained)

    def _give_up_waiting(self) -> None:
        self._told.clear()
        self._offline.clear()
        self._echoes.lose(UnknownOutcomeError(f"{self.config.host}: the connection was lost before the lamp answered"))

    def _expect_no_farewell(self) -> None:
        """Raise if the gateway says that it is offline, or something that is neither."""
        try:
            offline = self._bridge is not None and not self._dialect.is_online(self._bridge)
        except RejectedError as error:
            raise RejectedError(f"{self.config.bridge_topic}: {error}") from None
        if offline:
            raise TransientError(f"{self.config.bridge_topic}: the gateway says that it is offline; start it")

    def _expect_online(self, key: str) -> None:
        """Raise if the zone's device says, or the broker says for it, that it is gone."""
        if key in self._offline:
            raise TransientError(f"{self._topics[key].online}: the device of zone {key} is offline; has it power?")

    def _topics_of(self, key: str) -> Topics:
        try:
            return self._topics[key]
        except KeyError:
            raise RejectedError(f"no zone {key}; the connection's zones name it or it cannot be lit") from None

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _deadline(self) -> float:
        return self._now() + self.lent.timeout.total_seconds()


def _unproven(key: str, topic: str, state: str) -> UnknownOutcomeError:
    return UnknownOutcomeError(
        f"zone {key}: nothing that proves it came on {state} after {topic}; has the lamp power, does the gateway run?"
    )


def _by_topic(topics: Mapping[str, str]) -> dict[str, list[str]]:
    """The zones of each topic: those of one device may share it."""
    found: dict[str, list[str]] = {}
    for key, topic in topics.items():
        found.setdefault(topic, []).append(key)
    return found
