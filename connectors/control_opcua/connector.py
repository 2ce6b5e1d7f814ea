"""Zones in the nodes of one server: written in the node's own type, read back, and listened to."""

import asyncio
import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from connectors.control_opcua import translate
from connectors.control_opcua.config import OpcuaConfig, ZoneNodes
from connectors.control_opcua.refusals import refused
from connectors.control_opcua.values import DATA_TYPE, USER_ACCESS, VALUE, Number, Quality, Told, Type
from hub.model import Level, Release, Zone, fulfils
from hub.sdk import (
    About,
    Condition,
    Connector,
    Control,
    ControlLimits,
    Extra,
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

if TYPE_CHECKING:
    from connectors.control_opcua.client import Server
    from connectors.control_opcua.following import Following

PRODUCT, VERSION = "i=2261", "i=2264"
"""Where a server tells its name and its version. Source: OPC 10000-6 v1.05, A.3, by way of asyncua 2.1.0."""
CURRENT_WRITE = 2
"""The bit of an access level by which our user may write. Source: OPC 10000-3 v1.05, 8.57, likewise."""


class OpcuaControl(Connector[OpcuaConfig], Control, ReadsZones):
    """One server; a zone is a node of it."""

    pace = Pace(calls_at_once=4, clients_at_once=1, timeout=timedelta(seconds=10), lands_within=timedelta(seconds=20))
    extra: ClassVar[Extra] = Extra("opcua", needs="asyncua")

    @classmethod
    def configured_keys(cls, config: OpcuaConfig) -> frozenset[str]:
        """The zones of the settings."""
        return frozenset(config.zones)

    @classmethod
    def off_timer(cls, config: OpcuaConfig, key: str) -> timedelta | None:
        """Give the zone's own, which each write starts anew."""
        return config.zones[key].off_after

    def __init__(self, config: OpcuaConfig, lent: Lent) -> None:
        """Keep what it is given; nothing is sent before `open`."""
        super().__init__(config, lent)
        self._known: dict[str, Level] = {}
        self._types: dict[str, Type] = {}
        self._types_of_session = 0
        self._parts = None if self.extra.missing() else self._spoken()

    @property
    def control_limits(self) -> ControlLimits:
        """What the configured kinds of zones can be told."""
        kinds = {zone.kind for zone in self.config.zones.values()}
        return ControlLimits(levels=levels_of(kinds), tells_changes=True)

    @property
    def server(self) -> "Server":
        """Whom we speak to.

        Raises:
            RejectedError: what speaks OPC UA is not installed.
        """
        return self._there()[0]

    @property
    def following(self) -> "Following":
        """Who hears what the zones tell; raises as `server`."""
        return self._there()[1]

    async def open(self) -> None:
        """Connect and listen, so that a light switched by hand is heard of before the first command."""
        self.following.begin()

    async def check(self) -> About:
        """Read every zone, and whether we may write it; one that can be read proves the server."""
        about = await self._about()
        await self._may_write()
        looks = await asyncio.gather(*(self.read_zone(key) for key in self.config.zones), return_exceptions=True)
        proven_by(looks, self.lent.log)
        return about

    async def close(self) -> None:
        """End the session; what was written stands, unless the device has a timer."""
        if self._parts:
            server, following = self._parts
            await following.end()
            await server.close()

    async def put_zone(self, zone: Zone) -> Receipt:
        """Write the level in the types that the server's nodes have, and read it back."""
        own = self._zone(zone.key)
        wanted = translate.wanted(zone.level, own)
        seconds = None if zone.level == Release() else self._seconds_left(own, zone.until)
        if wanted is not None:
            self._known[zone.key] = wanted  # so that the server's word of it is no news
        await self._write(zone.key, translate.writes(wanted, own, seconds))
        return Receipt(own.node, await self._proof(zone.key, wanted))

    async def read_zone(self, key: str) -> Sighting[Level]:
        """Read where the zone tells its level; what the server itself is not sure of is told, and proves nothing."""
        told = await self._look(key)
        level = self._level(key, told)
        self._known[key] = level
        if told.quality is Quality.UNCERTAIN:
            return Sighting(level, Condition.COMING, f"the server is not sure of it ({told.status})")
        return Sighting(level)

    def rest_level(self, key: str) -> Level | None:
        """Give what the settings say; with a mode only the device knows."""
        return translate.rest(self._zone(key))

    def _spoken(self) -> "tuple[Server, Following]":
        """What speaks OPC UA, loaded for who has such a connection, and for nobody else."""
        from connectors.control_opcua.client import Server  # noqa: PLC0415  (needs the extra)
        from connectors.control_opcua.following import Following  # noqa: PLC0415  (likewise)

        config, lent = self.config, self.lent
        way, seconds = (lambda: lent.connected(config.host, config.port)), lent.timeout.total_seconds()
        server = Server(config, way, seconds=seconds)
        nodes = {key: zone.told_at for key, zone in config.zones.items()}
        return server, Following(server, nodes, self._heard, self._look_at_all, lent.log)

    def _there(self) -> "tuple[Server, Following]":
        if self._parts is None:
            raise RejectedError(f"{self.config.url}: {self.extra.missing()}")
        return self._parts

    async def _about(self) -> About:
        told = await self.server.read([(node, VALUE) for node in (PRODUCT, VERSION)])
        names = " ".join(one.value for one in told if isinstance(one.value, str))
        return About(version=names, external_keys=frozenset(self.config.zones))

    async def _may_write(self) -> None:
        """Ask whether our user may write what has to be written; a server that does not tell is believed."""
        zones = [(key, node) for key, zone in self.config.zones.items() for node in zone.written]
        looks = await self.server.read([(node, USER_ACCESS) for _, node in zones])
        for (key, node), told in zip(zones, looks, strict=True):
            if told.quality is Quality.BAD:
                error = refused(f"zone {key}: {node}", told.status, changes=False)
                if isinstance(error, RejectedError):
                    raise error
            elif isinstance(told.value, int) and not told.value & CURRENT_WRITE:
                raise RejectedError(f"zone {key}: our user may not write {node}; have it allowed there")

    def _seconds_left(self, zone: ZoneNodes, until: datetime | None) -> int | None:
        """For the device's timer: until the end, and never longer than the zone may be without us."""
        if zone.timer is None or zone.off_after is None:
            return None
        longest = zone.off_after.total_seconds()
        left = (until - self.lent.clock.now()).total_seconds() if until else longest
        return max(1, math.ceil(min(left, longest)))

    async def _write(self, key: str, writes: Sequence[translate.Write]) -> None:
        """Write one after the other; nothing before all of it can be spelt."""
        types = await self._types_of(key, [write.node for write in writes])
        numbers = [self._spelt(key, write, types[write.node]) for write in writes]
        for step, (write, number) in enumerate(zip(writes, numbers, strict=True)):
            try:
                await self.server.write(write.node, number, types[write.node])
            except TransientError as error:
                if step:
                    raise UnknownOutcomeError(f"zone {key}: half of it is written; {error}") from error
                raise
            except RejectedError as error:
                self._types.pop(write.node, None)
                raise RejectedError(f"zone {key}: {error}") from error

    async def _types_of(self, key: str, nodes: Sequence[str]) -> dict[str, Type]:
        """The types of nodes, read once a session: a server that was started again may have others."""
        await self.server.ready()
        if self._types_of_session != self.server.sessions:
            self._types.clear()
            self._types_of_session = self.server.sessions
        if unknown := [node for node in nodes if node not in self._types]:
            told = await self.server.read([(node, what) for node in unknown for what in (DATA_TYPE, VALUE)])
            for node, declared, holds in zip(unknown, told[::2], told[1::2], strict=True):
                self._types[node] = self._type(f"zone {key}: {self.server}, {node}", declared, holds)
        return {node: self._types[node] for node in nodes}

    def _type(self, where: str, declared: Told, holds: Told) -> Type:
        """The type that a node is declared with, or that what it holds has: one of its own stands on another."""
        if declared.quality is Quality.BAD:
            raise refused(where, declared.status, changes=False)
        kind = translate.type_named(declared.value) or holds.type
        if kind is None:
            raise RejectedError(f"{where} holds no single number ({declared.value}); choose another node")
        return kind

    async def _proof(self, key: str, wanted: Level | None) -> Condition:
        """What reading back shows; a device may take a moment, and a look that fails undoes nothing."""
        try:
            told = await self._look(key)
        except TransientError:
            return Condition.COMING
        if told.quality is not Quality.GOOD:
            return Condition.COMING
        return Condition.STANDING if wanted is None or fulfils(self._level(key, told), wanted) else Condition.COMING

    async def _look(self, key: str) -> Told:
        node = self._zone(key).told_at
        (told,) = await self.server.read([(node, VALUE)])
        if told.quality is Quality.BAD:
            raise refused(f"zone {key}: {self.server}, {node}", told.status, changes=False)
        return told

    def _heard(self, key: str, told: Told) -> None:
        """Tell the hub of what it has not seen itself; of a zone that was never looked at nothing is news."""
        if key not in self._known:
            return
        try:
            news = told.quality is Quality.BAD or self._level(key, told) != self._known[key]
        except RejectedError:
            news = True
        if news:
            self.lent.touched(key)

    def _look_at_all(self) -> None:
        """What changed while the server was silent was not heard."""
        for key in self._known:
            self.lent.touched(key)

    def _level(self, key: str, told: Told) -> Level:
        try:
            return translate.level_of(told, self._zone(key))
        except RejectedError as error:
            raise RejectedError(f"zone {key}: {error}") from None

    def _spelt(self, key: str, write: translate.Write, kind: Type) -> Number:
        try:
            return translate.spelt(write, kind, self._zone(key))
        except RejectedError as error:
            raise RejectedError(f"zone {key}: {error}") from None

    def _zone(self, key: str) -> ZoneNodes:
        try:
            return self.config.zones[key]
        except KeyError:
            raise RejectedError(f"no zone {key}; the connection's zones name it or it cannot be controlled") from None
