"""What the routers call: every use case of this process in one place, and who is calling."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field

from fastapi import Request

from hub.clock import Clock
from hub.delivery.looks.health import Health
from hub.delivery.looks.reconciling import Reconciler
from hub.delivery.lookups.population import Population
from hub.delivery.reach.connections import Connections
from hub.intake.rooms import Intake
from hub.service.accept.answering import Answering
from hub.service.accept.bookings import Bookings
from hub.service.accept.dry_running import DryRuns
from hub.service.accept.waiting import Waiting
from hub.service.audit.audited import Audited
from hub.service.audit.auditing import Witness
from hub.service.documents.applying import Applications
from hub.service.documents.registering import Documents
from hub.service.doors.explaining import Doors
from hub.service.doors.sparing import Sparing
from hub.service.governing.closing import Closing
from hub.service.keeping.keys import Holder, digest, holder
from hub.service.looking.looking_up import LookUp
from hub.service.looking.readiness import ReadinessBoard
from hub.service.looking.resources import Resources
from hub.service.money.ledger import Ledger
from hub.service.operators.findings import Findings
from hub.service.operators.handling import Handling
from hub.service.operators.operating import Operating
from hub.service.operators.verifying import Verifying
from hub.service.process.figures import Figures
from hub.service.protected.unsealing import Unseals
from hub.service.rulebook import Rulebook
from hub.service.subscribers.feed import Feed
from hub.service.subscribers.subscribing import Subscribing
from hub.service.zones.energy import Energy
from hub.service.zones.sensors import Sensors
from hub.service.zones.zone_lines import ZoneLines
from hub.store.engine.walls import within
from hub.store.engine.writer import Readers

_REMEMBERED_SECONDS = 5.0


@dataclass
class Desk:
    """The use cases."""

    clock: Clock
    readers: Readers
    rulebook: Rulebook
    bookings: Bookings
    look_up: LookUp
    doors: Doors
    witness: Witness
    audited: Audited
    operating: Operating
    handling: Handling
    findings: Findings
    reconciler: Reconciler
    verifying: Verifying
    readiness: ReadinessBoard
    connections: Connections
    health: Health
    population: Population
    unseals: Unseals
    answering: Answering
    resources: Resources
    zone_lines: ZoneLines
    figures: Figures
    energy: Energy
    sensors: Sensors
    closing: Closing
    feed: Feed
    sparing: Sparing
    subscribing: Subscribing
    waiting: Waiting
    dry_runs: DryRuns
    intake: Intake
    ledger: Ledger
    documents: Documents
    applications: Applications
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the process is told to stop: streams end."""
    streams: Counter[str] = field(default_factory=Counter)
    """Streams of events that are open, by municipality."""
    _holders: dict[bytes, tuple[float, Holder | None]] = field(default_factory=dict)

    async def holder(self, key: str) -> Holder | None:
        """Whose key it is; a revoked one works for five seconds more."""
        hashed, now = digest(key), time.monotonic()
        known = self._holders.get(hashed)
        if known is not None and now - known[0] < _REMEMBERED_SECONDS:
            return known[1]
        with within(None):  # whose it is turns out by reading it
            found = await self.readers.read(holder, hashed)
        if len(self._holders) > 10_000:  # noqa: PLR2004 - a bound on memory, not a rule
            self._holders.clear()
        self._holders[hashed] = (now, found)
        return found


def desk(request: Request) -> Desk:
    """The desk of the application that serves the request."""
    found: Desk = request.app.state.desk
    return found
