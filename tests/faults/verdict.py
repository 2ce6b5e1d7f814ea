"""Whether all is as it should be: what was sent against what the systems show, never against the hub's claims."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

import aiohttp

from connectors.access_arx import ArxAccess
from hub.clock import NEVER, SECOND, instant, micros, span
from hub.delivery.errands.zones import level_of
from hub.model import Dim, Window
from hub.model.booking import Booking
from hub.model.plan import Ask, Claim, Grant, TargetKey, TargetKind
from hub.planner.fold import fold
from hub.planner.plan import plan
from hub.planner.rules import Rules, compiled
from hub.sdk.narrowing import as_kept
from hub.store.engine.database import Session, connect
from hub.store.seals.keyring import key_from
from hub.store.seals.sealing import Seal
from tests.faults.clients import Desk, Ledger
from tests.faults.hub_process import Place
from tests.faults.town import LANDS_WITHIN, LEASE, LOCKS, configuration

CALM_WITHIN = 45.0
"""Seconds, once nothing is lost any more, until every target was seen to be as it should be: many leases."""
JANITOR = "1001"

SLACK = 6 * SECOND
"""A machine that is busy with other tests may be that late."""

AT_ONCE = 16
"""Questions to the hub."""


def batched(all_of_them: Iterable[str]) -> Iterator[list[str]]:
    """A few at a time."""
    rest = iter(all_of_them)
    return iter(lambda: list(islice(rest, AT_ONCE)), [])


Spans = list[tuple[str, int, int]]


class Lane(NamedTuple):
    """What the hub believes of one target."""

    kind: str
    owner: str | None
    due: int
    delivery: str
    effect: str
    generation: int
    confirmed: str | None
    token: int
    attempts: int
    lease_until: int
    look: int
    detail: str | None
    problem: int | None

    def sleeps(self, now: int) -> bool:
        """Whether the hub has nothing to do there: what is put off, or waits behind a problem, does not rest."""
        rests = self.delivery not in {"due", "retrying", "stuck"} and self.problem is None
        return rests and self.owner is None and self.due > now

    def is_forgotten(self, now: int) -> bool:
        """Whether nobody came to it for more than two leases, and nobody was told why."""
        return self.problem is None and self.due < now - 2 * span(LEASE) - SLACK


@dataclass
class Verdict:
    """What was found; nothing of it is allowed."""

    wrong: list[str] = field(default_factory=list)
    judged: int = 0
    seconds: float = 0.0


class Judge:
    """Knows what should be from what was sent; looks at the systems and at the hub's own state."""

    def __init__(
        self,
        place: Place,
        systems: str,
        port: int,
        ledger: Ledger,
        lamps: Callable[[], Mapping[str, int | None]] | None = None,
    ) -> None:
        self._place, self._systems, self._ledger, self._lamps = place, systems, ledger, lamps
        seal = Seal(key_from(place.key_file))
        methods = {LOCKS: ArxAccess.access_limits.methods}
        self.rules: Rules = compiled(configuration(port), mark=seal.mark, methods=methods)
        self._session: aiohttp.ClientSession

    async def judge(self, desk: Desk) -> Verdict:
        """Judge the books, then every target at a moment when the hub says that nothing is to be done there."""
        self._session = desk.session
        began, verdict = time.monotonic(), Verdict()
        await asyncio.sleep(LANDS_WITHIN.total_seconds())
        wanted = Wanted(self._books(verdict), self._ledger, self.rules)
        await self._kept(desk, verdict, wanted)
        await self._targets(verdict, wanted, desk)
        verdict.seconds = time.monotonic() - began
        return verdict

    def _books(self, verdict: Verdict) -> dict[str, int]:
        """Every promise is kept, and told of once; gives the revision of each booking."""
        database = self._open()
        stored: dict[str, int] = dict(database.rows("SELECT number, revision FROM bookings"))
        told = Counter(
            (number, json.loads(body)["revision"])
            for number, body in database.rows("SELECT subject, body FROM events WHERE type = 'booking.accepted'")
        )
        by_hand = database.rows(
            "SELECT type, subject, body FROM events WHERE type LIKE 'effect.%' AND type <> 'effect.expired'"
        )
        database.close()
        verdict.wrong += self._ledger.wrong
        verdict.wrong += [
            f"LOST: {number} revision {revision} was promised, {stored.get(number)} is there"
            for number, revision in self._ledger.promised.items()
            if stored.get(number, 0) < revision
        ]
        verdict.wrong += [f"EVENTS: {one} told {times} times" for one, times in told.items() if times != 1]
        verdict.wrong += [f"EVENTS: {one} never told" for one in stored.items() if one not in told]
        verdict.wrong += [f"ACCUSED: nobody touched anything, and {event} was told" for event in by_hand]
        return stored

    async def _kept(self, desk: Desk, verdict: Verdict, wanted: "Wanted") -> None:
        """What is kept of each booking is what was sent; and with it come the PINs."""
        for some in batched(wanted.bookings):
            all_shown = await asyncio.gather(*(desk.get(f"bookings/{number}") for number in some))
            for number, shown in zip(some, all_shown, strict=True):
                if Booking.model_validate(shown["booking"]) != wanted.bookings[number]:
                    verdict.wrong.append(f"KEPT: {number} is not what was sent")
                wanted.know_pins(number, shown["credentials"])

    async def _targets(self, verdict: Verdict, wanted: "Wanted", desk: Desk) -> None:
        left = set(wanted.asks) | set(self._lanes())
        give_up = time.monotonic() + CALM_WITHIN
        while left and not verdict.wrong:
            before, asked_at = self._lanes(), _now()
            truth = Truth(await self._told())
            seen_at, after = _now(), self._lanes()
            verdict.wrong += truth.strange({target.key for target in after})
            verdict.wrong += [
                f"FORGOTTEN: {target.key}: {lane}" for target, lane in after.items() if lane.is_forgotten(seen_at)
            ]
            for target in list(left):
                lane = before.get(target)
                if lane != after.get(target) or (lane is not None and not lane.sleeps(seen_at)):
                    continue
                should = wanted.states(target, asked_at)
                if should != wanted.states(target, seen_at):
                    continue
                left.discard(target)
                verdict.judged += 1
                verdict.wrong += self._compared(target, should, truth, seen_at, lane)
            if left and time.monotonic() > give_up:
                lanes = [f"NEVER CALM: {target.key}: {after.get(target)}" for target in sorted(left)]
                verdict.wrong += [*lanes[:5], json.dumps(await desk.get("problems"))[:2000]]
            await asyncio.sleep(0.2)
        while not verdict.wrong and (open_ := await desk.get("problems")):
            if time.monotonic() > give_up:
                verdict.wrong += [f"PROBLEM that does not end: {one}" for one in open_]
            await asyncio.sleep(0.2)

    def _compared(self, target: TargetKey, should: object, truth: "Truth", now: int, lane: Lane | None) -> list[str]:
        found = truth.state(target, now)
        if found == should:
            return []
        log = "\n    ".join(truth.log(target))
        return [f"WRONG: {target.key} should be {should}, and is {found}; {lane}; {self._history(target)}\n    {log}"]

    async def _told(self) -> dict[str, Any]:
        async with self._session.get(f"{self._systems}/_told") as answer:
            told: dict[str, Any] = await answer.json()
        return told | {"lamps": self._lamps()} if self._lamps else told

    def _open(self) -> Session:
        return connect(self._place.database, read_only=True)

    def _lanes(self) -> dict[TargetKey, Lane]:
        database = self._open()
        rows = database.rows(
            "SELECT connection, key, kind, owner, due, delivery, effect, generation, confirmed, token, attempts,"
            " lease_until, look, detail, problem FROM lanes"
        )
        database.close()
        return {TargetKey(*row[:2]): Lane(*row[2:]) for row in rows}

    def _history(self, target: TargetKey) -> str:
        database = self._open()
        rows = database.rows(
            "SELECT d.at, d.generation, d.outcome, d.proof, d.sent, d.detail FROM deliveries d"
            " JOIN lanes l ON l.id = d.lane WHERE l.connection = ? AND l.key = ? ORDER BY d.id DESC LIMIT 6",
            target,
        )
        database.close()
        return f"{rows}"


