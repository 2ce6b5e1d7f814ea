"""The sensors that a municipality has, and what each told last."""

from collections.abc import Iterator
from decimal import Decimal

from hub.clock import DAY, Clock, instant, now_of
from hub.model.observation import UNITS
from hub.model.sensed import SensorAnswer, SensorState
from hub.model.sensing import Sensor
from hub.service.rulebook import Rulebook, Town
from hub.service.zones.sensing import THOUSANDTHS
from hub.store import readings
from hub.store.engine.database import Connection
from hub.store.engine.writer import Readers
from hub.store.readings import Hour, SensorKey

SILENT_AFTER = DAY
"""So long without a word, and it is silent: sensors on a battery tell that they live about once a day."""


class Sensors:
    """Answers about sensors."""

    def __init__(self, readers: Readers, rulebook: Rulebook, clock: Clock) -> None:
        self._readers, self._rulebook, self._clock = readers, rulebook, clock

    async def all(self, municipality: str) -> list[SensorAnswer]:
        """All that facilities have, in the order of the configuration.

        Raises:
            NotFoundError: no such municipality.
        """
        town, now = self._rulebook.town(municipality), now_of(self._clock)
        return await self._readers.read(_answers, town, now)


def _answers(connection: Connection, town: Town, now: int) -> list[SensorAnswer]:
    found = list(_configured(town))
    keys = {key for _, sensor in found if (key := _key(sensor))}
    numbers = readings.sensors(connection, town.rules.municipality, keys)
    last = {key: readings.latest(connection, town.rules.municipality, number) for key, number in numbers.items()}
    return [_answer(name, sensor, last.get(key) if (key := _key(sensor)) else None, now) for name, sensor in found]


def _configured(town: Town) -> Iterator[tuple[str, Sensor]]:
    """Each as facility/sensor."""
    for facility, one in town.configuration.facilities.items():
        yield from ((f"{facility}/{name}", sensor) for name, sensor in one.sensors.items())


def _key(sensor: Sensor) -> SensorKey | None:
    return SensorKey(sensor.connection, sensor.key, sensor.quantity) if sensor.connection else None


def _answer(name: str, sensor: Sensor, last: Hour | None, now: int) -> SensorAnswer:
    units = UNITS[sensor.quantity]
    return SensorAnswer(
        sensor=name,
        connection=sensor.connection,
        key=sensor.key,
        quantity=sensor.quantity,
        unit=next(iter(units)) if len(units) == 1 else None,
        resource=sensor.resource,
        zone=sensor.zone,
        value=(Decimal(last.last) / THOUSANDTHS).normalize() + 0 if last else None,
        at=instant(last.last_at) if last else None,
        state=_state(sensor, last, now),
    )


def _state(sensor: Sensor, last: Hour | None, now: int) -> SensorState:
    if sensor.connection is None:
        return SensorState.UNSERVED
    if last is None:
        return SensorState.NEVER
    return SensorState.SILENT if now - last.last_at >= SILENT_AFTER else SensorState.TELLS
