"""What is done instead of a door: watched from when a booking is accepted, and taken when its time has come.

Each look is one transaction: the next moment, the rungs with their events, and the messages as lanes of their own.
Killed before it nothing has happened, killed after it the messages are carried as any other.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from hub.clock import MINUTE, NEVER
from hub.model.events import EventType
from hub.model.ladder import Ended
from hub.model.notice_record import RungBody
from hub.model.notifying import BOOKER
from hub.model.plan import TargetKey, TargetKind
from hub.model.states import Delivery, Effect
from hub.planner.notifying import facility_of, slots_at
from hub.planner.rules import AccessRule, Rules
from hub.service.asking.changes import Change
from hub.service.standing.showing import opens
from hub.store import codes, events, ladders, lanes, shown, spares
from hub.store.claims import Part
from hub.store.codes import Code
from hub.store.engine.database import Connection
from hub.store.events import Event
from hub.store.ladders import Rung, Watch
from hub.store.lanes import Raise
from hub.store.shown import Seen

_BROKEN = frozenset({Effect.LOST, Effect.OVERRIDDEN})
_GRACE = 2 * MINUTE
"""How long a lock has, when a booking was accepted or its push horizon begins, before anything else is done."""


class Opening(NamedTuple):
    """A door that a credential is to open, and when."""

    lane: int
    door: str
    starts: int
    ends: int


class Step(NamedTuple):
    """A rung as it may be taken: how long before (minutes), whom it tells, and (connection, slot) of each message."""

    minutes: int
    role: str
    """Empty: nobody of ours; a spare code is given."""
    slots: tuple[tuple[str, str], ...]


class Window(NamedTuple):
    """The doors of one occasion at the facility of one of its resources."""

    occasion: str
    resource: str
    doors: tuple[Opening, ...]
    steps: tuple[Step, ...]
    patience: int
    """Until when nothing else is done: its lock is told just now."""

    @property
    def starts(self) -> int:
        """When the first of them must open."""
        return min(door.starts for door in self.doors)

    @property
    def ends(self) -> int:
        """When the last of them shuts."""
        return max(door.ends for door in self.doors)

    def due(self, step: Step) -> int:
        """When the step may be taken."""
        return max(self.starts - step.minutes * MINUTE, self.patience)


# ---------------------------------------------------------------- accepted


def watch(connection: Connection, changes: Iterable[Change]) -> None:
    """Keep what is to be watched of bookings that were accepted, or planned anew."""
    by_town: dict[str, list[Change]] = defaultdict(list)
    for one in changes:
        if one.request.rules.has_ladders or one.request.effects_only:
            by_town[one.request.municipality].append(one)
    for town, listed in sorted(by_town.items()):
        known = ladders.watched(connection, town, [one.request.number for one in listed if one.known])
        found = {one.request.number: (one, tuple(_windows(one))) for one in listed}
        rows = [
            Watch(town, number, _written(windows), one.request.now if number in known else _first(windows))
            for number, (one, windows) in sorted(found.items())
            if windows or number in known
        ]
        if rows:
            ladders.watch(connection, rows)


def _first(windows: Iterable[Window]) -> int:
    """When the first rung may be taken; what was watched before is looked at at once, for it may be needed no more."""
    return min((window.due(step) for window in windows for step in window.steps), default=NEVER)


def _windows(one: Change) -> Iterator[Window]:
    """What of the booking has a ladder, and is not over."""
    rules, now = one.request.rules, one.request.now
    for occasion, facility, resource, access in _laddered(one):
        doors = tuple(sorted(_doors(one, occasion, access, now)))
        if doors:
            sent = min(door.starts for door in doors) - rules.horizons.get(access.connection, 0)
            steps = tuple(_steps(rules, access, facility, resource))
            yield Window(occasion, resource, doors, steps, max(sent, now) + _GRACE)


def _laddered(one: Change) -> list[tuple[str, str, str, AccessRule]]:
    """(occasion, facility, resource, its access): one for each facility of an occasion, by the place, not by extras."""
    found: dict[tuple[str, str], tuple[str, AccessRule]] = {}
    resources = one.request.rules.resources
    known = [(resources[use.resource], use) for use in one.request.uses if use.resource in resources]
    for rule, use in sorted(known, key=lambda pair: (not pair[0].is_place, pair[1])):
        if rule.access and rule.access.fallback:
            found.setdefault((use.occasion, facility_of(use.resource)), (use.resource, rule.access))
    return [(*place, *theirs) for place, theirs in found.items()]


def _doors(one: Change, occasion: str, access: AccessRule, now: int) -> Iterator[Opening]:
    theirs = {door.door for door in access.doors}
    for claim in one.now.values():
        mine = claim.occasion == occasion and claim.target.connection == access.connection and claim.door in theirs
        if mine and not claim.suspended and claim.ends > now:
            yield Opening(one.targets[claim.target].lane, claim.door, claim.starts, claim.ends)


def _steps(rules: Rules, access: AccessRule, facility: str, resource: str) -> Iterator[Step]:
    """Spare codes, and the rungs that reach somebody there; of the others `check` has told that they are unserved."""
    roles = rules.notifying.roles
    booker = roles.get(BOOKER)
    told = tuple(slots_at(booker, facility)) if booker and booker.concerns(resource) else ()
    for rung in access.fallback:
        role = roles.get(rung.tell) if rung.tell else None
        reached = tuple(slots_at(role, facility)) if role else ()
        if reached or rung.spare_codes:
            slots = tuple((name, str(slot)) for name, slot in (*reached, *told))
            yield Step(rung.minutes_before, rung.tell or "", slots)


def _written(windows: Sequence[Window]) -> str:
    return json.dumps(windows, separators=(",", ":"), ensure_ascii=False)


def _read(body: str) -> list[Window]:
    return [
        Window(
            occasion,
            resource,
            tuple(Opening(*door) for door in doors),
            tuple(Step(minutes, role, tuple((name, slot) for name, slot in slots)) for minutes, role, slots in steps),
            patience,
        )
        for occasion, resource, doors, steps, patience in json.loads(body)
    ]


# ---------------------------------------------------------------- looked at


def form(connection: Connection, *, now: int) -> None:
    """Look at each booking whose time has come: take rungs, and withdraw what is needed no more."""
    for one in ladders.take(connection, now=now):
        _Look(connection, one, now).done()


class _Look:
    """One booking, looked at once."""

    def __init__(self, connection: Connection, watched: Watch, now: int) -> None:
        self._connection, self._town, self._number, self._now = connection, watched.municipality, watched.number, now
        self._windows = [window for window in _read(watched.body) if window.ends > now]
        ids = {door.lane for window in self._windows for door in window.doors}
        self._seen = shown.seen(connection, self._town, ids) if ids else {}
        self._codes = codes.of_lanes(connection, self._town, ids) if ids else {}
        taken = ladders.of_booking(connection, self._town, self._number)
        self._holding = [rung for rung in taken if rung.ended_at is None]
        self._events: list[Event] = []
        self._raised: list[Raise] = []
        self._short = False
        """Whether a spare code was wanted and none was free."""

    def done(self) -> None:
        """Take and withdraw, and say when to look again."""
        working = {self._place(window): _stands(window, self._seen, self._codes, self._now) for window in self._windows}
        for rung in self._holding:
            if (why := self._ended(rung, working)) is not None:
                self._end(rung, why)
        for window in self._windows:
            if not working[self._place(window)]:
                self._climb(window)
        if self._raised:
            lanes.raise_all(self._connection, sorted(self._raised))
        events.append(self._connection, self._events)
        ladders.look_at(self._connection, [(self._next(), self._town, self._number)])

    @staticmethod
    def _place(window: Window) -> tuple[str, str, int]:
        return window.occasion, window.resource, window.starts

    def _ended(self, rung: Rung, working: Mapping[tuple[str, str, int], bool]) -> Ended | None:
        """Why a rung holds no more; None while it does."""
        if rung.ends <= self._now:
            return Ended.OVER
        works = working.get((rung.occasion, rung.resource, rung.starts))
        return Ended.GONE if works is None else Ended.WORKS if works else None

    def _end(self, rung: Rung, why: Ended) -> None:
        ladders.end(self._connection, self._town, [rung.id], why, now=self._now)
        if rung.is_spare:
            spares.rest(self._connection, self._town, rung.id, now=self._now)
        self._holding = [one for one in self._holding if one.id != rung.id]
        if why is not Ended.OVER:
            self._tell(rung, "withdrawn", why)

    def _climb(self, window: Window) -> None:
        """Take each rung whose time has come, once; the one after an empty pool at once."""
        taken = {(rung.minutes, rung.role) for rung in self._holding if (rung.occasion, rung.resource) == window[:2]}
        passed_by = False
        for step in window.steps:
            if not passed_by and window.due(step) > self._now:
                continue
            passed_by = (step.minutes, step.role) not in taken and not self._take(window, step)

    def _take(self, window: Window, step: Step) -> bool:
        """Take one rung; false when it gives a spare code and none is free."""
        spare = None
        if not step.role:
            spare = spares.take(self._connection, self._town, facility_of(window.resource), now=self._now)
            self._short = self._short or spare is None
            if spare is None:
                return False
        given = Rung(
            0, self._number, window.occasion, window.resource, step.minutes, step.role, window.starts, window.ends,
            self._now, json.dumps(step.slots, separators=(",", ":")),
        )  # fmt: skip
        rung = ladders.give(self._connection, self._town, given)
        if spare is not None:
            spares.belongs(self._connection, self._town, spare, rung.id)
        self._holding.append(rung)
        self._tell(rung, "given", None)
        return True

    def _tell(self, rung: Rung, state: str, why: Ended | None) -> None:
        what, role = ("spare_code", BOOKER) if rung.is_spare else ("tell", rung.role)
        told = {"occasion": rung.occasion, "resource": rung.resource, "rung": what, "role": role, "state": state}
        body = json.dumps(told | ({"why": why} if why else {}))
        self._events.append(Event(self._town, EventType.ACCESS_FALLBACK, self._number, body, self._now))
        for name, slot in json.loads(rung.slots):
            notice = RungBody(self._number, rung.id, slot, gone=state != "given")
            place = TargetKey(name, notice.key)
            self._raised.append(Raise(self._town, *place, TargetKind.RECORD, notice.to_json(), self._now, Delivery.DUE))

    def _next(self) -> int:
        """When a rung may be taken next, one that holds is over, or a spare code may be free again."""
        coming = (window.due(step) for window in self._windows for step in window.steps)
        again = [self._now + MINUTE] if self._short else []
        ends = (rung.ends for rung in self._holding)
        return min((at for at in (*coming, *ends, *again) if at > self._now), default=NEVER)


def _stands(window: Window, seen: Mapping[int, Seen], kept: Mapping[int, Code], now: int) -> bool:
    """Whether all that the window's doors are to be opened with is confirmed, with the secret that we would tell."""
    by_lane: dict[int, list[Opening]] = defaultdict(list)
    for door in window.doors:
        by_lane[door.lane].append(door)
    return all(lane in seen and _confirmed(seen[lane], kept.get(lane), doors, now) for lane, doors in by_lane.items())


def _confirmed(lane: Seen, code: Code | None, doors: Sequence[Opening], now: int) -> bool:
    state = lane.confirmed or ""
    ours = code is None or state.partition("[")[0].strip("?") == str(code.version)
    asked = [Part(0, door.door, door.starts, door.ends, suspended=False) for door in doors if door.ends > now]
    return not asked or (ours and lane.effect not in _BROKEN and opens(state, asked, now))
