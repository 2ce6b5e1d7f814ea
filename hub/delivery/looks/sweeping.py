"""The nightly sweep: every door that the hub may hold open, and that nobody claims, is let go anew.

So is every alarm whose arming it may postpone. Most systems never say whether a door is held open or an alarm waits, so
no look and no reconcile would find one that was left so: by an answer that was lost, by a hand, by a hub that was
restored from a backup. The carrying is the same as any other.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta

from hub.clock import STOCKHOLM, Clock, micros
from hub.delivery.reach.connections import Connections
from hub.delivery.reach.running import Running
from hub.model.configuration import Configuration
from hub.model.facility import Capability
from hub.service.rulebook import Rulebook
from hub.store import connections, waking
from hub.store.engine.database import Connection
from hub.store.engine.walls import within
from hub.store.engine.writer import Writer

NIGHT = time(3)
"""When doors are swept, Swedish time: it comes once in every night of the year."""
_SWEPT = frozenset({Capability.HOLD_OPEN, Capability.ALARM})


class Sweeping:
    """Looks every minute whether a sweep is due: each night, and when a system is back that did not answer."""

    def __init__(self, writer: Writer, running: Connections, rulebook: Rulebook, clock: Clock) -> None:
        self._writer, self._connections, self._rulebook, self._clock = writer, running, rulebook, clock
        self.woken: Callable[[], None] = lambda: None
        """Called when lanes were made due."""

    async def look(self) -> None:
        """Have what was not let go since be let go."""
        swept = 0
        for running in self._connections:
            town = self._rulebook.towns().get(running.municipality)
            doors = sorted(held_open(town.configuration, running.name)) if town and not running.observes else []
            if doors:
                with within(running.municipality):
                    swept += await self._writer.call(self._sweep, running, doors)
        if swept:
            self.woken()

    def _sweep(self, connection: Connection, running: Running, doors: list[str]) -> int:
        now = self._clock.now()
        night = micros(latest_night(now))
        since = connections.answered(connection, since=night).get(running.place, night)
        return waking.let_go(connection, *running.place, doors, since=since, now=micros(now))


def held_open(configuration: Configuration, name: str) -> Iterator[str]:
    """The external keys of the doors that a connection may hold open, and of alarms that it may keep from arming."""
    for facility in configuration.facilities.values():
        for zone in facility.zones.values():
            if zone.connection == name and zone.capability in _SWEPT:
                yield zone.key


def latest_night(now: datetime) -> datetime:
    """The last time that it was three at night."""
    local = now.astimezone(STOCKHOLM)
    today = datetime.combine(local.date(), NIGHT, STOCKHOLM)
    return today if today <= local else datetime.combine(local.date() - timedelta(days=1), NIGHT, STOCKHOLM)
