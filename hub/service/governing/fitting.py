"""One connection's share of a season, held against what its system can take."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from itertools import groupby

from hub.clock import DAY, MINUTE, NEVER, instant, span
from hub.configuration.limits import SHORTEST_HORIZON_DAYS
from hub.model.plan import TargetKind
from hub.model.rehearsed import RehearsalFinding
from hub.planner.peaks import Call, Peak, late, merged, peak
from hub.sdk import AccessLimits, Validity
from hub.service.governing.bounds import Bounds
from hub.store.season import Part, Season

_DOORS = 3
"""That are named, those with most first."""
_MOST_CODES = 0.95
"""Of all codes that there are: with more in use at once a new one may not be found."""

Spans = list[tuple[int, int]]


class Fitting:
    """What is asked of one connection; looked through once, target by target."""

    def __init__(self, bounds: Bounds, season: Season) -> None:
        self._bounds, self._season = bounds, season
        self.claims, self.first, self.last = 0, NEVER, 0
        self._calls: list[Call] = []
        """Kept where they are counted."""
        self._windows = 0
        self._long: Counter[str] = Counter()
        self._crowded: Counter[str] = Counter()
        self._longest = self._most = 0

    def findings(self) -> Iterator[RehearsalFinding]:
        """What does not fit, and what fits in another way."""
        for _, parts in groupby(self._season.parts(self._bounds.name), key=lambda part: part.key):
            self._target(list(parts))
        if not self.claims:
            return
        yield from self._of_rate()
        if self._bounds.unknown:
            yield self._finding("unknown-limits", fits=True)
        if (limits := self._bounds.access) is not None and self._windows:
            yield from self._of_capacity(limits)
            yield from self._of_codes()
            yield from self._of_windows(limits)

    def _target(self, parts: Sequence[Part]) -> None:
        self.claims += len(parts)
        self.first = min(self.first, *(part.starts for part in parts), NEVER)
        self.last = max(self.last, *(part.ends for part in parts), 0)
        if parts[0].kind == TargetKind.CREDENTIAL:
            self._credential(parts)
        else:
            self._calls += _edges(parts, self._bounds.cost) if self._bounds.per_minute else ()

    # ---- credentials

    def _credential(self, parts: Sequence[Part]) -> None:
        limits, horizon = self._bounds.access or AccessLimits(), self._ahead
        doors = {door: merged((p.starts, p.ends) for p in its) for door, its in groupby(parts, key=lambda p: p.door)}
        whole = merged(window for windows in doors.values() for window in windows)
        for door, windows in doors.items():
            self._windows += len(windows)
            self._look(door, windows, limits)
        if not self._bounds.per_minute:
            return
        for starts in sorted({starts for windows in doors.values() for starts, _ in windows}):
            self._calls.append(Call(starts - horizon, starts, self._bounds.cost))
        for _, ends in merged((starts - horizon, ends) for starts, ends in whole):
            gone_by = NEVER if limits.validity is Validity.TIMES else ends
            self._calls.append(Call(ends, gone_by, self._bounds.cost))

    def _look(self, door: str, windows: Spans, limits: AccessLimits) -> None:
        if limits.longest_window is not None:
            longest = span(limits.longest_window)
            over = [ends - starts for starts, ends in windows if ends - starts > longest]
            self._long[door] += len(over)
            self._longest = max([self._longest, *over])
        if limits.windows_per_door is not None:
            ahead = ((starts - self._ahead, ends) for starts, ends in windows)
            if found := peak(ahead, limits.windows_per_door):
                self._crowded[door] += 1
                self._most = max(self._most, found.most)

    @property
    def _ahead(self) -> int:
        """How long before a window its lock is told of it."""
        timed = self._bounds.access is None or self._bounds.access.validity is Validity.TIMES
        return self._bounds.horizon if timed else 0

    def _of_capacity(self, limits: AccessLimits) -> Iterator[RehearsalFinding]:
        if limits.capacity is None:
            return
        found = self._peak(limits.capacity, self._ahead)
        if found:
            yield self._finding(
                "capacity",
                fits=False,
                doors=self._where(lambda part: part.starts - self._ahead <= found.at < part.ends),
                count=found.most,
                limit=limits.capacity,
                days=self._fitting_days(limits.capacity),
                peak=found,
            )

    def _peak(self, room: int, ahead: int) -> Peak | None:
        """A credential whose windows follow one another within the horizon stands once all the time."""
        return peak(self._places(ahead), room)

    def _places(self, ahead: int) -> Iterator[tuple[int, int]]:
        for _, parts in groupby(self._season.parts(self._bounds.name), key=lambda part: part.key):
            its = [(part.starts - ahead, part.ends) for part in parts if part.kind == TargetKind.CREDENTIAL]
            yield from merged(its)

    def _fitting_days(self, room: int) -> int | None:
        """The longest push horizon in whole days with which all would have room; None: none that is safe."""
        low, high = SHORTEST_HORIZON_DAYS - 1, self._ahead // DAY
        while high - low > 1:
            days = (low + high) // 2
            low, high = (days, high) if self._peak(room, days * DAY) is None else (low, days)
        return low if low >= SHORTEST_HORIZON_DAYS else None

    def _of_codes(self) -> Iterator[RehearsalFinding]:
        held = list(self._season.held(self._bounds.name))
        forms = min((forms for forms, _, _ in held), default=0)
        found = peak(((starts, ends) for _, starts, ends in held), int(forms * _MOST_CODES)) if held else None
        if found:
            yield self._finding("codes", fits=False, count=found.most, limit=forms, peak=found)

    def _of_windows(self, limits: AccessLimits) -> Iterator[RehearsalFinding]:
        if count := self._long.total():
            longest, room = self._longest // MINUTE, span(limits.longest_window or timedelta(days=1)) // MINUTE
            yield self._finding("pieces", fits=True, doors=_most(self._long), count=count, limit=room, minutes=longest)
        if self._crowded:
            slots = limits.windows_per_door
            yield self._finding("windows", fits=True, doors=_most(self._crowded), count=self._most, limit=slots)
        if limits.validity is not Validity.TIMES:
            kind = "dates" if limits.validity is Validity.DATES else "no-times"
            yield self._finding(kind, fits=True, count=self._windows)

    def _where(self, meant: Callable[[Part], bool]) -> tuple[str, ...]:
        """The doors and zones of most of what is meant."""
        return _most(Counter(p.door or p.key for p in self._season.parts(self._bounds.name) if meant(p)))

    # ---- rate

    def _of_rate(self) -> Iterator[RehearsalFinding]:
        rate = self._bounds.per_minute
        found = late(self._calls, rate) if rate else None
        if found:
            minute = [c for c in self._calls if abs(c.needed_by - found.worst) < MINUTE]
            yield RehearsalFinding(
                kind="rate",
                fits=False,
                connection=self._bounds.name,
                doors=self._where(lambda part: found.worst in {part.starts, part.ends}),
                at=instant(found.worst),
                since=instant(found.first),
                count=sum(call.cost for call in minute),
                limit=rate,
                minutes=found.by // MINUTE,
            )

    def _finding(self, kind: str, *, fits: bool, peak: Peak | None = None, **more: object) -> RehearsalFinding:
        when = {"at": peak.at, "since": peak.since, "until": peak.until} if peak else {}
        told = {name: instant(moment) for name, moment in when.items()} | more
        return RehearsalFinding.model_validate({"kind": kind, "fits": fits, "connection": self._bounds.name, **told})


def _edges(parts: Sequence[Part], cost: int) -> Iterator[Call]:
    """When a zone is to be at another level, for it is at the highest that is asked for."""
    on: Counter[int] = Counter()
    level = None
    edges = sorted((at, sign, p.level) for p in parts for at, sign in ((p.starts, 1), (p.ends, -1)))
    for at, its in groupby(edges, key=lambda edge: edge[0]):
        for _, sign, asked in its:
            on[asked] += sign
        highest = max((asked for asked, count in on.items() if count), default=None)
        if highest != level:
            level = highest
            yield Call(at, at, cost)


def _most(doors: Counter[str]) -> tuple[str, ...]:
    return tuple(door for door, count in doors.most_common(_DOORS) if count)
