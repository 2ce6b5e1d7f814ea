"""What a process counts as it goes, for Prometheus. Names are stable; docs/operating.md has them, and a test both.

Labels hold words of the configuration and of ours only: never a booking's number, a person, or what a caller sent.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics

from hub.clock import SECOND
from hub.service.process.tallies import Spread, Tally

# one series more for each, which tells when it began to be counted: `process_start_time_seconds` tells as much
disable_created_metrics()  # type: ignore[no-untyped-call] # published without types
SECONDS = (0.0, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14400.0)
"""Of lateness: nothing is on time that is not in the first."""
_ANSWER_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0)
_COMMIT_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
_GROUP_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 400)
_METHODS = frozenset({"GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"})


def method_of(told: str) -> str:
    """The method of a request; one that somebody made up is another."""
    return told if told in _METHODS else "other"


class Meters:
    """One process's. Safe to use from any thread."""

    def __init__(self, version: str = "") -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        told = ("method", "route", "status")
        self._requests = self._counter("http_requests", "Requests that were answered.", told)
        self._latency = self._histogram(
            "http_request_seconds", "From a request to the beginning of its answer.", ("route",), _ANSWER_SECONDS
        )
        self._answers: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        """Found once: to look up three labels took as long as to count."""
        self._group = self._histogram("group_commit_size", "How much shared a transaction.", (), _GROUP_SIZES)
        self._commit = self._histogram("group_commit_seconds", "A transaction with its COMMIT.", (), _COMMIT_SECONDS)
        place = ("municipality", "connection", "outcome")
        self._attempts = Tally("knutpunkt_attempts", "Carryings that ended, by how they did.", place, self.registry)
        late = "From when it was needed until it was confirmed."
        self._lateness = Spread("knutpunkt_lateness_seconds", late, ("municipality", "kind"), SECONDS, self.registry)
        self._webhooks = self._counter(
            "webhook_attempts", "Events that were sent to a subscriber.", ("municipality", "outcome")
        )
        about = Gauge("knutpunkt_info", "Which version runs.", ("version",), registry=self.registry)
        about.labels(version).set(1)

    def _counter(self, name: str, told: str, labels: tuple[str, ...]) -> Counter:
        return Counter(f"knutpunkt_{name}", told, labels, registry=self.registry)

    def _histogram(self, name: str, told: str, labels: tuple[str, ...], buckets: tuple[float, ...]) -> Histogram:
        return Histogram(f"knutpunkt_{name}", told, labels, buckets=buckets, registry=self.registry)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request has its answer."""
        word = method_of(method)
        known = self._answers.get((word, route, status))
        if known is None:
            told = self._requests.labels(word, route, str(status)), self._latency.labels(route)
            known = self._answers.setdefault((word, route, status), told)
        requests, latency = known
        requests.inc()
        latency.observe(seconds)

    def committed(self, size: int, seconds: float) -> None:
        """A transaction is on disk."""
        self._group.observe(size)
        self._commit.observe(seconds)

    def carried(self, municipality: str, connection: str, outcome: str) -> None:
        """A carrying ended. Of the event loop's thread alone."""
        self._attempts.count((municipality, connection, outcome))

    def confirmed(self, municipality: str, kind: str, late: int) -> None:
        """It stands, so many microseconds after it was needed; before it was, counts as on time. As `carried`."""
        self._lateness.observe((municipality, kind), max(late, 0) / SECOND)

    def posted(self, municipality: str, outcome: str) -> None:
        """An event was sent to a subscriber."""
        self._webhooks.labels(municipality, outcome).inc()
