"""Zones in the coils and registers of one device: written, and read back."""

import asyncio
from datetime import timedelta

from connectors.control_modbus import translate
from connectors.control_modbus.client import Device
from connectors.control_modbus.config import ModbusConfig, ZonePlaces
from connectors.control_modbus.holding import Holding
from hub.model import Level, Release, Zone, fulfils
from hub.sdk import (
    About,
    Condition,
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
    levels_of,
    proven_by,
)

LEASE = timedelta(minutes=15)
"""How long a level is written again for the device's watchdog, unless the hub puts it anew."""


class ModbusControl(Connector[ModbusConfig], Control, ReadsZones):
    """One device; a zone is a coil or a register of it."""

    pace = Pace(calls_at_once=4, clients_at_once=1, timeout=timedelta(seconds=5), lands_within=timedelta(seconds=10))

    @classmethod
    def configured_keys(cls, config: ModbusConfig) -> frozenset[str]:
        """The zones of the settings."""
        return frozenset(config.zones)

    @classmethod
    def off_timer(cls, config: ModbusConfig, key: str) -> timedelta | None:
        """Give the zone's own, which each write starts anew; with a watchdog, how long we write unasked."""
        return config.zones[key].off_after or (LEASE if config.watchdog else None)

    def __init__(self, config: ModbusConfig, lent: Lent) -> None:
        """Keep what it is given; nothing is sent before `open`."""
        super().__init__(config, lent)
        self.device = Device(
            config.host,
            config.port,
            lambda: lent.connected(config.host, config.port),
            seconds=lent.timeout.total_seconds(),
            write_multiple=config.write_multiple,
        )
        self._holding = Holding(config.watchdog, lent, self._look, self._write) if config.watchdog else None

    @property
    def control_limits(self) -> ControlLimits:
        """What the configured kinds of zones can be told."""
        kinds = {zone.kind for zone in self.config.zones.values()}
        return ControlLimits(levels=levels_of(kinds))

    async def open(self) -> None:
        """Go on writing what an earlier process held, where the device has a watchdog."""
        if self._holding:
            await self._holding.begin(list(self.config.zones))

    async def check(self) -> About:
        """Read every zone; one that can be read proves the device, and the others are told of in the log."""
        looks = await asyncio.gather(*(self._look(key) for key in self.config.zones), return_exceptions=True)
        proven_by(looks, self.lent.log)
        return About(external_keys=frozenset(self.config.zones))

    async def close(self) -> None:
        """Hang up, and write nothing again: a device with a watchdog is on its own from here."""
        if self._holding:
            await self._holding.end()
        self.device.close()

    async def put_zone(self, zone: Zone) -> Receipt:
        """Write the level, and read it back."""
        wanted = translate.wanted(zone.level, self._zone(zone.key))
        if self._holding is None:
            await self._write(zone.key, wanted)
        else:
            async with self._holding.turn(zone.key):
                await self._write_held(self._holding, zone, wanted)
        return Receipt(self._zone(zone.key).at, await self._proof(zone.key, wanted))

    async def read_zone(self, key: str) -> Sighting[Level]:
        """Read where the zone tells its level."""
        return Sighting(await self._look(key))

    def rest_level(self, key: str) -> Level | None:
        """Give what the settings say; with a mode only the device knows."""
        return translate.rest(self._zone(key))

    async def _write_held(self, holding: Holding, zone: Zone, wanted: Level | None) -> None:
        """Let go before writing: should the answer be lost, nobody knows what to hold."""
        await holding.let_go(zone.key)
        await self._write(zone.key, wanted)
        if wanted is not None and zone.level != Release():
            await holding.hold(zone, wanted)

    async def _write(self, key: str, wanted: Level | None) -> None:
        zone, deadline, written = self._zone(key), self._deadline(), False
        for write in translate.writes(wanted, zone, self.config.word_order):
            try:
                await self.device.write(self.config.unit_of(key), write.point, write.values, deadline)
            except TransientError as error:
                if written:
                    raise UnknownOutcomeError(f"zone {key}: half of it is written; {error}") from error
                raise
            written = True

    async def _proof(self, key: str, wanted: Level | None) -> Condition:
        """What reading back shows; a device may take a moment, and a look that fails undoes nothing."""
        try:
            seen = await self._look(key)
        except TransientError:
            return Condition.COMING
        return Condition.STANDING if wanted is None or fulfils(seen, wanted) else Condition.COMING

    async def _look(self, key: str) -> Level:
        zone = self._zone(key)
        unit, count = self.config.unit_of(key), translate.how_many(zone)
        values = await self.device.read(unit, zone.read, count, self._deadline())
        try:
            return translate.level_of(values, zone, self.config.word_order)
        except RejectedError as error:
            raise RejectedError(f"zone {key}: {error}") from None

    def _zone(self, key: str) -> ZonePlaces:
        try:
            return self.config.zones[key]
        except KeyError:
            raise RejectedError(f"no zone {key}; the connection's zones name it or it cannot be controlled") from None

    def _deadline(self) -> float:
        return asyncio.get_running_loop().time() + self.lent.timeout.total_seconds()
