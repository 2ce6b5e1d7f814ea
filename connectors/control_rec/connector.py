"""Zones behind an edge device: commands with ids of ours, proven by what a sensor observes afterwards."""

import asyncio
import hashlib
import uuid
from collections.abc import Iterable, Sequence
from datetime import timedelta

from connectors.control_rec import messages, translate
from connectors.control_rec.client import OverHttps, OverMqtt, Way, now, proven
from connectors.control_rec.config import RecConfig, ZoneIds
from connectors.control_rec.memory import Heard, Known, Sent, whole
from connectors.control_rec.messages import Failed, Observed, Origin, same
from hub.model import Level, Message, Zone
from hub.sdk import (
    About,
    Callback,
    Condition,
    Connector,
    Control,
    ControlLimits,
    CredentialsError,
    Hears,
    Lent,
    Pace,
    RawItem,
    ReadsZones,
    Receipt,
    ReceivesCallbacks,
    RejectedError,
    Sighting,
    TransientError,
    UnknownOutcomeError,
    ended,
    levels_of,
)

MOST_WAITING = 1000
"""Messages about zones that may wait to be kept."""


class RecControl(Connector[RecConfig], Control, ReadsZones, Hears, ReceivesCallbacks):
    """One edge device; a zone is an actuator of it, with a sensor that tells how it is."""

    pace = Pace(calls_at_once=16, clients_at_once=1, timeout=timedelta(seconds=10), lands_within=timedelta(seconds=30))

    @classmethod
    def configured_keys(cls, config: RecConfig) -> frozenset[str]:
        """The zones of the settings."""
        return frozenset(config.zones)

    def __init__(self, config: RecConfig, lent: Lent) -> None:
        """Keep what it is given; nothing is sent before `open`."""
        super().__init__(config, lent)
        self._zone_of_sensor = {same(zone.sensor): key for key, zone in config.zones.items() if zone.sensor}
        self._zone_of_actuator = {same(zone.actuator): key for key, zone in config.zones.items()}
        self._turns = {key: asyncio.Lock() for key in config.zones}
        self._came: asyncio.Queue[messages.Message] = asyncio.Queue(MOST_WAITING)
        self._overfull = False
        self._reading: asyncio.Task[None] | None = None
        self._taking = asyncio.Lock()
        self._news = asyncio.Event()
        self.way = self._way()

    def _way(self) -> Way:
        if self.config.mqtt:
            topics, lands = self.config.topics(), self.pace.lands_within
            return OverMqtt(self.config.mqtt, topics, self.lent, self._hear, lands)
        assert self.config.https  # noqa: S101  (the settings have one of the two)
        return OverHttps(self.config.https, self.lent)

    @property
    def control_limits(self) -> ControlLimits:
        """What the configured kinds of zones can be told."""
        kinds = {zone.kind for zone in self.config.zones.values()}
        return ControlLimits(levels=levels_of(kinds), tells_changes=True)

    async def open(self) -> None:
        """Connect and listen, so that what the device tells is heard before the first command."""
        self._reading = asyncio.get_running_loop().create_task(self._read_what_comes())
        await self.way.ready(self._deadline())

    async def check(self) -> About:
        """Hand over a message without commands: it shows whether somebody takes it, and changes nothing."""
        await self.way.send(messages.greeting(self.config.device_id), self._deadline())
        return About(external_keys=frozenset(self.config.zones))

    async def close(self) -> None:
        """Hang up; a broker keeps the session for the next time."""
        await self.way.close()
        if self._reading:
            await ended(self._reading)

    async def put_zone(self, zone: Zone) -> Receipt:
        """Send the level, and wait until the device tells what came of it, where that comes the same way."""
        key, ids = zone.key, self._ids(zone.key)
        level = translate.wanted(zone.level, ids)
        name, at = uuid.uuid4().urn, self.lent.clock.now()
        async with self._turns[key]:
            known = await self._known(key)
            sent = Sent(command=name, wanted=level, after=known.heard.latest)
            await self.lent.state.put(_place("sent", key), sent.model_dump_json())
            value = translate.value_of(level, ids)
            told = messages.command(self.config.device_id, name, ids.actuator, at, value)
            if (answer := await self.way.send(told, self._deadline())) and (message := self._read(answer)):
                await self._take(message)
            return Receipt(name, await self._outcome(key, ids))

    async def read_zone(self, key: str) -> Sighting[Level]:
        """Give what the zone's sensor told; the standard has no question."""
        ids = self._ids(key)
        await self.way.ready(self._deadline())
        seen = (await self._known(key)).sighting()
        if seen is None:
            raise TransientError(f"zone {key}: sensor {ids.sensor} has told nothing yet; does the device send it?")
        return seen

    def rest_level(self, key: str) -> Level | None:
        """Give what the settings say; with `automatic` only the building knows."""
        return translate.rest(self._ids(key))

    async def receive(self, callback: Callback) -> Sequence[RawItem]:
        """Take in what the device posts: of its zones at once, and what its sensors measure as items."""
        secret = self.config.webhook_secret
        if secret is None:
            raise CredentialsError("no webhook_secret is configured, so no call can be proven; set it")
        message = messages.read(proven(callback, secret.get_secret_value()))
        if same(message.device) != same(self.config.device_id):
            raise RejectedError("a message of another device than device_id; give it a connection of its own")
        await self._take(message)
        return list(self._items(message))

    def translate(self, item: RawItem) -> Iterable[Message]:
        """What a sensor told."""
        found = translate.observation_of(messages.observed(item.content), self.config)
        return [found] if found else []

    def _items(self, message: messages.Message) -> Iterable[RawItem]:
        """What is measured in a quantity that the settings name, and what cannot be read."""
        for place, told in message.observed:
            if self.config.meaning(told.kind):
                yield RawItem(translate.source_id(told), messages.kept(told), place)
        yield from map(_unread, message.unread)

    async def _outcome(self, key: str, ids: ZoneIds) -> Condition:
        """How the last command ended, as far as it is told in time.

        Raises:
            TransientError: it was refused.
            UnknownOutcomeError: nothing says that it was attempted.
        """
        until = min(self._deadline(), now() + self.config.echo_within.total_seconds())
        while True:
            news, known = self._news, await self._known(key)
            if known.is_refused:
                told = known.heard.failure or "it does not say why"
                raise TransientError(f"zone {key}: the device answered {known.code}: {told}")
            if known.stands or known.has_failed:
                return Condition.STANDING if known.stands else Condition.FAILED
            if not self.way.waits or (ids.sensor is None and known.is_answered):
                break
            try:
                async with asyncio.timeout_at(until):
                    await news.wait()
            except TimeoutError:
                break
        if self.way.waits and not known.is_answered:
            raise UnknownOutcomeError(f"zone {key}: the device did not answer; has it power, does it reach its broker?")
        return Condition.COMING if ids.sensor else Condition.SENT

    async def _read_what_comes(self) -> None:
        """Take messages in one after the other, as they came."""
        while True:
            await self._take(await self._came.get())
            self._overfull = self._overfull and not self._came.empty()

    def _hear(self, body: bytes) -> None:
        """What it tells over the broker: what is measured is the hub's at once, what concerns zones waits its turn."""
        message = self._read(body)
        if message is None or not self._concerns_zones(message):
            return
        try:
            self._came.put_nowait(message)
        except asyncio.QueueFull:
            if not self._overfull:
                told = "zones tell more than can be kept: what comes meanwhile is lost, until they tell again"
                self.lent.log.error(told)  # noqa: TRY400  (nothing is known of why)
            self._overfull = True

    def _concerns_zones(self, message: messages.Message) -> bool:
        levels = any(same(told.sensor) in self._zone_of_sensor for _, told in message.observed)
        return levels or bool(message.answered or message.failed)

    def _read(self, body: bytes) -> messages.Message | None:
        """A message of this device, its measurements given to the hub; None: it is none."""
        try:
            message = messages.read(body)
        except RejectedError as error:
            self.lent.heard(_unread(messages.Unread("a message", str(error), body)))
            return None
        if same(message.device) != same(self.config.device_id):
            return None
        for item in self._items(message):
            self.lent.heard(item)
        return message

    async def _take(self, message: messages.Message) -> None:
        """Know what a message tells of the zones, and ring for who waits."""
        async with self._taking:
            for _, told in message.observed:
                if key := self._zone_of_sensor.get(same(told.sensor)):
                    await self._observed(key, told)
            for answer in message.answered:
                if key := self._zone_of_actuator.get(same(answer.actuator)):
                    known = await self._known(key)
                    await self._keep(key, known, known.heard.answered(answer.command, answer.code, answer.at))
            for failure in message.failed:
                await self._failed(failure)
        self._news.set()
        self._news = asyncio.Event()

    async def _observed(self, key: str, told: Observed) -> None:
        try:
            level = translate.level_of(told.value, self.config.zones[key])
        except RejectedError as error:
            self.lent.log.warning("zone %s: sensor %s %s", key, told.sensor, error)
            return
        known = await self._known(key)
        await self._keep(key, known, known.heard.observed(level, told.at))

    async def _failed(self, failure: Failed) -> None:
        zones = {Origin.SENSOR: self._zone_of_sensor, Origin.ACTUATOR: self._zone_of_actuator}
        key = zones.get(failure.origin, {}).get(same(failure.id))
        if key is None:
            self.lent.log.warning("%s %s tells an exception", failure.origin, failure.id)
            return
        known = await self._known(key)
        await self._keep(key, known, known.heard.failed(f"{failure.origin}: {failure.text}", failure.at))

    async def _keep(self, key: str, known: Known, heard: Heard) -> None:
        """Keep what was heard; the hub looks, unless somebody waits for it here."""
        if heard == known.heard:
            return
        await self.lent.state.put(_place("heard", key), heard.model_dump_json())
        if not self._turns[key].locked():
            self.lent.touched(key)

    async def _known(self, key: str) -> Known:
        sent, heard = whole([await self.lent.state.get(_place(what, key)) for what in ("sent", "heard")])
        has_sensor = self.config.zones[key].sensor is not None
        return Known(sent, heard, answers=self.config.answers, has_sensor=has_sensor)

    def _ids(self, key: str) -> ZoneIds:
        try:
            return self.config.zones[key]
        except KeyError:
            raise RejectedError(f"no zone {key}; the connection's zones name it or it cannot be controlled") from None

    def _deadline(self) -> float:
        return now() + self.lent.timeout.total_seconds()


def _place(what: str, key: str) -> str:
    """Where something of a zone is kept."""
    return f"{what}/{key}"


def _unread(one: messages.Unread) -> RawItem:
    """A part that cannot be read, known by what it says."""
    name = f"unread/{hashlib.sha256(one.content).hexdigest()}"
    return RawItem(name, one.content, one.place, fault=f"{one.place}: {one.why}; ask who made the device")