class Wanted:
    """What should be, made from what was sent at the revisions that stand."""

    def __init__(self, stored: dict[str, int], ledger: Ledger, rules: Rules) -> None:
        self.bookings = {number: Booking.model_validate(ledger.sent[number, r]) for number, r in stored.items()}
        self.asks: dict[TargetKey, list[Claim]] = {}
        self._grants: dict[str, list[Grant]] = {}
        self._pins: dict[str, str] = {}
        self._horizons = rules.horizons
        for booking in self.bookings.values():
            asked = plan(booking, (), rules)
            self._grants[booking.number] = list(asked.grants)
            for claim in asked.claims:
                self.asks.setdefault(claim.target, []).append(claim)

    def know_pins(self, number: str, credentials: list[dict[str, Any]]) -> None:
        """Take the hub's word for which PIN each holder was told."""
        booking = self.bookings[number]
        for grant in self._grants.get(number, ()):
            people = list(dict.fromkeys(holder for o in booking.occasions for holder in o.holders))
            names = {people[place].name for place in grant.holders}
            occasions = {claim.occasion for claim in self.asks[grant.target]}
            told = {c["value"] for c in credentials if c["holder"] in names and c["occasion"] in occasions}
            self._pins[grant.target.key] = ",".join(sorted(map(str, told)))

    def states(self, target: TargetKey, now: int) -> object:
        """What should be at a moment: the level of a lamp; a PIN and what is left of its windows."""
        claims = self.asks.get(target, [])
        kind = claims[0].kind if claims else TargetKind.CREDENTIAL if target.connection == LOCKS else TargetKind.DIM
        asks = [Ask(claim.starts, claim.ends, claim.level, claim.door) for claim in claims]
        horizon = self._horizons[target.connection] if kind is TargetKind.CREDENTIAL else NEVER
        desired = fold(kind, asks, now=now, horizon=horizon)
        if kind is not TargetKind.CREDENTIAL:
            level = level_of(desired.state)
            return level.percent if isinstance(level, Dim) else None
        if not desired.wanted:
            return None
        windows = [
            Window(door=door, starts_at=instant(starts), ends_at=instant(ends))
            for door, starts, ends in json.loads(desired.state)
        ]
        kept = as_kept(frozenset(windows), ArxAccess.access_limits)
        return self._pins.get(target.key), left_of(
            [(w.door, micros(w.starts_at), micros(w.ends_at)) for w in kept], now
        )


