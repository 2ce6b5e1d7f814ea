"""What other rules of a zone would change in its line, with the claims that stand: in numbers, with examples."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from hub.clock import HOUR, instant
from hub.model.configuration import Configuration
from hub.model.configured import ChangedLine, ChangedLines, Lit
from hub.model.lit import REACH
from hub.model.plan import Ask, TargetKey
from hub.planner.lines import PLAIN, LineRule, Stretch, line
from hub.store import claims, shown
from hub.store.engine.database import Connection

_EXAMPLES = 3
_MOST = 10_000
"""Claims of a zone that are laid together; of more the first to end."""


class _Zone(NamedTuple):
    name: str
    target: TargetKey
    before: LineRule
    after: LineRule


def foretold_lines(
    connection: Connection,
    wanted: Configuration,
    before: Mapping[TargetKey, LineRule],
    after: Mapping[TargetKey, LineRule],
    now: int,
) -> ChangedLines:
    """Of zones that stay, and whose own rules would be others; what bookings would ask is told besides."""
    town = wanted.municipality.key
    others = [one for one in _zones(wanted, before, after) if one.before != one.after]
    changed = [found for one in others if (found := _changed(connection, town, one, now))]
    return ChangedLines(rules=len(others), zones=len(changed), examples=tuple(changed[:_EXAMPLES]))


def _zones(
    wanted: Configuration, before: Mapping[TargetKey, LineRule], after: Mapping[TargetKey, LineRule]
) -> Iterator[_Zone]:
    for facility, one in wanted.facilities.items():
        for name, zone in one.zones.items():
            if zone.connection:
                target = TargetKey(zone.connection, zone.key)
                yield _Zone(f"{facility}/{name}", target, before.get(target, PLAIN), after.get(target, PLAIN))


def _changed(connection: Connection, town: str, zone: _Zone, now: int) -> ChangedLine | None:
    lane = shown.with_key(connection, town, zone.target.connection, zone.target.key)
    if lane is None:
        return None
    rows = claims.on_lane(connection, town, lane.id, since=now - REACH, limit=_MOST)
    asks = [Ask(row.starts, row.ends, row.level, "") for row in rows if not row.suspended]
    was, would_be = (_from(now, asks, rule) for rule in (zone.before, zone.after))
    differing = set(map(_plain, was)) ^ set(map(_plain, would_be))
    if not differing:
        return None
    at = max(now, _first(was, would_be))
    return ChangedLine(
        zone=zone.name,
        stretches=len(differing),
        at=instant(at),
        before=_lit(was, at),
        after=_lit(would_be, at),
        hours_before=_hours(was),
        hours_after=_hours(would_be),
    )


def _from(now: int, asks: Sequence[Ask], rule: LineRule) -> list[Stretch]:
    """From now on; what has begun begins now."""
    told = (one for one in line(asks, rule) if one.ends > now)
    return [one._replace(starts=max(one.starts, now)) for one in told]


def _plain(one: Stretch) -> tuple[int, int, int]:
    return one.starts, one.ends, one.level


def _first(was: Sequence[Stretch], would_be: Sequence[Stretch]) -> int:
    """When they differ for the first time: where one begins, ends or is at another level than the other."""
    edges = sorted({edge for one in (*was, *would_be) for edge in (one.starts, one.ends)})
    return next((at for at in edges if _level(was, at) != _level(would_be, at)), edges[0])


def _at(stretches: Sequence[Stretch], at: int) -> Stretch | None:
    return next((one for one in stretches if one.starts <= at < one.ends), None)


def _level(stretches: Sequence[Stretch], at: int) -> int | None:
    found = _at(stretches, at)
    return found.level if found else None


def _lit(stretches: Sequence[Stretch], at: int) -> Lit | None:
    found = _at(stretches, at)
    if found is None:
        return None
    return Lit(starts_at=instant(found.starts), ends_at=instant(found.ends), level=found.level)


def _hours(stretches: Sequence[Stretch]) -> float:
    return round(sum(one.ends - one.starts for one in stretches) / HOUR, 1)
