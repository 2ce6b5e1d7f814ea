"""What an operator does to deliveries: found by a filter, tried again, or given up with a reason."""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple

from hub.clock import NEVER, Clock, now_of
from hub.errors import RefusedError
from hub.model.audit import Act
from hub.model.plan import TargetKey, TargetKind
from hub.model.standing import DeliveryAnswer, DeliveryPage, Handled
from hub.model.states import Delivery, Effect
from hub.planner.fold import NO_WINDOWS, RELEASE, Desired, fold, remaining
from hub.service.audit.acting import Actor, acting
from hub.service.audit.auditing import Auditing, Note, written
from hub.service.operators.choosing import Wish, answer, chosen_by, name
from hub.service.rulebook import Rulebook
from hub.service.words import sentences
from hub.service.words.saying import Language
from hub.store import claims, documents, handling, invoices, problems, shown
from hub.store.engine.database import Connection
from hub.store.engine.writer import Readers, Writer
from hub.store.handling import GivenUp
from hub.store.seals.sealing import Seal
from hub.store.shown import Seen

TRIED_AGAIN = frozenset({Delivery.STUCK, Delivery.RETRYING, Delivery.AWAITING_USER, Delivery.DISMISSED})
"""What may be tried again."""
GIVEN_UP = frozenset({Delivery.STUCK, Delivery.RETRYING, Delivery.AWAITING_USER, Delivery.DUE})
"""What may be dismissed; what is due only when that is said, for the next call may carry it."""
_FIRST = 10
_AT_ONCE = 500


class Dismissal(NamedTuple):
    """Who gives up, and why."""

    by: str
    reason: str


