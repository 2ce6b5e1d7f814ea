"""Planning anew what stands, in small transactions: after a closure, and when another configuration is in force.

What it is planned with was committed first, so whatever is accepted meanwhile is planned with it too. A batch that
something newer overtook is planned once more; one that a killed process had done already changes nothing.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from hub.clock import Clock, now_of
from hub.errors import RefusedError
from hub.masking import place_of
from hub.planner.rules import Rules
from hub.service.accept.accepting import Accepting, Replanned
from hub.service.asking.preparing import Accept, prepared, stored_booking
from hub.service.rulebook import Rulebook
from hub.store import bookings, problems
from hub.store.bookings import Stored
from hub.store.engine.database import Connection
from hub.store.engine.writer import Readers, Writer
from hub.store.problems import Cause
from hub.store.seals.sealing import Seal

BATCH = 50
"""Bookings that are planned anew in one transaction."""
UNPLANNABLE = "unplannable"
BOOKINGS = "(bookings)"
"""Stands where a problem names its connection; no connection can be called so."""
NAMED = 20
LOG = logging.getLogger("hub.replanning")

Which = Callable[[Connection, int], list[int]]
"""Gives the ids of the next bookings after one, in order; none: that was the last."""


class Step(NamedTuple):
    """A batch that is on disk: the last id of it, how many of it changed, and who cannot be planned."""

    last: int
    changed: int
    lost: list[str]


Passed = Callable[[Step], Awaitable[bool]]
"""Told of each batch; whether to go on."""


@dataclass
class Walked:
    """What a walk came to."""

    changed: int = 0
    lost: list[str] = field(default_factory=list)
    """Numbers of bookings that cannot be planned: what stands for them stays as it is."""
    whole: bool = True
    """Whether it came to its end."""


async def _on(_step: Step) -> bool:
    return True


class Replanning:
    """One process's hand in it."""

    def __init__(self, writer: Writer, readers: Readers, seal: Seal, rulebook: Rulebook, clock: Clock) -> None:
        self._writer, self._readers, self._seal, self._rulebook, self._clock = writer, readers, seal, rulebook, clock
        self._accepting = Accepting(seal)

    async def walk(
        self, municipality: str, which: Which, *, after: int = 0, effects_only: bool = False, passed: Passed = _on
    ) -> Walked:
        """Plan the bookings that `which` gives, with what is current.

        `effects_only`: for another configuration, behind whatever is accepted; what happens once stays as it was.
        """
        await self._rulebook.load(self._readers)
        walked = Walked()
        while batch := await self._readers.read(self._prepared, municipality, which, after):
            requests = [one._replace(effects_only=effects_only) for _, one in batch if isinstance(one, Accept)]
            done = await self._replanned(requests, behind=effects_only)
            if Replanned.STALE in done:
                await self._rulebook.load(self._readers)
                continue
            lost = [one for _, one in batch if isinstance(one, str)]
            lost += [r.number for r, what in zip(requests, done, strict=True) if what is None]
            step = Step(batch[-1][0], done.count(Replanned.CHANGED), lost)
            after, walked.changed = step.last, walked.changed + step.changed
            walked.lost += lost
            if not await passed(step):
                walked.whole = False
                break
        return walked

    async def _replanned(self, requests: list[Accept], *, behind: bool) -> list[Replanned | None]:
        """What became of each; None: it cannot be planned now, for there is no code for it, say."""
        doing = (self._writer.do(self._accepting.replan, request, behind=behind) for request in requests)
        done = await asyncio.gather(*doing, return_exceptions=True)
        for one in done:
            if isinstance(one, BaseException) and not (isinstance(one, RefusedError) and one.code == "no-free-pin"):
                raise one
        return [one if isinstance(one, Replanned) else None for one in done]

    def _prepared(
        self, connection: Connection, municipality: str, which: Which, after: int
    ) -> list[tuple[int, Accept | str]]:
        """Each booking by its id: ready, or the number of one that cannot be planned."""
        rules, now = self._rulebook.rules(municipality), now_of(self._clock)
        stored = bookings.with_ids(connection, municipality, which(connection, after))
        return [(one.id, ready(one, rules, self._seal, now=now) or one.number) for one in stored]

    async def tell(self, municipality: str, cause: Cause, lost: list[str], *, of: str) -> None:
        """One problem for all bookings that cannot be planned any more, or its end when there is none."""
        await self._writer.call(self._judge, municipality, cause, lost, of)

    def _judge(self, connection: Connection, municipality: str, cause: Cause, lost: list[str], of: str) -> None:
        now = now_of(self._clock)
        if lost:
            more = ", ..." if len(lost) > NAMED else ""
            told = f"{len(lost)} for {of}: {', '.join(lost[:NAMED])}{more}"
            problems.open_(connection, municipality, BOOKINGS, cause, detail=told, now=now)
        else:
            problems.close_cause(connection, municipality, BOOKINGS, cause, now=now)


def ready(stored: Stored, rules: Rules, seal: Seal, *, now: int) -> Accept | None:
    """A booking that stands, planned with these rules; None: it cannot be, and what stands for it stays as it is."""
    try:
        booking = stored_booking(stored.body, stored.persons, rules.municipality, stored.number, seal)
        request = prepared(booking, rules, seal, now=now, sent_by=stored.sent_by, accepted_at=stored.accepted_at)
    except Exception as error:  # noqa: BLE001 - one booking stops no closure, no configuration, and no start
        LOG.error("booking %s cannot be planned anew: %s", stored.number, place_of(error))  # noqa: TRY400
        return None
    request = request._replace(content=stored.content)  # as it was told, whatever of it is kept
    return request if all(use.resource in rules.resources for use in request.uses) else None
