"""Observations that come in: each time of a sensor once, of sensors that the configuration has, laid to their hours."""

import logging
from collections.abc import Mapping, Sequence
from decimal import Decimal

from hub.clock import HOUR, micros
from hub.model import Observation
from hub.model.configuration import Configuration
from hub.service.rulebook import Rulebook
from hub.store import readings
from hub.store.engine.database import Connection
from hub.store.readings import Reading, SensorKey

LOG = logging.getLogger(__name__)
THOUSANDTHS = 1000
"""In which values are kept."""
_AHEAD = HOUR
"""So far may a sensor's clock be ahead of ours."""
_MOST = Decimal(10**9)
"""No sensor of a hall tells of so much, in any unit; sums of it would not fit."""


class Sensing:
    """Keeps what sensors tell."""

    def __init__(self, rulebook: Rulebook) -> None:
        self._rulebook = rulebook

    def keep(self, connection: Connection, town: str, name: str, told: Sequence[Observation], *, now: int) -> None:
        """Keep observations of one connection; in the transaction that keeps the rows which told them.

        A sensor that no facility has is nobody's: what it told stays in its raw row only, and so does what can not be.
        """
        known = sensors_of(self._rulebook.town(town).configuration, name)
        meant = [(key, one) for one in told if (key := SensorKey(name, one.sensor, one.quantity)) in known]
        sound = [(key, one) for key, one in meant if micros(one.at) <= now + _AHEAD and abs(one.value) < _MOST]
        if len(sound) < len(meant):
            LOG.warning("%s/%s: %d readings are of the future, or too large", town, name, len(meant) - len(sound))
        numbers = readings.numbered(connection, town, {key for key, _ in sound})
        values = {(numbers[key], micros(one.at)): int(one.value * THOUSANDTHS) for key, one in sound}
        new = readings.add(connection, town, [Reading(*place, values[place]) for place in sorted(values)])
        readings.lay_to(connection, town, readings.hours_of(new))


def sensors_of(configuration: Configuration, name: str | None = None) -> Mapping[SensorKey, str]:
    """The sensors that facilities have, over one connection or all; as `facility/sensor`."""
    return {
        SensorKey(sensor.connection, sensor.key, sensor.quantity): f"{facility}/{ours}"
        for facility, one in configuration.facilities.items()
        for ours, sensor in one.sensors.items()
        if sensor.connection and name in {None, sensor.connection}
    }