class Handling:
    """The use cases."""

    def __init__(self, writer: Writer, readers: Readers, seal: Seal, rulebook: Rulebook, clock: Clock) -> None:
        self._writer, self._readers, self._rulebook, self._clock = writer, readers, rulebook, clock
        self._auditing = Auditing(seal)
        self.woken: Callable[[], None] = lambda: None
        """Called when lanes were made due."""

    def _now(self) -> int:
        return now_of(self._clock)

    async def listed(
        self, municipality: str, wish: Wish, *, after: int, limit: int, language: Language = "en"
    ) -> DeliveryPage:
        """What is where. Raises NotFoundError."""
        rules = self._rulebook.rules(municipality)
        rows = await self._readers.read(
            lambda c: shown.page(c, municipality, chosen_by(c, rules, wish, None), after=after, limit=limit)
        )
        found = tuple(answer(row, language) for row in rows)
        return DeliveryPage(deliveries=found, next=rows[-1].id if len(rows) == limit else None)

    async def retry(self, municipality: str, wish: Wish, *, dry_run: bool) -> Handled:
        """Try what failed again, with a fresh start. Raises NotFoundError."""
        chosen, first = await self._chosen(municipality, wish, TRIED_AGAIN)
        done = 0
        for ids in _batches([] if dry_run else chosen):
            done += await self._writer.call(self._retry, municipality, ids, acting())
        self.woken()
        return Handled(deliveries=len(chosen) if dry_run else done, dry_run=dry_run, first=first)

    def _retry(self, connection: Connection, municipality: str, ids: Sequence[int], actor: Actor) -> int:
        now, freed = self._now(), handling.at_hand(connection, municipality, ids, TRIED_AGAIN)
        done = handling.retry(connection, municipality, ids, TRIED_AGAIN, now=now)
        problems.close(connection, {problem for problem in freed.values() if problem is not None}, now=now)
        self._note(connection, municipality, Act.DELIVERIES_RETRIED, sorted(freed), actor)
        return done

    def _note(self, connection: Connection, municipality: str, act: Act, ids: Sequence[int], actor: Actor) -> None:
        """Which they were: one by its name, many by how many."""
        if not ids:
            return
        first = shown.seen(connection, municipality, ids[:1])[ids[0]]
        told = written({"deliveries": len(ids), "id": first.id})
        self._auditing.write(connection, [Note(municipality, act, name(first), self._now(), told, actor)])

    async def dismiss(self, municipality: str, wish: Wish, dismissal: Dismissal, *, dry_run: bool) -> Handled:
        """Give up, until something else is wanted there; what is in hand just now is left.

        Raises:
            RefusedError: it takes something away (a revoke, a light-off, a credit): one at a time, with a reason.
            NotFoundError: no such municipality or resource.
        """
        states = GIVEN_UP if wish.state or wish.id else GIVEN_UP - {Delivery.DUE}
        chosen, first = await self._chosen(municipality, wish, states)
        if dry_run:
            return Handled(deliveries=len(chosen), dry_run=True, first=first)
        if len(chosen) > 1 and (taking := await self._readers.read(self._first_taking, municipality, chosen)):
            msg = f"{len(chosen)} are meant, and {taking} takes something away: dismiss it by its id, with a reason"
            raise RefusedError("one-at-a-time", msg)
        done = 0
        for ids in _batches(chosen):
            done += await self._writer.call(self._dismiss, municipality, ids, dismissal, len(chosen) == 1, acting())
        return Handled(deliveries=done, dry_run=False, first=first)

    def _dismiss(
        self,
        connection: Connection,
        municipality: str,
        ids: Sequence[int],
        dismissal: Dismissal,
        alone: bool,  # noqa: FBT001 - the writer calls by place
        actor: Actor,
    ) -> int:
        free = handling.at_hand(connection, municipality, ids, GIVEN_UP)
        given_up = []
        for seen, desired, over in self._folded(connection, municipality, list(free)):
            takes = _takes_away(connection, municipality, seen, desired, self._now())
            if takes and alone and not dismissal.reason:
                msg = f"{name(seen)} takes something away; say why it may stay, in `reason`"
                raise RefusedError("reason-needed", msg)
            if alone or not takes:
                given_up.append(self._given_up(municipality, seen, desired, over, dismissal))
        handling.dismiss(connection, given_up)
        ended = {free[one.id] for one in given_up}
        problems.close(connection, {each for each in ended if each is not None}, now=self._now())
        self._note(connection, municipality, Act.DELIVERIES_DISMISSED, [one.id for one in given_up], actor)
        return len(given_up)

    def leave(self, connection: Connection, municipality: str, lane: int, dismissal: Dismissal) -> bool:
        """Leave one as it stands there, also where it was confirmed; false when it is in hand just now."""
        free = handling.at_hand(connection, municipality, [lane], GIVEN_UP | {Delivery.CONFIRMED})
        for seen, desired, over in self._folded(connection, municipality, list(free)):
            handling.dismiss(connection, [self._given_up(municipality, seen, desired, over, dismissal)])
        problems.close(connection, {each for each in free.values() if each is not None}, now=self._now())
        return bool(free)

    def _given_up(self, municipality: str, seen: Seen, desired: Desired, over: int, dismissal: Dismissal) -> GivenUp:
        """Until something else is wanted of a zone, or the last claim on a credential ends; a record for good."""
        told = sentences.DISMISSED.say(who=dismissal.by, reason=dismissal.reason)
        detail = told if dismissal.reason else sentences.DISMISSED_UNSAID.say(who=dismissal.by)
        due = over if seen.kind == TargetKind.CREDENTIAL and desired.wanted else desired.next_edge
        standing = seen.kind != TargetKind.RECORD and not desired.wanted and not _at_rest(seen)
        effect = Effect.REMOVING if standing else seen.effect
        return GivenUp(municipality, seen.id, seen.generation, effect, due, detail, self._now())

    async def _chosen(
        self, municipality: str, wish: Wish, states: Collection[Delivery]
    ) -> tuple[list[int], tuple[DeliveryAnswer, ...]]:
        """The ids of those that are meant, and the first of them as they are."""
        rules = self._rulebook.rules(municipality)

        def read(connection: Connection) -> tuple[list[int], list[Seen]]:
            chosen = chosen_by(connection, rules, wish, states)
            ids = shown.ids(connection, municipality, chosen)
            return ids, shown.page(connection, municipality, chosen, after=0, limit=_FIRST)

        ids, first = await self._readers.read(read)
        return ids, tuple(map(answer, first))

    def _first_taking(self, connection: Connection, municipality: str, ids: Sequence[int]) -> str | None:
        for some in _batches(ids):
            for seen, desired, _ in self._folded(connection, municipality, some):
                if _takes_away(connection, municipality, seen, desired, self._now()):
                    return f"{name(seen)} (id {seen.id})"
        return None

    def _folded(
        self, connection: Connection, municipality: str, ids: Sequence[int]
    ) -> Iterator[tuple[Seen, Desired, int]]:
        """Lanes, what should be there now, and when the last claim on each ends."""
        now, timing = self._now(), self._rulebook.rules(municipality).timing
        live = claims.live(connection, [(municipality, id_) for id_ in ids], now=now)
        for id_, seen in sorted(shown.seen(connection, municipality, ids).items()):
            if seen.kind == TargetKind.RECORD:
                yield seen, Desired("", NEVER, NEVER), NEVER
                continue
            asks, rule = live[id_].asks, timing.line(TargetKey(seen.connection, seen.key))
            horizon = timing.horizons.get(seen.connection, NEVER)
            folded = [*live[id_].ended, *asks]
            desired = fold(TargetKind(seen.kind), folded, now=now, horizon=horizon, rule=rule)
            yield seen, desired, max((ask.ends for ask in asks), default=NEVER)


def _takes_away(connection: Connection, municipality: str, seen: Seen, desired: Desired, now: int) -> bool:
    """Whether giving it up leaves something as it may not be: a grant, a light, what is owed, what is unregistered."""
    if seen.kind == TargetKind.RECORD:
        credit = invoices.is_credit(connection, municipality, seen.id)
        return credit or documents.is_document(connection, municipality, seen.id)
    if not desired.wanted:
        return not _at_rest(seen)
    return seen.kind == TargetKind.CREDENTIAL and not _within(seen.confirmed, desired.state, now)


def _at_rest(seen: Seen) -> bool:
    return seen.confirmed in {None, RELEASE, NO_WINDOWS}


def _within(confirmed: str | None, wanted: str, now: int) -> bool:
    """Whether every window that may stand is wanted; of what nobody knows that cannot be said."""
    if confirmed is None:
        return True
    if "[" not in confirmed:
        return False
    wished = remaining(wanted, now)
    stands = remaining(confirmed[confirmed.index("[") :], now)
    return all(any(d == door and s <= starts and ends <= e for d, s, e in wished) for door, starts, ends in stands)


def _batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """So many at a time that no transaction is long."""
    return (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))
