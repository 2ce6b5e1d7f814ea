"""Zones that are booked and empty, or lit and booked by nobody: looked for each minute, told once."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from hub.clock import HOUR, MINUTE, NEVER, STOCKHOLM, Clock, instant, now_of
from hub.configuration.sensors import occupancy_of
from hub.model.configuration import Configuration
from hub.model.event_data import ZoneBookedButEmpty, ZoneLitButUnbooked
from hub.model.events import EventType
from hub.model.facility import Facility, ZoneRule
from hub.model.lit import REACH
from hub.model.plan import Ask, TargetKey
from hub.model.sensing import Sensor
from hub.model.states import Effect
from hub.planner.lines import line
from hub.service.rulebook import Rulebook, Town
from hub.service.zones.energy import served_by
from hub.service.zones.sensing import THOUSANDTHS
from hub.store import claims, events, noticed, occupancy, readings, shown, stretches
from hub.store.engine.database import Connection
from hub.store.engine.writer import Readers, Writer
from hub.store.events import Event
from hub.store.noticed import Noticed
from hub.store.occupancy import Coming
from hub.store.readings import LATELY, Reading, SensorKey
from hub.store.shown import Seen
from hub.store.stretches import How

_MOST_CLAIMS = 2000
_LATE = HOUR
"""So long after its end an occasion may still be found to have been empty."""


class _Zone(NamedTuple):
    """A zone with a connection, by its facility."""

    facility: Facility
    place: str
    """facility/zone."""
    rule: ZoneRule

    @property
    def name(self) -> str:
        """In its facility."""
        return self.place.partition("/")[2]

    @property
    def target(self) -> TargetKey:
        """What its system calls it."""
        return TargetKey(self.rule.connection or "", self.rule.key)


class Found(NamedTuple):
    """What is to be told, if it was not."""

    noticed: Noticed
    event: Event


class Noticing:
    """Tells what nobody may have noticed."""

    def __init__(self, writer: Writer, readers: Readers, rulebook: Rulebook, clock: Clock) -> None:
        self._writer, self._readers, self._rulebook, self._clock = writer, readers, rulebook, clock

    async def look(self) -> None:
        """Look at every zone that is to be watched; nothing is written while there is nothing new."""
        for key, town in self._rulebook.towns().items():
            zones = list(_watched(town.configuration))
            found = await self._readers.read(_new, town, zones, now_of(self._clock)) if zones else []
            if found:
                await self._writer.call(_tell, key, found, now_of(self._clock))


def _watched(configuration: Configuration) -> Iterator[_Zone]:
    for name, facility in configuration.facilities.items():
        for zone, rule in facility.zones.items():
            if rule.connection and (rule.empty_after_minutes or rule.unbooked_after_minutes):
                yield _Zone(facility, f"{name}/{zone}", rule)


def _tell(connection: Connection, municipality: str, found: Sequence[Found], now: int) -> None:
    """Each once, whoever else looks."""
    new = noticed.add(connection, municipality, {one.noticed for one in found}, now=now)
    events.append(connection, [one.event for one in found if one.noticed in new])


def _new(connection: Connection, town: Town, zones: Iterable[_Zone], now: int) -> list[Found]:
    looked = _Look(connection, town, now)
    found = {one.noticed: one for zone in zones for one in looked.at(zone)}
    known = noticed.known(connection, town.rules.municipality, found.keys())
    return [one for key, one in found.items() if key not in known]


class _Look(NamedTuple):
    """One look at the zones of a municipality."""

    connection: Connection
    town: Town
    now: int

    @property
    def municipality(self) -> str:
        """Whose zones they are."""
        return self.town.rules.municipality

    def at(self, zone: _Zone) -> Iterator[Found]:
        """What is to be told of one."""
        if zone.rule.empty_after_minutes:
            yield from self._empty(zone, zone.rule.empty_after_minutes)
        if zone.rule.unbooked_after_minutes:
            yield from self._unbooked(zone, zone.rule.unbooked_after_minutes)

    # ---- booked, and nobody there

    def _empty(self, zone: _Zone, minutes: int) -> Iterator[Found]:
        sensors = occupancy_of(zone.name, zone.rule, zone.facility)
        resources = served_by(self.town.rules, zone.target)
        ready = self.now - self._settled(sensors)
        for one in occupancy.coming(
            self.connection, self.municipality, resources, starts=self.now - _LATE, ends=self.now
        ):
            told = one.starts + minutes * MINUTE
            if told <= min(ready, one.ends) and self._nobody(zone, one, sensors, told):
                yield self._as_empty(zone, one, minutes)

    def _settled(self, sensors: Iterable[Sensor]) -> int:
        """How long what a sensor sees may take to come in: those that are asked now and then tell late."""
        connections = self.town.configuration.connections
        waits = [connections[one.connection].arrives for one in sensors if one.connection]
        return max((arrives.every_minutes * MINUTE + MINUTE for arrives in waits if arrives), default=0)

    def _nobody(self, zone: _Zone, use: Coming, sensors: Iterable[Sensor], until: int) -> bool:
        """Whether it is open, and every sensor that looks there has told of nobody; a silent one proves nothing."""
        related = self.town.rules.related(use.resource)
        closures = self.town.rules.closures
        if any(one.resource in related and one.starts < until and use.starts < one.ends for one in closures):
            return False
        looking = [one for one in sensors if one.zone == zone.name or one.resource in related]
        told = [self._lately(one, use.starts, until) for one in looking]
        return bool(told) and all(_shows_nobody(rows, use.starts) for rows in told)

    def _lately(self, sensor: Sensor, since: int, until: int) -> list[Reading]:
        number = self._number(sensor)
        if number is None:
            return []
        return readings.lately(self.connection, self.municipality, number, since=since, until=until)

    def _number(self, sensor: Sensor) -> int | None:
        key = SensorKey(sensor.connection or "", sensor.key, sensor.quantity)
        return readings.sensors(self.connection, self.municipality, [key]).get(key)

    def _as_empty(self, zone: _Zone, use: Coming, minutes: int) -> Found:
        body = ZoneBookedButEmpty(
            zone=zone.place,
            booking=use.number,
            occasion=use.occasion,
            resource=use.resource,
            starts_at=instant(use.starts),
            minutes=minutes,
        )
        subject = f"{use.number}/{use.occasion}/{use.starts}"
        return self._found(zone, EventType.ZONE_BOOKED_BUT_EMPTY, subject, body.model_dump_json())

    def _found(self, zone: _Zone, type_: EventType, subject: str, body: str) -> Found:
        event = Event(self.municipality, type_, f"{zone.target.connection}/{zone.target.key}", body, self.now)
        return Found(Noticed(type_, zone.place, subject), event)

    # ---- lit, and nobody's

    def _unbooked(self, zone: _Zone, minutes: int) -> Iterator[Found]:
        lane = shown.with_key(self.connection, self.municipality, zone.target.connection, zone.target.key)
        if lane and lane.effect == Effect.OVERRIDDEN:
            return
        released = self._released(zone, lane)
        if released is None:
            return
        on = self._on_since(lane) if lane else None
        seen = {"system": on, "sensor": self._light_since(zone)}
        for by, lit in seen.items():
            since = max(lit, released) if lit else self.now
            if self.now - since >= minutes * MINUTE:
                yield self._as_unbooked(zone, since, by)
                return

    def _released(self, zone: _Zone, lane: Seen | None) -> int | None:
        """Since when nobody claims it, tail and purge included, within two days; None while somebody does."""
        since = self.now - LATELY
        if lane is None:
            return since
        rows = claims.on_lane(
            self.connection,
            self.municipality,
            lane.id,
            since=since - REACH,
            until=self.now + REACH,
            limit=_MOST_CLAIMS,
        )
        asks = [Ask(row.starts, row.ends, row.level, "") for row in rows if not row.suspended]
        for one in line(asks, self.town.rules.timing.line(zone.target)):
            if one.starts > self.now:
                break
            since = max(since, one.ends)
        return None if since > self.now else since

    def _on_since(self, lane: Seen) -> int | None:
        """Since when its system confirmed it on, and nothing else since."""
        stood = stretches.within(self.connection, self.municipality, [lane.id], since=self.now, until=self.now + 1)
        return next((one.starts for one in stood[lane.id] if one.ends == NEVER and one.how is How.ON), None)

    def _light_since(self, zone: _Zone) -> int | None:
        """Since when a sensor in it tells of light; within two days."""
        mine = [one for one in zone.facility.sensors.values() if one.zone == zone.name and one.lit_above]
        lit = [self._above(one, (one.lit_above or 0) * THOUSANDTHS) for one in mine]
        return min((since for since in lit if since is not None), default=None)

    def _above(self, sensor: Sensor, value: int) -> int | None:
        number = self._number(sensor)
        if number is None:
            return None
        dark = readings.last_at_most(self.connection, self.municipality, number, value) or self.now - LATELY
        rows = readings.lately(self.connection, self.municipality, number, since=dark + 1, until=self.now + 1)
        return next((row.at for row in rows if row.value > value), None)

    def _as_unbooked(self, zone: _Zone, since: int, seen: str) -> Found:
        minutes = (self.now - since) // MINUTE
        told = {"zone": zone.place, "since": instant(since), "minutes": minutes, "seen": seen}
        for_days = since <= self.now - LATELY + HOUR
        subject = instant(self.now).astimezone(STOCKHOLM).date().isoformat() if for_days else str(since)
        body = ZoneLitButUnbooked.model_validate(told).model_dump_json()
        return self._found(zone, EventType.ZONE_LIT_BUT_UNBOOKED, subject, body)


def _shows_nobody(rows: Sequence[Reading], since: int) -> bool:
    """What was told before is how it still is, until something is told; of it before that nobody asks."""
    within = [row for row in rows if row.at >= since] or list(rows)
    return bool(within) and all(row.value == 0 for row in within)
