"""A configuration, compiled once: for each resource all that booking it asks for, parts and common zones included."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, get_args

from hub.clock import DAY, MINUTE, SECOND, span
from hub.model.configuration import Configuration, Municipality
from hub.model.credential import Method
from hub.model.facility import Access, Capability, Door, Facility, LevelKind, PinFormat, Strategy, ZoneRule
from hub.model.finance import AT_ONCE, Billing, CustomerKind
from hub.model.ladder import Rung
from hub.model.lit import Position
from hub.model.plan import Claim, Closure, TargetKey, TargetKind, Unserved
from hub.planner.hours import Rest
from hub.planner.lines import PLAIN, After, Dark, LineRule, Warned, Why, lit_from
from hub.planner.notifying import NotifyRules, compiled_roles
from hub.planner.registering import Mark, RegisterRules, compiled_registering

KINDS = {LevelKind.SWITCH: TargetKind.SWITCH, LevelKind.DIM: TargetKind.DIM, LevelKind.SETPOINT: TargetKind.SETPOINT}


class DoorRule(NamedTuple):
    """A door, and how much longer than the occasion it opens (microseconds)."""

    door: str
    lead: int
    lag: int


class LevelRule(NamedTuple):
    """A zone, its level by activity, and how much longer than the occasion it is wanted (microseconds)."""

    target: TargetKey
    kind: TargetKind
    levels: Mapping[str, int]
    default: int
    lead: int
    lag: int


class AccessRule(NamedTuple):
    """How one facility is entered."""

    connection: str
    strategy: Strategy
    pin: PinFormat
    methods: frozenset[Method]
    doors: tuple[DoorRule, ...]
    changes_on: str = ""
    """The first day of a season, where associations share a code."""
    fallback: tuple[Rung, ...] = ()
    """What is done instead when a credential is not confirmed in time, the first step first."""


class ResourceRules(NamedTuple):
    """What booking one resource asks for."""

    access: AccessRule | None
    zones: tuple[LevelRule, ...]
    unserved_access: Unserved | None
    unserved_zones: tuple[Unserved, ...]
    related: frozenset[str] = frozenset()
    """The resource itself and all that shares a part with it: they cannot be used at the same time."""
    parts: tuple[str, ...] = ()
    is_place: bool = True
    """Whether people go there: no equipment."""


class Timing(NamedTuple):
    """When what is claimed is sent."""

    horizons: Mapping[str, int]
    """Push horizon of each connection, microseconds."""
    lines: Mapping[TargetKey, LineRule]
    """Of the zones that have rules of their own."""

    def line(self, target: TargetKey) -> LineRule:
        """A zone's own rules."""
        return self.lines.get(target, PLAIN)

    def needed_at(self, claim: Claim, now: int) -> int:
        """When a claim that is not over must stand; NEVER when its zone's rules withhold all that is left of it."""
        rule = self.lines.get(claim.target)
        return claim.starts if rule is None else lit_from(claim, rule, now)

    def sent_at(self, claim: Claim, now: int) -> int:
        """When it is to be sent."""
        if claim.kind is TargetKind.CREDENTIAL:
            return max(now, claim.starts - self.horizons.get(claim.target.connection, 0))
        return max(now, self.needed_at(claim, now))


class BillRule(NamedTuple):
    """How one kind of customer is invoiced."""

    connection: str | None
    when: Billing
    after: int
    """How long after its last occasion or its period an invoice is made, microseconds."""


@dataclass(frozen=True)
class Rules:
    """One municipality's configuration, ready to plan with."""

    municipality: str
    version: int
    resources: Mapping[str, ResourceRules]
    timing: Timing
    awaited: frozenset[str]
    """Connections whose effects `Prefer: wait` waits for."""
    billing: Mapping[CustomerKind, BillRule]
    registering: RegisterRules
    """What of bookings is registered, and where."""
    notifying: NotifyRules
    """Who is told of bookings."""
    mark: Mark
    own_pins: frozenset[str] = frozenset()
    """Connections to locks that make their PINs themselves."""
    has_ladders: bool = False
    """Whether anything is done instead of a door anywhere."""
    closures: tuple[Closure, ...] = ()
    """Those in force."""
    closures_version: int = 0

    @property
    def basis(self) -> tuple[int, int]:
        """What a plan was made with: the versions of configuration and closures."""
        return self.version, self.closures_version

    @property
    def horizons(self) -> Mapping[str, int]:
        """Push horizon of each connection, microseconds."""
        return self.timing.horizons

    @property
    def roles(self) -> Collection[str]:
        """What bookings may name in `notify`."""
        return self.notifying.roles

    def related(self, resource: str) -> frozenset[str]:
        """What cannot be used at the same time as the resource, itself included."""
        found = self.resources.get(resource)
        return found.related if found else frozenset((resource,))


