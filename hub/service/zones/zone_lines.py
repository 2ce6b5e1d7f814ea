"""A zone's line as people ask for it: what it should be from hour to hour, and why each edge is there."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from hub.clock import DAY, NEVER, Clock, instant, micros
from hub.errors import FieldFault, InvalidError, NotFoundError
from hub.masking import quoted
from hub.model.configuration import Configuration
from hub.model.facility import ZoneRule
from hub.model.lit import REACH
from hub.model.plan import Ask, TargetKey, TargetKind
from hub.model.standing import ZoneEdge, ZoneLine
from hub.planner.lines import LineRule, Stretch, Why, line
from hub.planner.rules import KINDS, Timing
from hub.service.rulebook import Rulebook
from hub.store import bookings, claims, shown
from hub.store.claims import ClaimRow
from hub.store.engine.database import Connection
from hub.store.engine.writer import Readers

LONGEST_DAYS = 31
_MOST = 10_000


class _Zone(NamedTuple):
    name: str
    """Of the facility and the zone, `hall/court-1`."""
    rule: ZoneRule


class _Edge(NamedTuple):
    at: int
    level: int | None
    why: Why


class ZoneLines:
    """Answers about zones."""

    def __init__(self, readers: Readers, rulebook: Rulebook, clock: Clock) -> None:
        self._readers, self._rulebook, self._clock = readers, rulebook, clock

    async def line(
        self, municipality: str, wanted: str, since: datetime | None = None, until: datetime | None = None
    ) -> ZoneLine:
        """A zone by its key or its name, over at most a month; left out: from now, for a day.

        Raises:
            NotFoundError: no such zone, or several.
            InvalidError: a time that is over before it begins, or too long.
        """
        since = since or self._clock.now()
        until = until or since + timedelta(days=1)
        first, last = micros(since), micros(until)
        if not first < last <= first + LONGEST_DAYS * DAY:
            msg = f"must be after `from`, and at most {LONGEST_DAYS} days after it"
            raise InvalidError([FieldFault("/to", "out-of-range", msg)], code="invalid-request")
        town = self._rulebook.town(municipality)
        zone = _found(town.configuration, wanted)
        edges = await self._readers.read(_edges, municipality, zone.rule, town.rules.timing, first, last)
        return ZoneLine.model_validate(
            {
                "zone": zone.name,
                "target": f"{zone.rule.connection}/{zone.rule.key}" if zone.rule.connection else None,
                "kind": zone.rule.kind,
                "from": since,
                "to": until,
                "edges": tuple(edges),
                "lead_minutes": zone.rule.lead_minutes,
            }
        )


def _found(configuration: Configuration, wanted: str) -> _Zone:
    zones = [
        _Zone(f"{name}/{key}", rule)
        for name, facility in configuration.facilities.items()
        for key, rule in facility.zones.items()
    ]
    meant = [zone for zone in zones if wanted in {zone.name, zone.name.partition("/")[2], zone.rule.key}]
    exact = [zone for zone in meant if zone.name == wanted] or meant
    if len(exact) == 1:
        return exact[0]
    if exact:
        msg = f"{quoted(wanted)} is several zones; say which: {', '.join(zone.name for zone in exact)}"
        raise NotFoundError(msg)
    msg = f"no zone {quoted(wanted)}; name it by its key, or as facility/zone"
    raise NotFoundError(msg)


def _edges(
    connection: Connection, municipality: str, zone: ZoneRule, timing: Timing, since: int, until: int
) -> list[ZoneEdge]:
    lane = shown.with_key(connection, municipality, zone.connection or "", zone.key)
    if lane is None:
        return []
    rows = claims.on_lane(connection, municipality, lane.id, since=since - REACH, until=until + REACH, limit=_MOST)
    live = [row for row in rows if not row.suspended]
    numbers = bookings.numbers(connection, municipality, {row.booking for row in live})
    rule, kind = timing.line(TargetKey(lane.connection, lane.key)), KINDS[zone.kind]
    return [
        ZoneEdge.model_validate(
            {
                "at": instant(edge.at),
                "level": None if edge.level is None else said(kind, edge.level),
                "why": edge.why,
                "bookings": sorted({numbers.get(row.booking, "?") for row in _behind(edge.at, live)}),
            }
        )
        for edge in edges_of([Ask(row.starts, row.ends, row.level, "") for row in live], rule, since, until)
    ]


def said(kind: TargetKind, level: int) -> str:
    """A level as it is written: `60 %`, `21.5 °C`, `on`, `off`."""
    match kind:
        case TargetKind.DIM:
            return f"{level} %"
        case TargetKind.SETPOINT:
            return f"{level / 10:g} °C"
    return "on" if level else "off"


def edges_of(asks: Sequence[Ask], rule: LineRule, since: int, until: int) -> list[_Edge]:
    """How it is at first, and each change in [since, until); also where a claim begins that the rules withhold."""
    stretches = [one for one in line(asks, rule) if one.ends > since and one.starts < until]
    changes = [edge for edge in _changes(stretches) if edge.at < until]
    withheld = [_Edge(ask.starts, None, why) for ask in asks if (why := _why_not(ask.starts, stretches, rule))]
    edges = sorted({*changes, *withheld}, key=lambda edge: (edge.at, edge.level is not None))
    first = next((edge for edge in reversed(edges) if edge.at <= since), _Edge(since, None, Why.BOOKED))
    return [first._replace(at=since), *(edge for edge in edges if edge.at > since)]


def _changes(stretches: Iterable[Stretch]) -> Iterator[_Edge]:
    before: Stretch | None = None
    for one in stretches:
        if before and before.ends < one.starts:
            yield _Edge(before.ends, None, before.over)
        yield _Edge(one.starts, one.level, one.why)
        before = one
    if before:
        yield _Edge(before.ends, None, before.over)


def _why_not(at: int, stretches: Iterable[Stretch], rule: LineRule) -> Why | None:
    """Why nothing is lit where a claim begins."""
    if any(one.starts <= at < one.ends for one in stretches):
        return None
    withheld, why = rule.withheld_after(at)
    return why if withheld == at else None


def _behind(at: int, rows: Sequence[ClaimRow]) -> list[ClaimRow]:
    """Whose claims make an edge: those that begin or end there, else those that are on, else the last that ended."""
    touching = [row for row in rows if at in {row.starts, row.ends}]
    current = [row for row in rows if row.starts <= at < row.ends]
    last = max((row.ends for row in rows if row.ends <= at), default=NEVER)
    return touching or current or [row for row in rows if row.ends == last and at - last <= REACH]
