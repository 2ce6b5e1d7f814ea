"""The plan of a booking of one occasion: five claims, one credential, one record."""

import time
from collections.abc import Callable
from statistics import median

from hub.planner.plan import plan
from hub.planner.rules import compiled
from hub.service.asking.preparing import prepared, read_booking
from hub.store.seals.sealing import Seal
from tests.bench import town
from tests.bench.figures import Figure

TIMES = 5000


def measured(rounds: int) -> list[Figure]:
    """Median time of one call, of each round."""
    seal = Seal(bytes(32))
    rules, raw = compiled(town.configuration(), mark=seal.mark), town.line(7)
    booking = read_booking(raw, rules)
    asked = plan(booking, (), rules)
    assert (len(asked.claims), len(asked.grants), len(asked.charges)) == (5, 1, 1)
    works: dict[str, Callable[[], object]] = {
        "plan of one occasion": lambda: plan(booking, (), rules),
        "validating it": lambda: read_booking(raw, rules),
        "plan, hash, seal and body of it": lambda: prepared(booking, rules, seal, now=1),
    }
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            taken[name].append(_microseconds(work))
    limits = {"plan of one occasion": (50.0, 25.0)}
    return [Figure(name, "µs", values, *limits.get(name, (None, None))) for name, values in taken.items()]


def _microseconds(work: Callable[[], object]) -> float:
    spans = []
    for _ in range(TIMES):
        began = time.perf_counter_ns()
        work()
        spans.append(time.perf_counter_ns() - began)
    return median(spans) / 1000
