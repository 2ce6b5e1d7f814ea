"""What another configuration would change in what stands: in numbers, with examples. Nothing is stored."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from hub.clock import instant
from hub.configuration.compare import differences
from hub.model.configuration import Configuration
from hub.model.configured import Asks, ChangedTargets, ChangeExample, ConfigurationPlan, Served, StillStanding
from hub.model.plan import Claim, TargetKey, TargetKind
from hub.planner.lines import LineRule
from hub.planner.rules import Rules
from hub.service.accept.replanning import ready
from hub.service.asking.asked import Key
from hub.service.asking.changes import change
from hub.service.governing.configuring import OUTLASTS, still_standing
from hub.service.governing.foretelling_lines import foretold_lines
from hub.service.rulebook import Current, current_of, made
from hub.store import bookings, occupancy
from hub.store.bookings import Known, Stored
from hub.store.configurations import Version
from hub.store.engine.database import Connection
from hub.store.lanes import Standing
from hub.store.seals.sealing import Seal

EXAMPLES = 3
_NAMED = 10
_BATCH = 500
"""Bookings that are read at once."""


class Wanted(NamedTuple):
    """A folder as it would be in force, and when."""

    configuration: Configuration
    files: Mapping[str, str]
    now: int


class _Differs(NamedTuple):
    """A claim of a booking that would be another; None: it is not there."""

    number: str
    key: Key
    before: Claim | None
    after: Claim | None


@dataclass
class _Told:
    """What was found of one kind on one connection, or of one capability."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: list[_Differs] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)


def foretell(
    connection: Connection, seal: Seal, wanted: Wanted, looked_at: Callable[[int, int], None] = lambda _done, _of: None
) -> ConfigurationPlan:
    """What would change; `looked_at` is told of bookings that were looked at, and of how many."""
    town = wanted.configuration.municipality.key
    current = current_of(connection, town)
    before = current.version.files if current else {}
    rules = made(Version(town, (current.version.version if current else 0) + 1, dict(wanted.files)), seal).rules
    if current:
        rules = replace(rules, closures=current.closures, closures_version=current.closures_version)
    ids = occupancy.open_bookings(connection, town, since=wanted.now - OUTLASTS)
    found = _Foretelling(seal, rules, wanted.now)
    for begin in range(0, len(ids), _BATCH):
        for stored in bookings.with_ids(connection, town, ids[begin : begin + _BATCH]):
            found.look(stored)
        looked_at(min(begin + _BATCH, len(ids)), len(ids))
    stands = still_standing(connection, town, before, wanted.configuration)
    return ConfigurationPlan(
        municipality=town,
        current=current.version.version if current else None,
        differences=tuple(differences(before, wanted.files)) if current else (),
        bookings=len(ids),
        changed=found.changed,
        targets=tuple(found.targets_told()),
        served=tuple(found.served_told()),
        lines=foretold_lines(connection, wanted.configuration, _lines(current, seal), rules.timing.lines, wanted.now),
        unplannable=len(found.lost),
        unplannable_examples=tuple(found.lost[:_NAMED]),
        refused=tuple(map(_refused, stands)),
    )


def _lines(current: Current | None, seal: Seal) -> Mapping[TargetKey, LineRule]:
    """The rules of zones that are in force."""
    return made(current.version, seal).rules.timing.lines if current else {}


def _refused(one: Standing) -> StillStanding:
    return StillStanding(connection=one.connection, targets=one.targets, records=one.records, example=one.first)


class _Foretelling:
    """Looks at one booking after the other."""

    def __init__(self, seal: Seal, rules: Rules, now: int) -> None:
        self._seal, self._rules, self._now = seal, rules, now
        self.targets: dict[tuple[str, TargetKind], _Told] = {}
        self.served: dict[tuple[str, str], _Told] = {}
        self.changed = 0
        self.lost: list[str] = []

    def look(self, stored: Stored) -> None:
        """Plan a booking as it would be, and compare."""
        request = ready(stored, self._rules, self._seal, now=self._now)
        if request is None:
            self.lost.append(stored.number)
            return
        known = Known(stored.id, stored.revision, stored.content, stored.asked, stored.unserved)
        made_ = change(request._replace(effects_only=True), known)
        self.changed += bool(made_.removed or made_.added)
        for one in _differing(stored.number, made_.before.claims, made_.now):
            self._tell(one)
        self._tell_served(stored.number, _lacks(stored.unserved), _lacks(request.unserved))

    def _tell(self, one: _Differs) -> None:
        claim = one.after or one.before
        assert claim is not None  # noqa: S101 - one of them is there
        told = self.targets.setdefault((one.key.target.connection, claim.kind), _Told())
        how = "changed" if one.before and one.after else "added" if one.after else "removed"
        told.counts[how] += 1
        if told.counts[how] <= EXAMPLES:
            told.examples.append(one)

    def _tell_served(self, number: str, before: set[tuple[str, str]], after: set[tuple[str, str]]) -> None:
        for how, those in (("unserved", after - before), ("served", before - after)):
            for lack in those:
                told = self.served.setdefault(lack, _Told())
                told.counts[how] += 1
                if len(told.numbers) < EXAMPLES:
                    told.numbers.append(number)

    def targets_told(self) -> Iterator[ChangedTargets]:
        """By connection and kind."""
        for (connection, kind), told in sorted(self.targets.items()):
            counts = {how: told.counts[how] for how in ("added", "removed", "changed")}
            examples = tuple(map(_example, told.examples))
            yield ChangedTargets(connection=connection, kind=kind, examples=examples, **counts)

    def served_told(self) -> Iterator[Served]:
        """By capability, and what of it."""
        for (capability, what), told in sorted(self.served.items()):
            counts = {how: told.counts[how] for how in ("unserved", "served")}
            yield Served(capability=capability, what=what, examples=tuple(told.numbers), **counts)


def _differing(number: str, before: Mapping[Key, Claim], after: Mapping[Key, Claim]) -> Iterator[_Differs]:
    for key in {**before, **after}:
        was, now = before.get(key), after.get(key)
        if was != now:
            yield _Differs(number, key, was, now)


def _lacks(unserved: str) -> set[tuple[str, str]]:
    listed: Iterable[tuple[str, str]] = json.loads(unserved)
    return {(capability, what) for capability, what in listed}


def _example(one: _Differs) -> ChangeExample:
    return ChangeExample(
        number=one.number,
        occasion=one.key.occasion,
        target="/".join(one.key.target),
        door=one.key.door or None,
        before=_asks(one.before),
        after=_asks(one.after),
    )


def _asks(claim: Claim | None) -> Asks | None:
    if claim is None:
        return None
    return Asks(
        starts_at=instant(claim.starts),
        ends_at=instant(claim.ends),
        level=None if claim.door else claim.level,
        suspended=claim.suspended,
    )
