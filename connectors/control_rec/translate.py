"""Pure: a level to the value of a command, the value of an observation to a level, and to what a sensor told."""

from decimal import ROUND_HALF_UP, Decimal

from pydantic import ValidationError

from connectors.control_rec.config import Form, Measured, RecConfig, ZoneIds
from connectors.control_rec.messages import Observed, Value, first_fault, same
from hub.model import Dim, Level, Observation, Release, Setpoint, Switch
from hub.sdk import MOST_DIGITS, RejectedError, ZoneKind, fitted, resting, scaled

TENTH = Decimal("0.1")
FULL = 100


def wanted(level: Level, zone: ZoneIds) -> Level:
    """The level that a zone is to have; Release where its own automation is to decide.

    Raises:
        RejectedError: it cannot have such a level.
    """
    return rest(zone) or level if isinstance(level, Release) else fitted(level, zone.kind)


def rest(zone: ZoneIds) -> Level | None:
    """What a released zone goes back to; None: its own automation decides."""
    if zone.automatic is not None:
        return None
    return resting(zone.kind, zone.release)


def value_of(level: Level, zone: ZoneIds) -> Value:
    """What a command says for a level that the zone can have."""
    match level:
        case Switch(on=on) if zone.form is Form.TEXT:
            return zone.on if on else zone.off
        case Switch(on=on):
            return on if zone.form is Form.BOOLEAN else Decimal(on)
        case Dim(percent=percent):
            return percent * zone.full / FULL
        case Setpoint(celsius=celsius):
            return celsius
        case Release():
            return zone.automatic or ""


def level_of(value: Value, zone: ZoneIds) -> Level:
    """The level that an observation tells.

    Raises:
        RejectedError: it is no level of such a zone.
    """
    match zone.kind, value:
        case ZoneKind.SWITCH, bool():
            return Switch(on=value)
        case ZoneKind.SWITCH, Decimal():
            return Switch(on=value != 0)
        case ZoneKind.SWITCH, str() if value.casefold() in {zone.on.casefold(), zone.off.casefold()}:
            return Switch(on=value.casefold() == zone.on.casefold())
        case ZoneKind.DIM, Decimal() if 0 <= value <= zone.full:
            return Dim(percent=_percent(value / zone.full))
        case ZoneKind.SETPOINT, Decimal() if abs(value) < FULL * FULL:
            return Setpoint(celsius=value.quantize(TENTH, ROUND_HALF_UP))
    raise RejectedError(f"tells no level of kind {zone.kind}; check sensor, kind and form")


def observation_of(told: Observed, config: RecConfig) -> Observation | None:
    """What a sensor told, in canonical words; None: a quantity that the settings do not name.

    Raises:
        RejectedError: it cannot be.
    """
    meant = config.meaning(told.kind)
    if meant is None:
        return None
    try:
        return Observation(
            sensor=same(told.sensor),
            quantity=meant.quantity,
            value=_measured(told.value, meant),
            unit=meant.unit,
            at=told.at,
            source_id=source_id(told),
        )
    except ValidationError as error:
        raise RejectedError(f"sensor {same(told.sensor)}: {first_fault(error)}; check quantities") from None


def source_id(told: Observed) -> str:
    """What tells one observation from all others: what comes with the same id is a double."""
    kind = told.kind.rstrip("/").rpartition("/")[2]
    return f"{same(told.sensor)}@{told.at.isoformat()}/{kind[:40]}"


def _measured(value: Value, meant: Measured) -> Decimal:
    match value:
        case bool():
            return Decimal(value)
        case Decimal() if (measured := scaled(value, meant.factor)) is not None:
            return measured
    raise RejectedError(f"{meant.quantity} is told in numbers, with at most {MOST_DIGITS} digits; check the device")


def _percent(part: Decimal) -> int:
    """Whole per cent, never 0 for a lamp that is lit."""
    return max(int((part * FULL).to_integral_value(ROUND_HALF_UP)), int(part > 0))
