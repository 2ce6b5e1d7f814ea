"""Zones in the objects of one device: written at a low priority, read back, and given up again."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

from connectors.control_bacnet import translate
from connectors.control_bacnet.client import Address, Device
from connectors.control_bacnet.config import BacnetConfig, Point, ZoneObject
from connectors.control_bacnet.following import Following
from connectors.control_bacnet.frames import Station, Value, Values
from connectors.control_bacnet.sensing import Sensors
from hub.model import Level, Message, Quantity, Zone
from hub.sdk import (
    About,
    Condition,
    Connector,
    Control,
    ControlLimits,
    Hears,
    Lent,
    Pace,
    RawItem,
    ReadsZones,
    Receipt,
    RejectedError,
    Sighting,
    TransientError,
    levels_of,
    observed,
    proven_by,
)


class BacnetControl(Connector[BacnetConfig], Control, ReadsZones, Hears):
    """One device; a zone is an object of it, and so is a sensor."""

    pace = Pace(calls_at_once=4, clients_at_once=1, timeout=timedelta(seconds=10), lands_within=timedelta(seconds=20))

    @classmethod
    def configured_keys(cls, config: BacnetConfig) -> frozenset[str]:
        """The zones of the settings."""
        return frozenset(config.zones)

    @classmethod
    def configured_sensors(cls, config: BacnetConfig) -> Mapping[str, frozenset[Quantity]]:
        """The sensors of the settings."""
        return {key: frozenset({sensor.quantity}) for key, sensor in config.sensors.items()}

    def __init__(self, config: BacnetConfig, lent: Lent) -> None:
        """Keep what it is given; nothing is sent before `open`."""
        super().__init__(config, lent)
        station = None
        if config.network is not None and config.station is not None:
            station = Station(config.network, config.station)
        self.device = Device(
            f"{config.host}:{config.port}",
            config.device,
            self._way,
            seconds=lent.timeout.total_seconds(),
            tries=config.tries,
            station=station,
        )
        self.device.changed, self.device.found = self._changed, self._back
        self._zone_of = {zone.point: key for key, zone in config.zones.items()}
        self._sensors = Sensors(config.sensors)
        self._known: dict[str, Value] = {}
        self._follows_zones = config.changes_for is not None
        self._following = list(self._followings())

    def _followings(self) -> Iterator[Following]:
        """Subscriptions: to zones where that is asked for, and to sensors, which tell in no other way."""
        config, log = self.config, self.lent.log
        if config.changes_for is not None:
            zones = {zone.point: f"zone {key}" for key, zone in config.zones.items()}
            yield Following(self.device, zones, config.changes_for, log)
        if config.sensors:
            sensors = {sensor.point: f"sensor {key}" for key, sensor in config.sensors.items()}
            yield Following(self.device, sensors, config.measured_for, log)

    @property
    def control_limits(self) -> ControlLimits:
        """What the configured kinds of zones can be told."""
        kinds = {zone.kind for zone in self.config.zones.values()}
        return ControlLimits(levels=levels_of(kinds), tells_changes=self._follows_zones)

    async def open(self) -> None:
        """Subscribe to changes, where that is asked for; what fails is tried again."""
        for each in self._following:
            each.begin()

    async def check(self) -> About:
        """Read every zone and sensor; one that can be read proves the device, and the log is told of the others."""
        asked = [self._look(key) for key in self.config.zones]
        measured = [self.device.read(one.point, ("present-value",)) for one in self.config.sensors.values()]
        looks = await asyncio.gather(*asked, *measured, return_exceptions=True)
        proven_by(looks, self.lent.log)
        aside = [f"{key}: {look.set_aside}" for key, look in self._seen(looks) if look.set_aside]
        return About(external_keys=frozenset(self.config.zones), detail="; ".join(aside))

    async def close(self) -> None:
        """Hang up; what was written stands, at its priority."""
        for each in self._following:
            await each.end()
        self.device.close()

    async def put_zone(self, zone: Zone) -> Receipt:
        """Write at our priority, or give it up; then read all priorities back."""
        own = self._zone(zone.key)
        value = translate.wanted(zone.level, own)
        if zone.key not in self._known:
            await self._look(zone.key)  # what has no priorities could not be given back
        if value is not None:
            self._known[zone.key] = value  # so that the device's word of it is no news
        await self.device.write(own.point, value, self.config.priority)
        return Receipt(own.object, await self._proof(zone.key, value))

    async def read_zone(self, key: str) -> Sighting[Level]:
        """Read the present value, and by which priority it is so."""
        return self._named(key, await self._look(key))

    async def _proof(self, key: str, value: Value) -> Condition:
        """What reading back shows; a look that fails undoes nothing."""
        try:
            now = await self._look(key)
        except TransientError:
            return Condition.COMING
        return translate.proof(now, value, self.config.priority)

    async def _look(self, key: str) -> translate.Seen:
        zone = self._zone(key)
        found = await self.device.read(zone.point, translate.PROPERTIES)
        try:
            now = translate.seen(found, zone)
        except RejectedError as error:
            raise RejectedError(f"zone {key}: {error}") from None
        self._known[key] = now.present
        return now

    def _named(self, key: str, now: translate.Seen) -> Sighting[Level]:
        try:
            return translate.sighting(now, self._zone(key), self.config.priority)
        except RejectedError as error:
            raise RejectedError(f"zone {key}: {error}") from None

    def _seen(self, looks: Sequence[object]) -> list[tuple[str, translate.Seen]]:
        pairs = zip(self.config.zones, looks, strict=False)
        return [(key, look) for key, look in pairs if isinstance(look, translate.Seen)]

    def _changed(self, point: Point, found: Mapping[str, Values]) -> None:
        """Tell the hub of what it has not seen itself; of a zone that was never looked at nothing is news."""
        for item in self._sensors.told(point, found, self.lent.clock.now()):
            self.lent.heard(item)
        key = self._zone_of.get(point)
        if key is None or key not in self._known:
            return
        if found.get("present-value", (None,)) != (self._known[key],):
            self.lent.touched(key)

    def _back(self) -> None:
        """What changed while the device was silent was not heard, and it may have forgotten who listens."""
        for each in self._following:
            each.renew_now()
        if self._follows_zones:
            for key in self._known:
                self.lent.touched(key)

    def _zone(self, key: str) -> ZoneObject:
        try:
            return self.config.zones[key]
        except KeyError:
            raise RejectedError(f"no zone {key}; the connection's zones name it or it cannot be controlled") from None

    def translate(self, item: RawItem) -> Iterable[Message]:
        """What a sensor told."""
        return [observed(item, self.config.sensors)]

    def _way(self) -> Address:
        if self.lent.tunnel:
            raise RejectedError(f"{self.config.host}: UDP goes through no proxy; the connection can have none")
        return self.lent.route(self.config.host, self.config.port)