def compiled(
    configuration: Configuration,
    *,
    mark: Mark,
    version: int = 1,
    methods: Mapping[str, frozenset[Method]] | None = None,
    own_pins: frozenset[str] = frozenset(),
) -> Rules:
    """Return the rules of a checked configuration.

    Args:
        configuration: without dangling references.
        mark: makes keys of what must not stand in a key.
        version: of the configuration; claims and effects carry it.
        methods: what each access connection can do, by name; left out: all.
        own_pins: the access connections whose locks make their PINs themselves.
    """
    town, methods = configuration.municipality, methods or {}
    observed = {name for name, connection in configuration.connections.items() if connection.mode == "observe"}
    resources: dict[str, ResourceRules] = {}
    for name, facility in configuration.facilities.items():
        covered = {key: frozenset((key, *_below(key, facility))) for key in facility.resources}
        for key in facility.resources:
            related = frozenset(other for other, its in covered.items() if its & covered[key])
            parts = facility.resources[key].parts
            rules = _rules(name, facility, covered[key], methods)
            if rules.access and rules.access.connection in observed:
                rules = rules._replace(access=rules.access._replace(fallback=()))
            resources[key] = rules._replace(
                related=related, parts=parts, is_place=facility.resources[key].kind == "place"
            )
    return Rules(
        municipality=town.key,
        version=version,
        resources=resources,
        timing=Timing(
            {name: span(connection.push_horizon) for name, connection in configuration.connections.items()},
            lines_of(configuration),
        ),
        awaited=frozenset(_awaited(configuration)),
        billing=dict(_billing(town)),
        registering=compiled_registering(town.registry),
        notifying=compiled_roles(configuration, {key: rule.related for key, rule in resources.items()}),
        mark=mark,
        own_pins=own_pins,
        has_ladders=any(each.access and each.access.fallback for each in configuration.facilities.values()),
    )


def _billing(town: Municipality) -> Iterator[tuple[CustomerKind, BillRule]]:
    for kind in get_args(CustomerKind):
        rule = town.finance.charging.customers.get(kind, AT_ONCE)
        yield kind, BillRule(rule.connection or town.finance.connection, rule.when, rule.days_after * DAY)


def _below(key: str, facility: Facility) -> Iterator[str]:
    for part in facility.resources[key].parts:
        yield part
        yield from _below(part, facility)


def _rules(
    name: str,
    facility: Facility,
    covered: frozenset[str],
    methods: Mapping[str, frozenset[Method]],
) -> ResourceRules:
    places = {key for key in covered if facility.resources[key].kind == "place"}
    zones = {zone: rule for zone, rule in facility.zones.items() if _serves(rule.serves, covered, places)}
    doors = (
        {door: rule for door, rule in facility.access.doors.items() if _serves(rule.serves, covered, places)}
        if facility.access
        else {}
    )
    served = facility.access is not None and facility.access.connection is not None
    return ResourceRules(
        access=_access(facility.access, doors, methods) if doors and served and facility.access else None,
        zones=tuple(_level(rule) for rule in zones.values() if rule.connection),
        unserved_access=Unserved(Capability.ACCESS, name) if doors and not served else None,
        unserved_zones=tuple(
            Unserved(Capability(rule.capability), f"{name}/{zone}")
            for zone, rule in zones.items()
            if not rule.connection
        ),
    )


def _serves(serves: str | tuple[str, ...], covered: frozenset[str], places: set[str]) -> bool:
    """`all` means every place; equipment wants a door or a zone only when named."""
    return bool(places) if serves == "all" else not covered.isdisjoint(serves)


def _access(access: Access, doors: Mapping[str, Door], methods: Mapping[str, frozenset[Method]]) -> AccessRule:
    connection = access.connection or ""
    return AccessRule(
        connection,
        access.credential.strategy,
        access.credential.pin,
        methods.get(connection, frozenset(Method)),
        tuple(DoorRule(door.key, door.lead_minutes * MINUTE, door.lag_minutes * MINUTE) for door in doors.values()),
        access.credential.changes_on or "",
        access.fallback,
    )


def _level(rule: ZoneRule) -> LevelRule:
    levels = {activity: _scaled(rule, level) for activity, level in rule.levels.items()}
    target = TargetKey(rule.connection or "", rule.key)
    lead, lag = rule.lead_minutes * MINUTE, rule.lag_minutes * MINUTE
    return LevelRule(target, KINDS[rule.kind], levels, levels.get("default", 1), lead, lag)


def _scaled(rule: ZoneRule, level: float) -> int:
    """A level as claims carry it: tenths of a degree, per cent, or 1 for on."""
    return round(level * (10 if rule.kind is LevelKind.SETPOINT else 1))


def lines_of(configuration: Configuration) -> dict[TargetKey, LineRule]:
    """The zones that have rules of their own, and those."""
    zones = (
        (zone, facility.position) for facility in configuration.facilities.values() for zone in facility.zones.values()
    )
    found = {TargetKey(zone.connection, zone.key): _line(zone, place) for zone, place in zones if zone.connection}
    return {target: rule for target, rule in found.items() if not rule.is_plain}


def _line(zone: ZoneRule, position: Position | None) -> LineRule:
    off, dark, warned = zone.latest_off, zone.only_when_dark, zone.warning
    return LineRule(
        restrike=(zone.restrike_minutes or 0) * MINUTE,
        dark=Dark(position, dark.margin_minutes * MINUTE) if dark and position else None,
        latest_off=Rest.of(off) if off else None,
        after=_after(zone),
        warned=Warned(warned.minutes_before * MINUTE, warned.seconds * SECOND, warned.level) if warned else None,
    )


def _after(zone: ZoneRule) -> After | None:
    if after := zone.tail or zone.purge:
        why = Why.TAIL if zone.tail else Why.PURGE
        return After(after.minutes * MINUTE, _scaled(zone, after.level), why)
    return None


def _awaited(configuration: Configuration) -> Iterator[str]:
    wanted = set(configuration.municipality.awaits)
    for facility in configuration.facilities.values():
        if Capability.ACCESS in wanted and facility.access and facility.access.connection:
            yield facility.access.connection
        yield from (z.connection for z in facility.zones.values() if z.connection and z.capability in wanted)
