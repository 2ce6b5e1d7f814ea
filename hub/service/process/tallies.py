"""What is counted for every delivery: kept in plain dictionaries, and laid out for Prometheus when it asks.

The client's own counters take a lock and several calls each; three of them were a tenth of what a delivery takes of its
event loop. Of one thread.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

Labels = tuple[str, ...]


class Tally(Collector):
    """A counter."""

    def __init__(self, name: str, told: str, labels: Labels, registry: CollectorRegistry) -> None:
        self.name, self.labels, self._told = name, labels, told
        self._counts: Counter[Labels] = Counter()
        registry.register(self)

    def count(self, place: Labels) -> None:
        """One more, of these values of the labels."""
        self._counts[place] += 1

    def collect(self) -> Iterator[CounterMetricFamily]:
        """All, as they are."""
        family = CounterMetricFamily(self.name, self._told, labels=self.labels)
        for place, count in [*self._counts.items()]:
            family.add_metric(place, count)
        yield family


class Spread(Collector):
    """A histogram: what is at most `limits`, which go up, is counted there."""

    def __init__(
        self, name: str, told: str, labels: Labels, limits: Sequence[float], registry: CollectorRegistry
    ) -> None:
        self.name, self.labels, self._told, self._limits = name, labels, told, limits
        self._names = [*map(floatToGoString, limits), "+Inf"]
        self._counts: dict[Labels, list[int]] = {}
        self._sums: dict[Labels, float] = {}
        registry.register(self)

    def observe(self, place: Labels, value: float) -> None:
        """One more, of these values of the labels."""
        counts = self._counts.get(place)
        if counts is None:
            counts, self._sums[place] = self._counts.setdefault(place, [0] * len(self._names)), 0.0
        counts[bisect_left(self._limits, value)] += 1
        self._sums[place] += value

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """All, as they are."""
        family = HistogramMetricFamily(self.name, self._told, labels=self.labels)
        for place, counts in [*self._counts.items()]:
            buckets = list(zip(self._names, map(float, accumulate(counts)), strict=True))
            family.add_metric(place, buckets, self._sums[place])
        yield family
