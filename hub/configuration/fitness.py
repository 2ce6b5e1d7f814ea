"""Whether a connection's connector can do what the facilities ask of it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hub.configuration.finding import Finding, Path, instead_of
from hub.configuration.folder import Folder, Use
from hub.configuration.sheet import Sheet
from hub.model.connection import Connection
from hub.model.facility import Access, Capability, LevelKind, ZoneRule
from hub.model.observation import Quantity
from hub.model.zone import Dim, Setpoint, Switch
from hub.sdk import (
    AccessControl,
    Chooser,
    Connector,
    ConnectorConfig,
    Control,
    ControlLimits,
    Finance,
    Hears,
    Notifier,
    PopulationRegister,
    Registry,
    Source,
)

CAPABILITIES: Mapping[Capability, type] = {
    Capability.ACCESS: AccessControl,
    Capability.LIGHTING: Control,
    Capability.CLIMATE: Control,
    Capability.HOLD_OPEN: Control,
    Capability.ALARM: Control,
    Capability.NOTIFICATION: Notifier,
    Capability.FINANCE: Finance,
    Capability.REGISTRY: Registry,
    Capability.POPULATION: PopulationRegister,
}
"""What a connector must be for each capability."""

LEVELS = {LevelKind.SWITCH: Switch, LevelKind.DIM: Dim, LevelKind.SETPOINT: Setpoint}


@dataclass(frozen=True)
class Running:
    """A connection with its connector's class, and its settings where they could be read."""

    sheet: Sheet[Connection]
    kind: type[Connector[Any]]
    config: ConnectorConfig | None


def fits(folder: Folder, running: Mapping[str, Running]) -> Iterator[Finding]:
    """What is asked of connections that they cannot do, and what they could do that nobody asks."""
    uses = [use for use in folder.uses() if use.connection in running]
    for use in uses:
        yield from _fit(use, running[use.connection or ""])
    yield from _idle_keys(running, uses)
    yield from _without_timers(running, uses)
    yield from _known_sensors(folder, running)
    yield from _unused(folder, running)


def _fit(use: Use, running: Running) -> Iterator[Finding]:
    """What the use asks that the connector does not have."""
    if not issubclass(running.kind, CAPABILITIES[use.capability]):
        message = f"`{use.connection}` runs {running.kind.__name__}, which does no {use.capability}; name another"
        yield use.sheet.error(use.place, "wrong-capability", message)
        return
    if use.channel is not None and issubclass(running.kind, Notifier) and use.channel not in running.kind.channels:
        sends = ", ".join(sorted(running.kind.channels))
        message = f"`{use.connection}` sends by {sends}, not by {use.channel}; name another connection"
        yield use.sheet.error(use.place, "wrong-channel", message)
    yield from _known_keys(use, running)
    match _rule(use):
        case ZoneRule() as zone:
            yield from _level_fits(use, zone, running)
        case Access() as access:
            yield from _pin_fits(use, access, running)


def _rule(use: Use) -> object:
    """The zone or the doors that the connection is named for."""
    rule: object = use.sheet.value
    for step in use.path:
        rule = rule[step] if isinstance(rule, dict) else getattr(rule, str(step))
    return rule


def _known_keys(use: Use, running: Running) -> Iterator[Finding]:
    """External keys that the connection's own settings lack, where it lists them."""
    known = configured_keys(running)
    if known is None:
        return
    rule = _rule(use)
    doors = rule.doors if isinstance(rule, Access) else {}
    keys: dict[Path, str] = {("doors", name): door.key for name, door in doors.items()} or {(): use.key}
    for path, key in keys.items():
        if key not in known:
            message = f"`{key}` is not in the settings of `{use.connection}`: {instead_of(key, known)}"
            yield use.sheet.error((*use.path, *path, "key"), "unknown-key-of-system", message)


def configured_keys(running: Running) -> frozenset[str] | None:
    """The doors or zones that the settings name; None when the connector keeps no list there."""
    return running.kind.configured_keys(running.config) if running.config else None


def _idle_keys(running: Mapping[str, Running], uses: Iterable[Use]) -> Iterator[Finding]:
    """What the settings name and no facility asks for."""
    asked: dict[str, set[str]] = {name: set() for name in running}
    for use in uses:
        rule = _rule(use)
        asked[use.connection or ""] |= {d.key for d in rule.doors.values()} if isinstance(rule, Access) else {use.key}
    for name, each in running.items():
        if idle := (configured_keys(each) or frozenset()) - asked[name]:
            message = (
                f"no facility asks for {', '.join(f'`{key}`' for key in sorted(idle))} of `{name}`; is it misspelt?"
            )
            yield each.sheet.warning(("settings",), "idle-key", message)


