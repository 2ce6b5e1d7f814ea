"""Pure: a telegram on the group address of a sensor to what the hub takes in.

Source: as in `translate`, and 1.018, 9.004, 9.007, 13.010 and 13.013, by the transcoders of xknx 4.0.0, read
2026-11-27. A telegram has no time: it is of when it is heard.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from xknx.dpt import (
    DPTActiveEnergy,
    DPTActiveEnergykWh,
    DPTHumidity,
    DPTLux,
    DPTOccupancy,
    DPTScaling,
    DPTSwitch,
    DPTTemperature,
)
from xknx.exceptions import ConversionError, CouldNotParseTelegram

from connectors.control_knx.config import Measure, SensorAddress
from connectors.control_knx.translate import Payload
from hub.sdk import RawItem, Reading, reading, unreadable

PER_UNIT = {Measure.WATT_HOURS: Decimal("0.001")}
"""In the quantity's own unit, where the datapoint counts in another."""
_TRANSCODERS: Mapping[Measure, Any] = {
    Measure.SWITCH: DPTSwitch,
    Measure.OCCUPANCY: DPTOccupancy,
    Measure.TEMPERATURE: DPTTemperature,
    Measure.LUX: DPTLux,
    Measure.HUMIDITY: DPTHumidity,
    Measure.PERCENT: DPTScaling,
    Measure.WATT_HOURS: DPTActiveEnergy,
    Measure.KILOWATT_HOURS: DPTActiveEnergykWh,
}


class Sensors:
    """Those of one connection, by their group addresses."""

    def __init__(self, sensors: Mapping[str, SensorAddress]) -> None:
        """Know where each is told of."""
        self._sensors = sensors
        self._at = {sensor.address: key for key, sensor in sensors.items()}

    def told(self, group: str, payload: Payload, now: datetime) -> Iterator[RawItem]:
        """Give what a telegram tells of the sensor there, if there is one."""
        if (key := self._at.get(group)) is None:
            return
        measure = self._sensors[key].datapoint
        try:
            value = _value(payload, measure)
        except (ConversionError, CouldNotParseTelegram):
            why = f"{group} tells no {measure}; check the sensor's dpt and address in ETS"
            yield unreadable(f"{key} {payload}", str(payload).encode(), group, why)
        else:
            yield reading(Reading(key, value, now, group), self._sensors)


def _value(payload: Payload, measure: Measure) -> Decimal:
    """The number, of yes and no 1 and 0."""
    told = _TRANSCODERS[measure].from_knx(payload)
    number = getattr(told, "value", told)
    return Decimal(str(int(number) if isinstance(number, bool) else number)) * PER_UNIT.get(measure, Decimal(1))
