"""The hub's figures for Prometheus, read from the database when they are asked for."""

from prometheus_client import CollectorRegistry, Gauge

from hub.clock import NEVER, SECOND, Clock, micros
from hub.service.rulebook import Rulebook
from hub.store import lanes, problems
from hub.store.database import Connection
from hub.store.writer import Readers


class Figures:
    """Names are stable; each has the municipality as a label, and no personal data."""

    def __init__(self, readers: Readers, rulebook: Rulebook, clock: Clock) -> None:
        self._readers, self._rulebook, self._clock = readers, rulebook, clock
        self.registry = CollectorRegistry()
        gauge = ("municipality",)
        self._lanes = Gauge(
            "knutpunkt_deliveries",
            "Targets and records by state.",
            (*gauge, "kind", "delivery"),
            registry=self.registry,
        )
        self._effects = Gauge(
            "knutpunkt_effects", "Effects by state.", (*gauge, "kind", "effect"), registry=self.registry
        )
        self._problems = Gauge("knutpunkt_problems_open", "Problems that last.", gauge, registry=self.registry)
        self._overdue = Gauge(
            "knutpunkt_oldest_due_seconds",
            "How long the oldest due delivery has waited.",
            gauge,
            registry=self.registry,
        )
        self._revoke = Gauge(
            "knutpunkt_oldest_unconfirmed_revoke_seconds", "The same for revokes.", gauge, registry=self.registry
        )

    async def refresh(self) -> None:
        """Read them anew."""
        now = micros(self._clock.now())
        found = {town: await self._readers.read(_read, town, now) for town in self._rulebook.towns()}
        self._lanes.clear()
        self._effects.clear()
        for town, (counts, open_problems, due, revoke) in found.items():
            for kind, effect, delivery, count in counts:
                self._lanes.labels(town, kind, delivery).inc(count)
                self._effects.labels(town, kind, effect).inc(count)
            self._problems.labels(town).set(open_problems)
            self._overdue.labels(town).set(_waited(due, now))
            self._revoke.labels(town).set(_waited(revoke, now))


def _read(connection: Connection, town: str, now: int) -> tuple[list[tuple[str, str, str, int]], int, int, int]:
    return (
        lanes.counts(connection, town),
        len(problems.listed(connection, town)),
        lanes.oldest(connection, town, now=now),
        lanes.oldest_revoke(connection, town),
    )


def _waited(since: int, now: int) -> float:
    return 0.0 if since >= NEVER else max(0.0, (now - since) / SECOND)