def _known_sensors(folder: Folder, running: Mapping[str, Running]) -> Iterator[Finding]:
    """Sensors of facilities that the connection's own settings lack, where it lists them; and those nobody asks for."""
    heard = _heard(running)
    idle = {name: {(key, told) for key, of in known.items() for told in of} for name, known in heard.items()}
    for _, sheet, facility in folder.valid_facilities():
        for name, sensor in facility.sensors.items():
            known = heard.get(sensor.connection or "")
            if known is None:
                continue
            idle[sensor.connection or ""].discard((sensor.key, sensor.quantity))
            if sensor.quantity not in known.get(sensor.key, ()):
                there = sorted(key for key, told in known.items() if sensor.quantity in told)
                message = (
                    f"no sensor `{sensor.key}` of {sensor.quantity} in the settings of `{sensor.connection}`:"
                    f" {instead_of(sensor.key, there)}"
                )
                yield sheet.error(("sensors", name, "key"), "unknown-sensor", message)
    for name, left in idle.items():
        if left:
            keys = ", ".join(f"`{key}`" for key in sorted({key for key, _ in left}))
            message = f"no facility has {keys} of `{name}` among its sensors: what they tell is kept for nobody"
            yield running[name].sheet.warning(("settings", "sensors"), "idle-sensor", message)


def _heard(running: Mapping[str, Running]) -> Mapping[str, Mapping[str, frozenset[Quantity]]]:
    """The sensors of each connection whose settings list them."""
    found = {}
    for name, each in running.items():
        if each.config is not None and issubclass(each.kind, Hears):
            known = each.kind.configured_sensors(each.config)
            if known is not None:
                found[name] = known
    return found


def _without_timers(running: Mapping[str, Running], uses: Iterable[Use]) -> Iterator[Finding]:
    """Zones that stay as they are should the hub be gone."""
    stay: dict[str, list[str]] = {}
    for use in uses:
        kind, config = (each := running[use.connection or ""]).kind, each.config
        if not issubclass(kind, Control) or not isinstance(_rule(use), ZoneRule):
            continue
        known = configured_keys(each)
        is_there = config is not None and (known is None or use.key in known)
        if is_there and kind.off_timer(config, use.key) is None:
            stay.setdefault(use.connection or "", []).append(f"`{use.key}`")
    for name, keys in stay.items():
        message = (
            f"no off-timer of its own at {', '.join(sorted(keys))}: should the hub be gone, what is on there stays on;"
            " have one set in the devices, longer than any booking"
        )
        yield running[name].sheet.warning(("settings",), "no-off-timer", message)


def _level_fits(use: Use, zone: ZoneRule, running: Running) -> Iterator[Finding]:
    limits = getattr(running.kind, "control_limits", None)
    if isinstance(limits, ControlLimits) and LEVELS[zone.kind] not in limits.levels:
        can = ", ".join(sorted(kind for kind, level in LEVELS.items() if level in limits.levels))
        message = f"`{use.connection}` cannot take a {zone.kind}; it takes {can}"
        yield use.sheet.error((*use.path, "kind"), "wrong-kind", message)


def _pin_fits(use: Use, access: Access, running: Running) -> Iterator[Finding]:
    kind, config = running.kind, running.config
    limits = kind.limits_by(config) if issubclass(kind, AccessControl) and config is not None else None
    if limits is None:
        return
    pin, rules = access.credential.pin, limits.pin
    path = (*use.path, "credential", "pin")
    if pin.length not in rules.lengths:
        message = f"`{use.connection}` takes PINs of {rules.lengths[0]} to {rules.lengths[-1]} digits, not {pin.length}"
        yield use.sheet.error((*path, "length"), "pin-length", message)
    if pin.leading_zero and not rules.leading_zero:
        message = f"`{use.connection}` takes no PIN that begins with 0; write false"
        yield use.sheet.error((*path, "leading_zero"), "pin-leading-zero", message)
    if strange := "".join(sign for sign in pin.alphabet if sign not in rules.alphabet):
        takes = rules.alphabet
        message = f"`{use.connection}` takes PINs of {takes}, not {strange}; write `alphabet: '{takes}'`"
        yield use.sheet.error((*path, "alphabet"), "pin-alphabet", message)
    if Chooser.HUB not in rules.chosen_by:
        message = f"`{use.connection}` makes its PINs itself: this format is not used"
        yield use.sheet.warning(path, "pin-chosen-elsewhere", message)


def _unused(folder: Folder, running: Mapping[str, Running]) -> Iterator[Finding]:
    """Connections that nobody names; a source of incoming data is of use by itself, unless its settings list it."""
    used = {use.connection for use in folder.uses()}
    used |= {sensor.connection for _, _, one in folder.valid_facilities() for sensor in one.sensors.values()}
    sources = {name for name, one in running.items() if issubclass(one.kind, Source)} - _heard(running).keys()
    for name, sheet in folder.connections.items():
        if name not in used | sources:
            message = f"nothing uses `{name}`; name it as `connection` where it should serve, or remove the file"
            yield sheet.warning((), "unused-connection", message)
