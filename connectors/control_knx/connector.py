"""Zones on a KNX bus: what is sent is proven by what the device tells on its status address, and by nothing else."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import timedelta

from connectors.control_knx import translate
from connectors.control_knx.client import Bus
from connectors.control_knx.config import KnxConfig, Tunnel, ZoneAddresses
from connectors.control_knx.sensing import Sensors
from connectors.control_knx.translate import Payload
from connectors.control_knx.tunnels import Endpoint
from hub.model import Level, Message, Quantity, Release, Zone
from hub.sdk import (
    About,
    Condition,
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
    proven_by,
)


class KnxControl(Connector[KnxConfig], Control, ReadsZones, Hears):
    """One gateway to one bus; a zone is a group address of it, and so is a sensor."""

    pace = Pace(calls_at_once=32, clients_at_once=1, timeout=timedelta(seconds=10), lands_within=timedelta(seconds=15))

    @classmethod
    def configured_keys(cls, config: KnxConfig) -> frozenset[str]:
        """The zones of the settings."""
        return frozenset(config.zones)

    @classmethod
    def configured_sensors(cls, config: KnxConfig) -> Mapping[str, frozenset[Quantity]]:
        """The sensors of the settings."""
        return {key: frozenset({sensor.quantity}) for key, sensor in config.sensors.items()}

    @classmethod
    def off_timer(cls, config: KnxConfig, key: str) -> timedelta | None:
        """Give the zone's own, which each telegram starts anew."""
        return config.zones[key].off_after

    def __init__(self, config: KnxConfig, lent: Lent) -> None:
        """Keep what it is given; nothing is sent before `open`."""
        super().__init__(config, lent)
        self._zone_of = {zone.status: key for key, zone in config.zones.items() if zone.status}
        self._sensors = Sensors(config.sensors)
        self._sent: dict[str, Level] = {}
        self._echoes = Echoes(lent)
        where = f"{config.host}:{config.port}"
        self.bus = Bus(where, self._endpoint, self._hear, lent.log, config.telegrams_per_second)
        self.bus.lost.append(self._give_up_waiting)
        self.bus.back.append(self._look_at_all)

    @property
    def control_limits(self) -> ControlLimits:
        """What the configured kinds of zones can be told."""
        kinds = {zone.kind for zone in self.config.zones.values()}
        return ControlLimits(levels=levels_of(kinds), tells_changes=bool(self._zone_of))

    async def open(self) -> None:
        """Connect and listen, so that a light switched by hand is heard of before the first command."""
        await self.bus.ready(self._deadline())

    async def check(self) -> About:
        """Connect, and ask every zone that can be asked; one that answers proves the bus."""
        await self.bus.ready(self._deadline())
        looks = await asyncio.gather(*(self.read_zone(key) for key in self._zone_of.values()), return_exceptions=True)
        proven_by(looks, self.lent.log)
        unproven = len(self.config.zones) - len(self._zone_of)
        detail = f"{unproven} zones without a status address: never proven" if unproven else ""
        return About(external_keys=frozenset(self.config.zones), detail=detail)

    async def close(self) -> None:
        """Leave the tunnel."""
        await self.bus.close()

    async def put_zone(self, zone: Zone) -> Receipt:
        """Write the level, and wait a little for the device to tell it."""
        own, deadline = self._zone(zone.key), self._deadline()
        wanted = translate.wanted(zone.level, own)
        with self._echoes.awaited(zone.key, wanted) as waiting:
            await self._write(zone.key, translate.writes(wanted, own), deadline)
            self._sent[zone.key] = zone.level
            return Receipt(own.address, await self._proof(own, wanted, waiting, deadline))

    async def read_zone(self, key: str) -> Sighting[Level]:
        """Ask on the status address; what was told before is no answer."""
        zone, deadline = self._zone(key), self._deadline()
        if zone.status is None:
            return Sighting(self._sent.get(key, Release()), Condition.SENT, "no status address: nobody tells")
        with self._echoes.awaited(key) as waiting:
            try:
                await self.bus.ask(zone.status, deadline)
            except UnknownOutcomeError as error:
                raise TransientError(str(error)) from error
            if level := await waiting.level(self._until(deadline)):
                return Sighting(level)
        raise waiting.puzzle or TransientError(
            f"zone {key}: no answer on {zone.status}; has the device power, and is the address readable in ETS?"
        )

    def rest_level(self, key: str) -> Level | None:
        """Give what the settings say; with a mode only the controller knows."""
        return translate.rest(self._zone(key))

    async def _write(self, key: str, writes: list[translate.Write], deadline: float) -> None:
        written = False
        for write in writes:
            try:
                await self.bus.write(write.group, write.payload, deadline)
            except TransientError as error:
                if written:
                    raise UnknownOutcomeError(f"zone {key}: half of it is sent; {error}") from error
                raise
            written = True

    async def _proof(self, zone: ZoneAddresses, wanted: Level | None, waiting: Waiting, deadline: float) -> Condition:
        """What the status tells in time; of a released zone any level may come, so a look has to show it."""
        if zone.status is None:
            return Condition.SENT
        if wanted is None:
            return Condition.COMING
        try:
            return Condition.COMING if await waiting.level(self._until(deadline)) is None else Condition.STANDING
        except TransientError:
            return Condition.COMING

    def _hear(self, group: str, payload: Payload) -> None:
        """Take a status: for those who wait, or else as news for the hub; and what a sensor tells."""
        for item in self._sensors.told(group, payload, self.lent.clock.now()):
            self.lent.heard(item)
        key = self._zone_of.get(group)
        if key is None:
            return
        try:
            level = translate.level_of(payload, self.config.zones[key])
        except RejectedError as error:
            self._echoes.puzzle(key, RejectedError(f"zone {key}: {error}"))
            return
        self._echoes.told(key, level)

    def _give_up_waiting(self) -> None:
        """Nothing that was asked before will be told over the next tunnel."""
        self._echoes.lose(TransientError(f"{self.config.host}: the tunnel was lost before an answer"))

    def _look_at_all(self) -> None:
        for key in self._zone_of.values():
            self.lent.touched(key)

    def _zone(self, key: str) -> ZoneAddresses:
        try:
            return self.config.zones[key]
        except KeyError:
            raise RejectedError(f"no zone {key}; the connection's zones name it or it cannot be controlled") from None

    def _endpoint(self) -> Endpoint:
        config = self.config
        if self.lent.tunnel and config.tunnel is Tunnel.UDP:
            raise RejectedError(f"{config.host}: UDP goes through no proxy; choose tunnel: tcp or secure")
        host, port = self.lent.route(config.host, config.port)
        return Endpoint(
            host=host,
            port=port,
            name=f"{config.host}:{config.port}",
            tunnel=config.tunnel,
            way=lambda: self.lent.connected(config.host, config.port),
            route_back=config.route_back,
            local_ip=str(config.local_ip) if config.local_ip else None,
            individual_address=config.individual_address,
            user_id=config.user_id,
            user_password=config.user_password,
            device_password=config.device_password,
            keyring_file=config.keyring_file,
            keyring_password=config.keyring_password,
        )

    def translate(self, item: RawItem) -> Iterable[Message]:
        """What a sensor told."""
        return [observed(item, self.config.sensors)]

    def _until(self, deadline: float) -> float:
        """Until when a device may tell its level."""
        return min(deadline, self._now() + self.config.answers_within.total_seconds())

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _deadline(self) -> float:
        return self._now() + self.lent.timeout.total_seconds()
