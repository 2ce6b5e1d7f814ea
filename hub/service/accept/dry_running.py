"""Dry runs: the pure plan and the difference against a snapshot, earlier lines laid over it. Nothing is stored.

A dry run reads on a connection of its own, in one snapshot, and so holds nobody up. Its token says what the plan stood
on: a live run that is given it makes that plan, or is refused.
"""

import asyncio
import hashlib
from array import array
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import NamedTuple

from hub.clock import Clock, instant, now_of
from hub.errors import InvalidError
from hub.model.answers import PlannedClaim
from hub.model.booking import Booking
from hub.model.plan import Claim, TargetKey, TargetKind
from hub.planner.rules import Rules
from hub.service.accept.accepting import STANDS, Outcome, judged
from hub.service.accept.bookings import Found, too_large
from hub.service.asking.asked import Asked, Target
from hub.service.asking.changes import Change, change
from hub.service.asking.conflicts import Conflict, in_order
from hub.service.asking.preparing import Accept, number_in, prepared, read_booking
from hub.service.rulebook import Rulebook
from hub.store import bookings, occupancy
from hub.store.bookings import Known
from hub.store.engine import walls
from hub.store.engine.writer import Readers
from hub.store.overlay import Overlay
from hub.store.seals.sealing import Seal


class Dry(NamedTuple):
    """What one booking would come to."""

    booking: Booking
    request: Accept
    outcome: Outcome
    revision: int
    """The one that would stand."""
    conflicts: tuple[Conflict, ...]
    difference: tuple[PlannedClaim, ...]


class DryLine(NamedTuple):
    """One line of a dry run, judged or refused."""

    line: int
    dry: Dry | None
    refused: InvalidError | None
    number: str | None


class DryRun:
    """One dry run: lines one after the other, in a thread of its own."""

    def __init__(self, readers: Readers, rules: Rules, seal: Seal, *, now: int) -> None:
        self._rules, self._seal, self._now = rules, seal, now
        self._connection, self._overlay = readers.apart(), Overlay()
        self._snapshot = ExitStack()
        self._snapshot.callback(self._connection.close)
        self._snapshot.enter_context(self._connection.snapshot(walls.only(rules.municipality)))
        self._hash = hashlib.blake2b(repr((rules.municipality, rules.basis)).encode(), digest_size=16)
        self._revisions = array("q")
        """The one that each line found, in order; 0 for a new booking, -1 for a line that was refused."""

    @property
    def token(self) -> str:
        """What the lines so far stood on, and what they said."""
        return self._hash.hexdigest()

    def found(self) -> Iterator[Found]:
        """What each line stood on, in order."""
        return (Found(revision, self._rules.basis) for revision in self._revisions)

    def line(self, number: int, raw: bytes) -> DryLine:
        """Judge one line, and lay it over what was known."""
        try:
            too_large(raw)
            booking = read_booking(raw, self._rules)
        except InvalidError as error:
            self._revisions.append(-1)
            self._hash.update(b"refused")
            return DryLine(number, None, error, number_in(raw))
        request = prepared(booking, self._rules, self._seal, now=self._now)
        return DryLine(number, self._judged(booking, request), None, booking.number)

    def _judged(self, booking: Booking, request: Accept) -> Dry:
        known = self._known(request.number)
        outcome = judged(known, request)
        made = change(request, known)
        conflicts = in_order(self._conflicts(request)) if outcome in STANDS else ()
        if outcome is Outcome.ACCEPTED:
            self._lay(made)
        self._revisions.append(known.revision if known else 0)
        self._remember(request, known, outcome, conflicts)
        accepted = outcome is Outcome.ACCEPTED
        revision = request.revision if accepted or known is None else known.revision
        return Dry(booking, request, outcome, revision, conflicts, tuple(_difference(made)) if accepted else ())

    def _known(self, number: str) -> Known | None:
        laid = self._overlay.known(number)
        if laid is not None:
            return laid
        return bookings.known(self._connection, self._rules.municipality, [number]).get(number)

    def _lay(self, made: Change) -> None:
        request = made.request
        keys: dict[TargetKey, Target] = {claim.target: Target(0, claim.kind) for claim in made.now.values()}
        keys |= {record.target: Target(0, TargetKind.RECORD) for record in made.wishes}
        asked = Asked(keys, made.now, request.uses, made.records).to_json()
        self._overlay.put(request.number, request.revision, request.content, asked, request.uses)

    def _conflicts(self, request: Accept) -> Iterator[Conflict]:
        town = self._rules.municipality
        for use in sorted(request.uses):
            for resource in sorted(self._rules.resources[use.resource].related):
                span = (resource, use.starts, use.ends)
                stored = occupancy.overlapping(self._connection, town, *span, but=request.number)
                laid = self._overlay.overlapping(*span, but=request.number)
                others = [o for o in stored if self._overlay.known(o.number) is None]
                yield from (Conflict(use.occasion, overlap) for overlap in (*others, *laid))

    def _remember(
        self, request: Accept, known: Known | None, outcome: Outcome, conflicts: tuple[Conflict, ...]
    ) -> None:
        stood = (known.revision, known.content) if known else None
        said = (request.number, request.revision, request.content, stood, outcome, sorted(map(repr, conflicts)))
        self._hash.update(repr(said).encode())

    def close(self) -> None:
        """Let go of the snapshot."""
        self._snapshot.close()
        self._overlay.close()


def _difference(made: Change) -> Iterator[PlannedClaim]:
    added, removed = set(made.added), set(made.removed)
    for claim in made.now.values():
        yield _planned(claim, "added" if claim in added else "kept")
    for claim in removed:
        yield _planned(claim, "removed")


def _planned(claim: Claim, how: str) -> PlannedClaim:
    return PlannedClaim.model_validate(
        {
            "change": how,
            "target": "/".join(claim.target),
            "occasion": claim.occasion,
            "door": claim.door or None,
            "level": None if claim.door else claim.level,
            "starts_at": instant(claim.starts),
            "ends_at": instant(claim.ends),
            "suspended": claim.suspended,
        }
    )


class DryRuns:
    """The use case: dry runs beside everything else that goes on."""

    def __init__(self, readers: Readers, seal: Seal, rulebook: Rulebook, clock: Clock) -> None:
        self._readers, self._seal, self._rulebook, self._clock = readers, seal, rulebook, clock

    async def begin(self, municipality: str) -> "Running":
        """Open a snapshot. Raises NotFoundError."""
        rules, now = self._rulebook.rules(municipality), now_of(self._clock)
        return Running(DryRun(self._readers, rules, self._seal, now=now))


class Running:
    """A dry run that is driven from an event loop; close it."""

    def __init__(self, run: DryRun) -> None:
        self.run = run
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="dry-run")

    async def lines(self, numbered: list[tuple[int, bytes]]) -> list[DryLine]:
        """Judge some lines, in order."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: [self.run.line(*one) for one in numbered])

    async def close(self) -> None:
        """Let go of the snapshot."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self.run.close)
        self._thread.shutdown()
