"""What the routers call: every use case of this process in one place, and who is calling."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field

from fastapi import Request

from hub.clock import Clock
from hub.delivery.connections import Connections
from hub.delivery.health import Health
from hub.delivery.population import Population
from hub.delivery.reconciling import Reconciler
from hub.intake.rooms import Intake
from hub.service.answering import Answering
from hub.service.applying import Applications
from hub.service.audited import Audited
from hub.service.auditing import Witness
from hub.service.bookings import Bookings
from hub.service.closing import Closing
from hub.service.doors import Doors
from hub.service.dry_running import DryRuns
from hub.service.energy import Energy
from hub.service.feed import Feed
from hub.service.figures import Figures
from hub.service.findings import Findings
from hub.service.handling import Handling
from hub.service.keys import Holder, digest, holder
from hub.service.ledger import Ledger
from hub.service.looking_up import LookUp
from hub.service.operating import Operating
from hub.service.readiness import ReadinessBoard
from hub.service.registering import Documents
from hub.service.resources import Resources
from hub.service.rulebook import Rulebook
from hub.service.sparing import Sparing
from hub.service.subscribing import Subscribing
from hub.service.unsealing import Unseals
from hub.service.verifying import Verifying
from hub.service.waiting import Waiting
from hub.service.zone_lines import ZoneLines
from hub.store.walls import within
from hub.store.writer import Readers

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
