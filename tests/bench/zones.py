"""Zones: the lines of a season, one booking more, and a thousand edges in one second on a system of four calls."""

import asyncio
import random
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from hub.clock import DAY, HOUR, MINUTE, SECOND, micros
from hub.model import Zone
from hub.model.configuration import Configuration
from hub.model.lit import LatestOff, Position
from hub.model.notifying import Weekday
from hub.model.plan import Ask, Claim, TargetKind
from hub.planner.fold import fold, wakes
from hub.planner.hours import Rest
from hub.planner.lines import After, Dark, LineRule, Warned, Why, line
from hub.planner.plan import plan
from hub.sdk import Receipt
from tests.bench.figures import Figure
from tests.builders import SATURDAY, a_booking, a_town, occasion, rules
from tests.databases import in_file
from tests.delivery.fakes import LAMPS, LampSystem
from tests.delivery.harness import TOWN, Stage, staged

ZONES, BOOKINGS, FACILITIES = 500, 50_000, 40
EDGES, AT_ONCE = 1000, 4
_SEASON = 200
_ANSWERS_AFTER = 0.002
"""Seconds: as a gateway in the same building."""
_BEGINS = micros(SATURDAY)


def measured(folder: Path, rounds: int) -> list[Figure]:
    """All three."""
    season = _season()
    now = _BEGINS + 100 * DAY + 7 * HOUR
    lines, folds, ones = [], [], []
    for _ in range(rounds):
        lines.append(_worked(lambda: [list(line(asks, rule)) for asks, rule in season]))
        folds.append(_worked(lambda: [fold(TargetKind.DIM, asks, now=now, rule=rule) for asks, rule in season]))
        ones.append(median(_worked(lambda: _one_more(season[:4], now)) for _ in range(50)) * 1000)
    name = f"{ZONES} zones, {BOOKINGS:,} bookings, every rule (processor time)"
    return [
        Figure(f"the whole season's lines of {name}", "s", lines, 2.0),
        Figure(f"what each should be at a moment, of {name}", "s", folds, 2.0),
        Figure("one changed booking: planned, and its four zones folded (processor time)", "ms", ones, 5.0),
        *_edges(folder, rounds),
    ]


def _seconds(work: Any) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _worked(work: Any) -> float:
    """Seconds of processor time: it is nothing but reckoning, and others may be at work on the machine."""
    began = time.process_time()
    work()
    return time.process_time() - began


def _season() -> list[tuple[list[Ask], LineRule]]:
    chance = random.Random(9)
    season = []
    for number in range(ZONES):
        place = Position(latitude=55.5 + number % FACILITIES / 3, longitude=12 + number % FACILITIES / 4)
        rule = LineRule(
            restrike=15 * MINUTE,
            dark=Dark(place, 20 * MINUTE),
            latest_off=Rest.of(LatestOff(at="22:00", until="06:00", evenings={Weekday.FRIDAY: "23:00"})),
            after=After(10 * MINUTE, 20, Why.TAIL),
            warned=Warned(5 * MINUTE, 10 * SECOND, 10),
        )
        season.append(([_an_ask(chance) for _ in range(BOOKINGS // ZONES)], rule))
    return season


def _an_ask(chance: random.Random) -> Ask:
    starts = _BEGINS + chance.randrange(_SEASON) * DAY + chance.randrange(-4, 10) * HOUR
    return Ask(starts, starts + chance.choice((60, 90, 120)) * MINUTE, chance.choice((40, 60, 100)), "")


_HALL = rules()


def _one_more(zones: Sequence[tuple[list[Ask], LineRule]], now: int) -> None:
    """Plan it, and fold what it touches with it among the claims."""
    claims: list[Claim] = [c for c in plan(a_booking("B-9"), (), _HALL).claims if not c.door]
    for claim, (asks, rule) in zip(claims, zones, strict=False):
        mine = Ask(claim.starts, claim.ends, claim.level, "")
        wakes(TargetKind.DIM, mine, now=now, rule=rule)
        fold(TargetKind.DIM, [*asks, mine], now=now, rule=rule)


class Counting(LampSystem):
    """Tells which lamp was told when, and how many calls were under way together."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []
        self.going = self.most = 0

    async def call(self, kind: Any, key: str, act: Any) -> Any:
        self.going += 1
        self.most = max(self.most, self.going)
        try:
            await asyncio.sleep(_ANSWERS_AFTER)
            return await super().call(kind, key, act)
        finally:
            self.going -= 1

    def put(self, zone: Zone) -> Receipt:
        self.told.append(zone.key)
        return super().put(zone)


def _edges(folder: Path, rounds: int) -> list[Figure]:
    taken, displaced, most = [], [], []
    for turn in range(rounds):
        place = folder / f"edges-{turn}"
        place.mkdir()
        url = in_file(place / "hub.db")
        with pytest.MonkeyPatch.context() as patch, staged(url, place, patch, _town()) as hub:
            lamps = LAMPS[f"{TOWN}/lamps"] = Counting()
            hub.node.connections.find(TOWN, "lamps").connector.system = lamps  # type: ignore[union-attr]
            wanted = _booked(hub)
            hub.clock.moment = SATURDAY - timedelta(minutes=15) + timedelta(seconds=1)
            taken.append(_seconds(hub.settle))
            order = [wanted[key] for key in lamps.told]
            displaced.append(max(abs(place - rank) for place, rank in enumerate(order)))
            most.append(float(lamps.most))
    what = f"{EDGES:,} zones whose bookings begin within one second"
    return [
        Figure(f"{what}: all told, each read back and settled", "s", taken),
        Figure(f"{what}: farthest from the order of their deadlines", "places", displaced),
        Figure(f"{what}: calls under way together, {AT_ONCE} allowed", "calls", most, float(AT_ONCE)),
    ]


def _town() -> Configuration:
    """A hall of a thousand courts, each with its light."""
    town = a_town(courts=EDGES, connectors={"lamps": {"pace": {"calls_at_once": AT_ONCE}}})
    hall = town.facilities["hall"]
    zones = {name: zone for name, zone in hall.zones.items() if name.startswith("court-")}
    return town.model_copy(update={"facilities": {"hall": hall.model_copy(update={"zones": zones, "access": None})}})


def _booked(hub: Stage) -> dict[str, int]:
    """A booking of each court, a millisecond apart, in another order than they begin; gives the rank of each zone."""
    courts = random.Random(9).sample(range(1, EDGES + 1), EDGES)
    rank = {f"court-{court}": place for place, court in enumerate(courts)}
    for court in range(1, EDGES + 1):
        after = rank[f"court-{court}"] / 60_000
        hub.accept(f"B-{court}", occasions=[occasion(f"hall.court-{court}", after=after)])
    return rank
