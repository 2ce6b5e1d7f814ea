"""Pure: how each profile writes a level, asks for one, and tells one.

Sources, all read 2026-11-26: Home Assistant, MQTT light (JSON schema: state ON and OFF, brightness 0 to
`brightness_scale`) and MQTT climate (a setpoint is a bare number on its topic), 2026.11; Tasmota, Commands (POWER,
Dimmer, State, PulseTime) and MQTT (cmnd, stat, tele; LWT Online and Offline), 15.1, and its source for PulseTime: the
command itself starts the timer anew.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from math import ceil
from typing import Any

from connectors.control_mqtt import translate
from connectors.control_mqtt.client import Send
from connectors.control_mqtt.config import JsonKeys, MqttConfig, Profile, Topics
from connectors.control_mqtt.sensing import at, object_of
from hub.model import Dim, Level, Setpoint, Switch
from hub.sdk import RejectedError, ZoneKind

FULL = 100
LONGEST_PULSE = timedelta(hours=18)
"""PulseTime counts to 64,900: hundred for each tenth of a second up to 11, and then a second each."""
SHORTEST_PULSE = 12
PULSE_IN_SECONDS = 100
"""What is added to whole seconds in PulseTime."""
DEEPEST = Decimal("-273.15")


@dataclass(frozen=True)
class Told:
    """What a device has told of itself so far; a part of it may come in each message."""

    on: bool | None = None
    percent: int | None = None
    """Light that it has when it is on."""
    celsius: Decimal | None = None

    def level(self, kind: ZoneKind) -> Level | None:
        """The level that it makes; None while a part is missing."""
        match kind:
            case ZoneKind.SETPOINT:
                return None if self.celsius is None else Setpoint(celsius=self.celsius)
            case ZoneKind.SWITCH:
                return None if self.on is None else Switch(on=self.on)
        if self.on is False:
            return Dim(percent=0)
        return None if self.on is None or self.percent is None else Dim(percent=self.percent)


class Dialect(ABC):
    """One profile."""

    off_timer: timedelta | None = None
    """The longest time after which a device can be told to end by itself."""

    def __init__(self, config: MqttConfig) -> None:
        """Write as these settings say."""
        self.config = config

    @abstractmethod
    def commands(self, level: Level, topics: Topics, ends_in: timedelta | None) -> list[Send]:
        """Give what makes it so, whatever was before; `ends_in`: when the device is to end it by itself."""

    def question(self, topics: Topics) -> Send | None:
        """Give what asks how it is, and changes nothing; None where it cannot be asked."""
        return Send(topics.get, b"{}") if topics.get else None

    @abstractmethod
    def told(self, payload: bytes, topics: Topics, before: Told) -> Told | None:
        """Give what it has told with this message; None: it is about something else.

        Raises:
            RejectedError: it is no state of such a device.
        """

    def is_online(self, payload: bytes) -> bool:
        """Whether a device or the gateway says that it is there.

        Raises:
            RejectedError: it says something else.
        """
        return translate.is_online(payload)


class Zigbee2Mqtt(Dialect):
    """Zigbee2MQTT's JSON, and gateways that copy it."""

    def commands(self, level: Level, topics: Topics, ends_in: timedelta | None) -> list[Send]:
        del ends_in
        if isinstance(level, Setpoint):
            return [Send(topics.set, _json({self.config.setpoint_name: level.celsius}))]
        return [Send(topics.set, translate.command(level))]

    def question(self, topics: Topics) -> Send | None:
        if topics.kind is ZoneKind.SETPOINT:
            return Send(topics.get, _json({self.config.setpoint_name: ""}))
        return Send(topics.get, translate.question(topics.kind))

    def told(self, payload: bytes, topics: Topics, before: Told) -> Told | None:
        del before
        if topics.kind is ZoneKind.SETPOINT:
            value = object_of(payload).get(self.config.setpoint_name)
            return None if value is None else Told(celsius=_celsius(value))
        match translate.level_of(payload, topics.kind):
            case Dim(percent=percent):
                return Told(on=percent > 0, percent=percent)
            case Switch(on=on):
                return Told(on=on)
        return None


class Tasmota(Dialect):
    """Tasmota's commands, one to a topic; its results come in parts. A Dimmer above 0 switches on."""

    off_timer = LONGEST_PULSE

    def commands(self, level: Level, topics: Topics, ends_in: timedelta | None) -> list[Send]:
        how = Send(f"{topics.set}/POWER{topics.relay or ''}", b"OFF" if _is_dark(level) else b"ON")
        if isinstance(level, Dim) and level.percent:
            how = Send(f"{topics.set}/Dimmer", str(level.percent).encode())
        pulse = pulse_time(None if _is_dark(level) else ends_in)
        timer = [Send(f"{topics.set}/PulseTime{topics.relay or 1}", str(pulse).encode())]
        return [*(timer if self.config.off_timer else []), how]

    def question(self, topics: Topics) -> Send | None:
        return Send(topics.get, b"")

    def told(self, payload: bytes, topics: Topics, before: Told) -> Told | None:
        found = object_of(payload)
        names = [f"POWER{topics.relay}"] if topics.relay else ["POWER", "POWER1"]
        power = next((found[name] for name in names if name in found), None)
        if power not in (None, "ON", "OFF"):
            raise RejectedError(f"{names[0]} is neither ON nor OFF")
        light = found.get("Dimmer") if topics.kind is ZoneKind.DIM else None
        if power is None and light is None:
            return None
        so_far = before if power is None else replace(before, on=power == "ON")
        return so_far if light is None else replace(so_far, percent=_percent(light, FULL))

    def is_online(self, payload: bytes) -> bool:
        return translate.is_online(payload.lower())


