"""Whether what the hub says is true: all that stands is read back; and a core's own list, compared.

Reading back mends as it always does: what vanished comes back once, what was set by hand is left. So the report says
what was not as the hub had said, also where it is again.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from hub.clock import Clock, now_of
from hub.model.answers import BookingLine
from hub.model.booking import Status
from hub.model.states import Delivery, Effect, Proof
from hub.model.verified import Difference, TargetVerdict, Verdict, Verified
from hub.service.rulebook import Rulebook
from hub.store import verifying
from hub.store.engine.database import Connection
from hub.store.engine.writer import Readers, Writer
from hub.store.verifying import Looked

LONGEST_SECONDS = 120
_LOOK_SECONDS = 0.05
_MOST_TARGETS = 1000
_UNDER_WAY = frozenset({Delivery.DUE, Delivery.SENDING})
_FAILING = frozenset({Delivery.RETRYING, Delivery.STUCK})


class Begun(NamedTuple):
    """How all stood when it was asked for."""

    stood: list[Looked]
    latest: int


class Verifying:
    """The use case of reading back a municipality."""

    def __init__(self, writer: Writer, readers: Readers, rulebook: Rulebook, clock: Clock) -> None:
        self._writer, self._readers, self._rulebook, self._clock = writer, readers, rulebook, clock
        self.woken: Callable[[], None] = lambda: None
        """Called when lanes were made due."""

    async def verify(self, municipality: str, *, seconds: float) -> Verified:
        """Have all that stands looked at, and tell what was not as said. Raises NotFoundError."""
        self._rulebook.town(municipality)
        begun = await self._writer.call(self._begin, municipality)
        self.woken()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + min(seconds, LONGEST_SECONDS)
        while loop.time() < deadline:
            if not await self._readers.read(verifying.unseen, municipality):
                break
            await asyncio.sleep(_LOOK_SECONDS)
        return await self._readers.read(_report, municipality, begun)

    def _begin(self, connection: Connection, municipality: str) -> Begun:
        latest = verifying.latest(connection)
        return Begun(verifying.ask(connection, municipality, now=now_of(self._clock)), latest)


def _report(connection: Connection, municipality: str, begun: Begun) -> Verified:
    stands = verifying.after(connection, municipality, [one.id for one in begun.stood])
    sent = verifying.sent_since(connection, municipality, begun.latest)
    return report(begun.stood, stands, sent)


def report(stood: Iterable[Looked], stands: Mapping[int, Looked], sent: set[int]) -> Verified:
    """What a look found, of how lanes stood before, how they stand, and to which of them anything was sent. Pure."""
    counts: Counter[str] = Counter()
    differing: list[TargetVerdict] = []
    for before in stood:
        now = stands.get(before.id, before)
        if verdict := _wrong(before, now, sent_anew=before.id in sent):
            target = f"{now.connection}/{now.key}"
            differing.append(TargetVerdict(target=target, verdict=verdict, detail=now.detail))
        else:
            counts[_right(before, now)] += 1
    return Verified(
        standing=counts.total() + len(differing),
        as_said=counts["as_said"],
        unread=counts["unread"],
        moved_on=counts["moved_on"],
        differing=len(differing),
        targets=tuple(differing[:_MOST_TARGETS]),
    )


_BROKEN: Mapping[str, Verdict] = {Effect.LOST: "lost", Effect.OVERRIDDEN: "overridden"}


def _wrong(before: Looked, now: Looked, *, sent_anew: bool) -> Verdict | None:
    """How a target is not as the hub said; None when it is, or when something else is to be there now."""
    if now.delivery == Delivery.DISMISSED:
        return "dismissed"
    if now.effect in _BROKEN:
        return _BROKEN[now.effect]
    if now.delivery in _FAILING:
        return "failing"
    if now.look:
        return "unanswered"
    again = sent_anew or now.repairs > before.repairs
    return "mended" if again and not _moved(before, now) else None


def _right(before: Looked, now: Looked) -> str:
    if _moved(before, now) or now.effect != Effect.STANDING:
        return "moved_on"
    return "as_said" if now.proof == Proof.READ else "unread"


def _moved(before: Looked, now: Looked) -> bool:
    same = now.generation == before.generation and now.confirmed == before.confirmed
    return not same or now.delivery in _UNDER_WAY


class Told(NamedTuple):
    """What a core says of a booking; without a content hash only revisions are compared."""

    revision: int
    content: str | None = None


def compared(there: Mapping[str, Told], here: Iterable[BookingLine]) -> Iterator[Difference]:
    """What differs between a core's list and the hub's, in order of number. Pure.

    A cancelled booking that the core no longer lists is no difference: it asks for nothing.
    """
    ours = {line.number: line for line in here}
    for number in sorted(there.keys() | ours.keys()):
        told, known = there.get(number), ours.get(number)
        if told is None and known is not None and known.status != Status.CANCELLED:
            yield Difference(number=number, difference="missing-there", here=known.revision)
        elif told is not None and known is None:
            yield Difference(number=number, difference="missing-here", there=told.revision)
        elif told is not None and known is not None:
            yield from _between(number, told, known)


def _between(number: str, told: Told, known: BookingLine) -> Iterator[Difference]:
    revisions = {"here": known.revision, "there": told.revision}
    if known.revision != told.revision:
        older = known.revision < told.revision
        yield Difference(number=number, difference="older-here" if older else "newer-here", **revisions)
    elif told.content and told.content.lower() != known.content:
        yield Difference(number=number, difference="other-content", **revisions)
