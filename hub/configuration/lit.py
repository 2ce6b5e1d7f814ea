"""What zones do besides following bookings: rules that lack something, or contradict each other or the zone."""

from collections.abc import Iterator

from hub.configuration.finding import Finding, Path
from hub.configuration.folder import Folder
from hub.configuration.levels import WANTED, is_right
from hub.configuration.sheet import Sheet
from hub.model.facility import Capability, Facility, LevelKind, ZoneRule
from hub.model.lit import LatestOff, Warn

_ONLY_LIGHT = {
    "restrike_minutes": "nothing else needs time to strike again",
    "only_when_dark": "the sun tells nothing of what is wanted there",
}
_NOT_OF_ALARMS = ("latest_off", "purge", "tail")
"""What ends sooner than a booking, or is for air and light: an alarm may not arm while somebody is there."""


def lit(folder: Folder) -> Iterator[Finding]:
    """All that is wrong with the rules of zones."""
    for _, sheet, facility in folder.valid_facilities():
        for name, zone in facility.zones.items():
            path: Path = ("zones", name)
            yield from _of_its_kind(sheet, path, zone)
            yield from _after(sheet, path, zone)
            if zone.only_when_dark and facility.position is None and zone.capability is Capability.LIGHTING:
                message = "needs to know where the facility is; write `position: {latitude: ..., longitude: ...}` there"
                yield sheet.error((*path, "only_when_dark"), "no-position", message)
            if zone.latest_off:
                yield from _latest(sheet, (*path, "latest_off"), zone.latest_off)
            if zone.warning:
                yield from _warning(sheet, (*path, "warning"), zone, zone.warning)


def _of_its_kind(sheet: Sheet[Facility], path: Path, zone: ZoneRule) -> Iterator[Finding]:
    """Rules that such a zone cannot have."""
    light = zone.capability is Capability.LIGHTING
    for key, why in _ONLY_LIGHT.items():
        if not light and getattr(zone, key) is not None:
            yield sheet.error((*path, key), "rule-of-light", f"only for light: {why}; take it out")
    for key in _NOT_OF_ALARMS if zone.capability is Capability.ALARM else ():
        if getattr(zone, key) is not None:
            message = "an alarm arms when its bookings are over, and at no other time; take it out, write `lag_minutes`"
            yield sheet.error((*path, key), "rule-of-no-alarm", message)
    if zone.purge and light:
        message = "airs out after the bookings, and this is light; write `tail` for those who are leaving"
        yield sheet.error((*path, "purge"), "purge-of-light", message)


def _after(sheet: Sheet[Facility], path: Path, zone: ZoneRule) -> Iterator[Finding]:
    """A tail or a purge, of a level that the zone can have."""
    if zone.tail and zone.purge:
        message = "there is a `tail` too, and one zone has one level; keep one of them"
        yield sheet.error((*path, "purge"), "tail-and-purge", message)
    for key, after in (("tail", zone.tail), ("purge", zone.purge)):
        if after and not is_right(zone.kind, after.level):
            yield sheet.error((*path, key, "level"), "wrong-level", f"of a {zone.kind} should be {WANTED[zone.kind]}")


def _latest(sheet: Sheet[Facility], path: Path, off: LatestOff) -> Iterator[Finding]:
    """Evenings whose time is that of the morning: nobody knows whether it is off all day or never."""
    times = {("at",): off.at} | {("evenings", str(day)): wall for day, wall in off.evenings.items()}
    for place, wall in times.items():
        if wall == off.until:
            message = f"off from {wall} until {off.until} is all day or never; write another time"
            yield sheet.error((*path, *place), "no-night", message)


def _warning(sheet: Sheet[Facility], path: Path, zone: ZoneRule, warn: Warn) -> Iterator[Finding]:
    if zone.kind is not LevelKind.DIM:
        message = (
            f"a {zone.kind} has no lower level: it would warn by going dark, and stay so should the hub be gone just"
            " then; only dim can warn"
        )
        yield sheet.error(path, "warning-of-no-dim", message)
    elif warn.level >= min(zone.levels.values(), default=0):
        message = f"{warn.level} per cent is no lower than the lowest of `levels`: nobody would see it; write less"
        yield sheet.error((*path, "level"), "warning-unseen", message)
    if warn.seconds >= warn.minutes_before * 60:
        message = "the warning would not be over when it goes dark; write fewer seconds, or more minutes before"
        yield sheet.error((*path, "seconds"), "warning-too-long", message)
