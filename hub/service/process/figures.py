"""The hub's figures for Prometheus that are read when they are asked for, beside what a process counts as it goes."""

import math
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import NamedTuple

from prometheus_client import Gauge

from hub.clock import SECOND, Clock, now_of
from hub.service.process.meters import Meters
from hub.service.rulebook import Rulebook
from hub.store import figures
from hub.store.engine.writer import Readers
from hub.store.figures import Urgent, Whole

WHOLE_EVERY = timedelta(seconds=60)
"""How often whole tables are gone through, however often anybody asks."""


class Ways(NamedTuple):
    """How a connection is, in this process."""

    municipality: str
    connection: str
    shut: bool
    """Its system does not answer: one call at a time tries it."""
    paused: bool


class Figures:
    """Names are stable; each is of a municipality that is served here, and holds no personal data."""

    def __init__(
        self, readers: Readers, rulebook: Rulebook, clock: Clock, meters: Meters, ways: Callable[[], Iterable[Ways]]
    ) -> None:
        self._readers, self._rulebook, self._clock, self._ways = readers, rulebook, clock, ways
        self.registry = meters.registry
        self._read_at, self._whole = -math.inf, Whole([], {}, [], {})
        self._held_back: tuple[int | None, float] = (None, 0.0)
        self._lanes = self._gauge("deliveries", "Targets and records by delivery.", "kind", "delivery")
        self._effects = self._gauge("effects", "Targets and records by effect.", "kind", "effect")
        self._problems = self._gauge("problems_open", "Problems that last.", "code")
        self._overdue = self._gauge("oldest_due_seconds", "How long the oldest due delivery has waited.")
        self._revoke = self._gauge("oldest_unconfirmed_revoke_seconds", "How long the oldest revoke has failed.")
        self._quarantined = self._gauge("intake_quarantined", "Rows from outside that nobody understands yet.")
        self._backlog = self._gauge("webhook_backlog", "Events that wait for subscribers that are not paused.")
        self._oldest = self._gauge("webhook_oldest_seconds", "How long ago the oldest of those happened.")
        self._invoice = self._gauge("oldest_unsent_invoice_seconds", "Since the oldest unsent invoice was made.")
        self._document = self._gauge(
            "oldest_unregistered_document_seconds", "Since the oldest document came that has no registry number."
        )
        self._shut = self._gauge("gate_shut", "1 while its system does not answer.", "connection")
        self._orphans = self._gauge("orphaned_grants", "Grants that no booking asks for.", "connection")
        self._paused = self._gauge("connection_paused", "1 while nothing is sent over it.", "connection")
        self._lag = Gauge(
            "knutpunkt_feed_lag_seconds", "How long one open write holds the feed back.", registry=self.registry
        )

    def _gauge(self, name: str, told: str, *labels: str) -> Gauge:
        return Gauge(f"knutpunkt_{name}", told, ("municipality", *labels), registry=self.registry)

    async def refresh(self) -> None:
        """Read them anew; what goes through whole tables at most once a minute."""
        now = now_of(self._clock)
        urgent = await self._readers.read(figures.urgent, now)
        if time.monotonic() - self._read_at >= WHOLE_EVERY.total_seconds():
            self._read_at = time.monotonic()
            self._whole = await self._readers.read(figures.whole)
        towns = frozenset(self._rulebook.towns())
        self._show_urgent(urgent, towns, now)
        self._show_whole(self._whole, towns, now)
        self._show_ways()
        for town, name, count in urgent.orphans:
            if town in towns:
                self._orphans.labels(town, name).set(count)

    def _show_urgent(self, found: Urgent, towns: frozenset[str], now: int) -> None:
        self._problems.clear()
        for town, code, count in found.problems:
            if town in towns:
                self._problems.labels(town, code).set(count)
        _ages(self._overdue, found.due, towns, now)
        _ages(self._document, found.unregistered, towns, now)
        seen = time.monotonic()
        if found.held_back is None or found.held_back != self._held_back[0]:
            self._held_back = (found.held_back, seen)
        self._lag.set(0 if found.held_back is None else seen - self._held_back[1])

    def _show_whole(self, found: Whole, towns: frozenset[str], now: int) -> None:
        self._lanes.clear()
        self._effects.clear()
        failing: dict[str, int] = {}
        for town, kind, effect, delivery, count, since in found.lanes:
            if town not in towns:
                continue
            self._lanes.labels(town, kind, delivery).inc(count)
            self._effects.labels(town, kind, effect).inc(count)
            if since is not None:
                failing[town] = min(since, failing.get(town, since))
        _ages(self._revoke, failing, towns, now)
        _ages(self._invoice, found.invoices, towns, now)
        _counts(self._quarantined, found.quarantined, towns)
        waiting, oldest = dict[str, int](), dict[str, int]()
        for town, count, at in found.waiting:
            waiting[town] = waiting.get(town, 0) + count
            oldest[town] = min(at, oldest.get(town, at))
        _counts(self._backlog, waiting, towns)
        _ages(self._oldest, oldest, towns, now)

    def _show_ways(self) -> None:
        self._shut.clear()
        self._paused.clear()
        self._orphans.clear()
        for one in self._ways():
            self._shut.labels(one.municipality, one.connection).set(one.shut)
            self._paused.labels(one.municipality, one.connection).set(one.paused)
            self._orphans.labels(one.municipality, one.connection).set(0)


def _counts(gauge: Gauge, counts: dict[str, int], towns: frozenset[str]) -> None:
    """Every municipality has its number: none is nought, and not missing."""
    for town in towns:
        gauge.labels(town).set(counts.get(town, 0))


def _ages(gauge: Gauge, since: dict[str, int], towns: frozenset[str], now: int) -> None:
    """Seconds since then; nought where there is nothing."""
    for town in towns:
        gauge.labels(town).set(max(0.0, (now - since.get(town, now)) / SECOND))