class HomeAssistant(Dialect):
    """What devices speak that Home Assistant controls: a light in its JSON schema, a setpoint as a bare number."""

    def commands(self, level: Level, topics: Topics, ends_in: timedelta | None) -> list[Send]:
        del ends_in
        if isinstance(level, Setpoint):
            return [Send(topics.set, str(level.celsius).encode())]
        said: dict[str, object] = {"state": "OFF" if _is_dark(level) else "ON"}
        if isinstance(level, Dim) and level.percent:
            said["brightness"] = _counts(level.percent, self.config.brightness_scale)
        return [Send(topics.set, _json(said))]

    def told(self, payload: bytes, topics: Topics, before: Told) -> Told | None:
        if topics.kind is ZoneKind.SETPOINT:
            return Told(celsius=_celsius(payload.decode(errors="replace")))
        found = object_of(payload)
        match found.get("state"):
            case None:
                return None
            case "ON" | "OFF" as state:
                light = found.get("brightness")
                percent = before.percent if light is None else _percent(light, self.config.brightness_scale)
                return Told(on=state == "ON", percent=percent)
        raise RejectedError("state is neither ON nor OFF")


class PlainJson(Dialect):
    """An object with keys of the gateway's own."""

    def commands(self, level: Level, topics: Topics, ends_in: timedelta | None) -> list[Send]:
        del ends_in
        keys, said = self.config.words, dict[str, object]()
        match level:
            case Setpoint(celsius=celsius):
                said[keys.setpoint] = celsius
            case Dim(percent=percent) if percent or keys.switch is None:
                said[keys.dim] = _counts(percent, keys.full)
        if keys.switch is not None and not isinstance(level, Setpoint):
            said[keys.switch] = keys.off if _is_dark(level) else keys.on
        return [Send(topics.set, _json(_nested(said)))]

    def told(self, payload: bytes, topics: Topics, before: Told) -> Told | None:
        keys, found = self.config.words, object_of(payload)
        if topics.kind is ZoneKind.SETPOINT:
            value = at(found, keys.setpoint)
            return None if value is None else Told(celsius=_celsius(value))
        light = at(found, keys.dim) if topics.kind is ZoneKind.DIM else None
        percent = before.percent if light is None else _percent(light, keys.full)
        on = self._is_on(found, keys)
        if on is None and light is None:
            return None
        if on is None and keys.switch is None:
            on = bool(percent)
        return Told(on=before.on if on is None else on, percent=percent)

    def _is_on(self, found: Mapping[str, Any], keys: JsonKeys) -> bool | None:
        value = None if keys.switch is None else at(found, keys.switch)
        if value is None:
            return None
        for meant, said in ((True, keys.on), (False, keys.off)):
            if value == said and isinstance(value, bool) is isinstance(said, bool):
                return meant
        raise RejectedError(f"{keys.switch} is neither on nor off; correct keys")


DIALECTS: dict[Profile, type[Dialect]] = {
    Profile.ZIGBEE2MQTT: Zigbee2Mqtt,
    Profile.TASMOTA: Tasmota,
    Profile.HOME_ASSISTANT: HomeAssistant,
    Profile.JSON: PlainJson,
}


def pulse_time(ends_in: timedelta | None) -> int:
    """What PulseTime holds for a device that ends so long from now; 0: never."""
    if ends_in is None:
        return 0
    seconds = min(ceil(ends_in.total_seconds()), int(LONGEST_PULSE.total_seconds()))
    return PULSE_IN_SECONDS + max(seconds, SHORTEST_PULSE)


def _is_dark(level: Level) -> bool:
    return level in (Switch(on=False), Dim(percent=0))


def _counts(percent: int, full: int) -> int:
    """What the wire has for whole per cent of full; half rounds up, and a lit lamp is never 0."""
    return max((percent * full + 50) // 100, int(percent > 0))


def _percent(counts: object, full: int) -> int:
    """Whole per cent of what the wire has; never 0 for a lamp that is lit."""
    if isinstance(counts, bool) or not isinstance(counts, int | Decimal) or not 0 <= counts <= full:
        raise RejectedError(f"the light is no number from 0 to {full}")
    percent = int((Decimal(counts) * 100 / full).to_integral_value(ROUND_HALF_UP))
    return max(percent, int(counts > 0))


def _celsius(value: object) -> Decimal:
    try:
        celsius = Decimal(str(value).strip())
    except InvalidOperation:
        raise RejectedError("the setpoint is no number") from None
    if not celsius.is_finite() or not DEEPEST <= celsius < -DEEPEST:
        raise RejectedError("the setpoint is no temperature")
    return celsius


def _json(said: Mapping[str, object]) -> bytes:
    return json.dumps(said, default=_number).encode()


def _number(value: object) -> float | int:
    """A Decimal as JSON has numbers."""
    number = Decimal(str(value))
    return int(number) if number == number.to_integral_value() else float(number)


def _nested(said: Mapping[str, object]) -> dict[str, Any]:
    """Put each key with dots into objects."""
    whole: dict[str, Any] = {}
    for key, value in said.items():
        *way, last = key.split(".")
        place = whole
        for part in way:
            place = place.setdefault(part, {})
        place[last] = value
    return whole