class Truth:
    """What the systems show, all of it at one moment."""

    def __init__(self, told: dict[str, Any]) -> None:
        self._told = told
        self._opens: dict[str, list[dict[str, Any]]] = {}
        for one in told["opens"]:
            self._opens.setdefault(one["key"], []).append(one)

    def state(self, target: TargetKey, now: int) -> object:
        """The level of a lamp; or the PIN of a person, and what is left of its windows."""
        if target.connection != LOCKS:
            return self._told["lamps"].get(target.key)
        if target.key not in self._told["persons"] and target.key not in self._told["cards"]:
            return None
        shown = self._opens.get(target.key, [])
        pins = ",".join(sorted({one["value"] for one in shown}))
        return pins, left_of([(d, s, e) for one in shown for d, s, e in one["windows"]], now)

    def strange(self, known: set[str]) -> list[str]:
        """What must not be at any moment: somebody else's person gone, or one of ours that the hub does not know."""
        gone = [] if JANITOR in self._told["persons"] else ["TOUCHED: the janitor is gone"]
        stray = {key for key in (*self._told["persons"], *self._told["cards"]) if key != JANITOR} - known
        return gone + [f"STRAY: {key} is in the lock system, and the hub knows no such thing" for key in sorted(stray)]

    def log(self, target: TargetKey) -> list[str]:
        """What was last done there."""
        lines: list[str] = self._told["log"].get(target.key, [])
        return lines


def left_of(windows: Spans, now: int) -> Spans:
    """What is left of windows, comparable whatever has begun, or ends within the lock's whole second."""
    second = now - now % SECOND
    return sorted((door, max(starts, second), ends) for door, starts, ends in windows if ends > now + SECOND)


def _now() -> int:
    return micros(datetime.now().astimezone())
