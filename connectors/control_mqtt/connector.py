"""Lamps behind a gateway that speaks MQTT: commands are proven by the state that the lamp tells afterwards."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from connectors.control_mqtt import translate
from connectors.control_mqtt.client import session
from connectors.control_mqtt.config import Kind, MqttConfig, Topics
from hub.model import Dim, Level, Release, Switch, Zone
from hub.sdk import (
    About,
    Connector,
    Control,
    ControlLimits,
    Lent,
    Pace,
    ReadsZones,
    Receipt,
    RejectedError,
    Sighting,
    TransientError,
    UnknownOutcomeError,
)
from hub.sdk.mqtt import Handshake, Heard


class Waiting:
    """Someone who waits for a lamp to tell a level that will do."""

    def __init__(self, will_do: Callable[[Level], bool]) -> None:
        """Begin to wait."""
        self.will_do = will_do
        self.told: asyncio.Future[Level] = asyncio.get_running_loop().create_future()
        self.told.add_done_callback(lambda told: told.cancelled() or told.exception())
        self.puzzle: RejectedError | None = None
        """Why something that came meanwhile could not be read."""

    def offer(self, level: Level) -> bool:
        """Take it if it will do."""
        if not self.will_do(level):
            return False
        self.told.set_result(level)
        return True

    def fail(self, error: Exception) -> None:
        """Stop waiting."""
        if not self.told.done():
            self.told.set_exception(error)


class MqttControl(Connector[MqttConfig], Control, ReadsZones):
    """One gateway; a zone is a lamp or a group of lamps of it."""

    pace = Pace(calls_at_once=16, clients_at_once=1, timeout=timedelta(seconds=10), lands_within=timedelta(seconds=30))

    @classmethod
    def configured_keys(cls, config: MqttConfig) -> frozenset[str]:
        """The zones of the settings."""
        return frozenset(config.zones)

    def __init__(self, config: MqttConfig, lent: Lent) -> None:
        """Keep what it is given; nothing is sent before `open`."""
        super().__init__(config, lent)
        self._topics = {key: config.topics(key) for key in config.zones}
        self._zone_of = {topics.state: key for key, topics in self._topics.items()}
        self._known: dict[str, Level] = {}
        self._waiting: dict[str, list[Waiting]] = {key: [] for key in self._topics}
        self._bridge: bytes | None = None
        self._puzzled: set[str] = set()
        self._handshake = Handshake(config, lent)
        heard = [*self._zone_of, *filter(None, [config.bridge_topic])]
        self.session = session(config, lent, self.pace, heard, self._hear)
        self.session.lost.append(self._give_up_waiting)

    @property
    def control_limits(self) -> ControlLimits:
        """On and off, and per cent where a zone can be dimmed."""
        dims = any(topics.kind is Kind.DIM for topics in self._topics.values())
        levels: frozenset[type[Level]] = frozenset({Switch, Dim, Release} if dims else {Switch, Release})
        return ControlLimits(levels=levels, tells_changes=True)

    async def open(self) -> None:
        """Connect and listen, so that a lamp switched by hand is heard of before the first command."""
        await self.session.ready(self._deadline())

    async def check(self) -> About:
        """Connect, and hear from the gateway or at least one lamp; lamps are only asked."""
        looks = await asyncio.gather(*(self.read_zone(key) for key in self._topics), return_exceptions=True)
        silent = {key: look for key, look in zip(self._topics, looks, strict=True) if isinstance(look, BaseException)}
        for error in silent.values():
            if not isinstance(error, TransientError):
                raise error
        self._expect_no_farewell()
        if len(silent) == len(looks) and self._bridge is None:
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
        wanted = translate.wanted(zone.level, topics.kind, rest_percent=self.config.rest_percent)
        await self._exchange(zone.key, topics.set, translate.command(wanted), wanted.__eq__, deadline)
        return Receipt(topics.set)

    async def read_zone(self, key: str) -> Sighting[Level]:
        """Ask the lamp; what it told before, or what the broker retained, is no answer."""
        topics, deadline = self._topics_of(key), self._deadline()
        try:
            return Sighting(await self._exchange(key, topics.get, translate.question(topics.kind), _anything, deadline))
        except UnknownOutcomeError as error:
            raise TransientError(str(error)) from error

    def rest_level(self, key: str) -> Level | None:
        """Give what the settings say: a lamp has no automation of its own."""
        return translate.wanted(Release(), self._topics_of(key).kind, rest_percent=self.config.rest_percent)

    async def _exchange(
        self, key: str, topic: str, payload: bytes, will_do: Callable[[Level], bool], deadline: float
    ) -> Level:
        """Publish, and give the first level told afterwards that will do."""
        await self.session.ready(deadline)
        with self._listening(key, will_do) as waiting:
            await self.session.publish(topic, payload, deadline)
            try:
                async with asyncio.timeout_at(min(deadline, self._now() + self.config.echo_within.total_seconds())):
                    return await waiting.told
            except TimeoutError:
                raise waiting.puzzle or _unproven(key, topic, self._topics[key].state) from None

    @contextmanager
    def _listening(self, key: str, will_do: Callable[[Level], bool]) -> Iterator[Waiting]:
        waiting = Waiting(will_do)
        self._waiting[key].append(waiting)
        try:
            yield waiting
        finally:
            self._waiting[key].remove(waiting)

    def _hear(self, message: Heard) -> None:
        """Take a state: for those who wait, or else as news for the hub."""
        if message.topic == self.config.bridge_topic:
            self._bridge = message.payload
            return
        key = self._zone_of.get(message.topic)
        if key is None:
            return
        try:
            level = translate.level_of(message.payload, self._topics[key].kind)
        except RejectedError as error:
            self._puzzle(key, RejectedError(f"zone {key}: {message.topic}: {error}"))
            return
        if level is not None:
            self._puzzled.discard(key)
            self._take(key, level, fresh=not message.retained)

    def _take(self, key: str, level: Level, *, fresh: bool) -> None:
        """Give a level to those who wait, or tell the hub that it changed without us.

        A retained state proves nothing; where it differs from what we know, something happened while we were away.
        """
        if not fresh:
            if self._known.get(key, level) != level:
                self.lent.touched(key)
            return
        waiting = [one for one in self._waiting[key] if not one.told.done()]
        taken = [one for one in waiting if one.offer(level)]
        if not waiting and self._known.get(key) != level:
            self.lent.touched(key)
        if taken or not waiting:
            self._known[key] = level

    def _puzzle(self, key: str, error: RejectedError) -> None:
        """Tell those who wait, should nothing better come, or once the log, that a state cannot be read."""
        for waiting in self._waiting[key]:
            waiting.puzzle = error
        if not self._waiting[key] and key not in self._puzzled:
            self._puzzled.add(key)
            self.lent.log.warning("%s", error)

    def _give_up_waiting(self) -> None:
        for waiting in (waiting for all_of_one in self._waiting.values() for waiting in all_of_one):
            waiting.fail(UnknownOutcomeError(f"{self.config.host}: the connection was lost before the lamp answered"))

    def _expect_no_farewell(self) -> None:
        """Raise if the gateway says that it is offline, or something that is neither."""
        try:
            offline = self._bridge is not None and not translate.is_online(self._bridge)
        except RejectedError as error:
            raise RejectedError(f"{self.config.bridge_topic}: {error}") from None
        if offline:
            raise TransientError(f"{self.config.bridge_topic}: the gateway says that it is offline; start it")

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


def _anything(_level: Level) -> bool:
    return True
