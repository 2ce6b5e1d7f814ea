"""How a booking's effects stand: what it asks for, held against what its lanes have confirmed. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from hub.clock import NEVER, instant
from hub.model.answers import ConflictAnswer, CredentialAnswer, DoorHours, EffectAnswer, FallbackAnswer, Hours
from hub.model.booking import Booking, Holder
from hub.model.ladder import Ended
from hub.model.notifying import BOOKER
from hub.model.plan import Claim, Plan, TargetKey, TargetKind
from hub.model.states import Delivery, Effect, Proof, Record
from hub.planner.fold import AWAITED, NO_WINDOWS, Spans, listed_in
from hub.planner.lines import PLAIN, LineRule, least
from hub.planner.rules import Timing
from hub.planner.sharing import is_shared
from hub.service.asking.asked import Asked
from hub.service.asking.conflicts import Conflict
from hub.service.words.saying import Language
from hub.service.words.sentences import in_language
from hub.store.claims import Part
from hub.store.ladders import Rung
from hub.store.shown import Seen

HIDDEN = "********"
"""Stands for a card's number."""


class Standing(NamedTuple):
    """How one target stands for one booking. Times in microseconds."""

    target: TargetKey
    state: Effect | Record
    delivery: Delivery
    proof: Proof | None
    expected: int
    detail: str | None

    def answer(self, language: Language = "en") -> EffectAnswer:
        """The same, for a caller."""
        return EffectAnswer(
            target="/".join(self.target),
            state=self.state,
            delivery=self.delivery,
            proof=self.proof,
            detail=in_language(self.detail, language),
            expected_at=moment(self.expected),
        )


def moment(at: int | None) -> datetime | None:
    """A stored time for a caller; None for none and for never."""
    return None if at is None or at >= NEVER else instant(at)


def planned(plan: Plan, timing: Timing, *, now: int) -> list[Standing]:
    """How the effects of a booking stand that has just been accepted for the first time."""
    wakes: dict[TargetKey, int] = {}
    for claim in plan.claims:
        if claim.ends > now:
            wake = timing.sent_at(claim, now)
            known = wakes.get(claim.target)
            wakes[claim.target] = wake if known is None or wake < known else known
    standing = [Standing(target, Effect.PLANNED, _when(wake, now), None, wake, None) for target, wake in wakes.items()]
    return standing + [Standing(r.target, Record.PLANNED, Delivery.DUE, None, now, None) for r in plan.records]


def _when(wake: int, now: int) -> Delivery:
    return Delivery.DUE if wake <= now else Delivery.WAITING


def standings(asked: Asked, lanes: Mapping[int, Seen], timing: Timing, *, now: int) -> list[Standing]:
    """How each target that the booking has ever asked something of stands for it."""
    return list(one_by_one(asked, lanes, timing, now=now))


def one_by_one(asked: Asked, lanes: Mapping[int, Seen], timing: Timing, *, now: int) -> Iterator[Standing]:
    """The same, for whoever may have heard enough of the first."""
    claims: dict[TargetKey, list[Claim]] = {}
    for claim in asked.claims.values():
        claims.setdefault(claim.target, []).append(claim)
    for key, target in asked.targets.items():
        if seen := lanes.get(target.lane):
            of_record = target.kind is TargetKind.RECORD
            yield _of_record(key, seen) if of_record else _of_target(key, seen, claims.get(key, []), timing, now)


def _of_record(key: TargetKey, seen: Seen) -> Standing:
    return Standing(key, Record(seen.effect), Delivery(seen.delivery), _proof(seen), seen.due, seen.detail)


def _of_target(key: TargetKey, seen: Seen, claims: Sequence[Claim], timing: Timing, now: int) -> Standing:
    live = [claim for claim in claims if claim.ends > now]
    delivery = _delivery(seen, wanted=bool(live))
    if not live:
        mine = _to_be_removed(seen, delivery, now, withdrawn=not claims)
        return Standing(key, Effect.REMOVING if mine else Effect.REMOVED, delivery, _proof(seen), NEVER, seen.detail)
    awake = [claim for claim in live if not claim.suspended]
    if not awake:
        return Standing(key, Effect.SUSPENDED, delivery, None, NEVER, None)
    wake, due = _awake(awake, timing, now)
    covered = covers(seen.confirmed, due, now, timing.line(key))
    if wake > now and not covered:
        return Standing(key, Effect.PLANNED, Delivery.WAITING, None, wake, None)
    if seen.effect in {Effect.OVERRIDDEN, Effect.LOST}:
        return Standing(key, Effect(seen.effect), delivery, _proof(seen), seen.due, seen.detail)
    if covered:
        return Standing(key, Effect.STANDING, Delivery.CONFIRMED, _proof(seen), NEVER, None)
    return Standing(key, Effect.PLANNED, delivery, None, wake, seen.detail)


def _delivery(seen: Seen, *, wanted: bool) -> Delivery:
    """Where the carrying is, for one booking.

    What failed is `retrying` also in the seconds of the next try. `expired` is what was wanted there last, by
    whomever: whether this booking was the one its history tells.
    """
    delivery = _DELIVERIES[seen.delivery]
    if delivery is Delivery.SENDING and seen.failing_since is not None:
        return Delivery.RETRYING
    if delivery is Delivery.EXPIRED:
        return Delivery.DUE if wanted else Delivery.CONFIRMED
    return delivery


_DELIVERIES = {str(one): one for one in Delivery}
_PROOFS = {str(one): one for one in Proof}
_NOT_GONE = frozenset({Delivery.RETRYING, Delivery.STUCK, Delivery.SENDING, Delivery.DISMISSED})


def _to_be_removed(seen: Seen, delivery: Delivery, now: int, *, withdrawn: bool) -> bool:
    """Whether what nobody claims any more is still to go; a credential also while its connection is paused or shut.

    One that is shared may go on for others: it is rid of this booking's part once its lane is at rest. What was
    withdrawn before its time is not gone before the zone has been told, or needed no telling.
    """
    going = seen.due <= now or delivery in _NOT_GONE
    if is_shared(seen.key):
        return going or delivery is Delivery.DUE
    if seen.kind == TargetKind.CREDENTIAL:
        return going or seen.confirmed not in {None, NO_WINDOWS}
    perhaps_lit = seen.effect == Effect.STANDING or seen.confirmed == "?"
    return going and (seen.effect == Effect.REMOVING or (withdrawn and perhaps_lit))


def _awake(claims: Sequence[Claim], timing: Timing, now: int) -> tuple[int, Sequence[Claim]]:
    """When the first is to be sent, and those that are to be by now: of a season far ahead nothing is due yet."""
    if len(claims) == 1:  # as most have
        return timing.sent_at(claims[0], now), claims
    wakes = [timing.sent_at(claim, now) for claim in claims]
    due = [claim for claim, wake in zip(claims, wakes, strict=True) if wake <= now]
    return min(wakes), due or claims


def _proof(seen: Seen) -> Proof | None:
    return _PROOFS[seen.proof] if seen.proof else None


def covers(confirmed: str | None, claims: Sequence[Claim], now: int, rule: LineRule = PLAIN) -> bool:
    """Whether a confirmed state of their target holds all that the claims may have at a moment."""
    if claims[0].kind is TargetKind.CREDENTIAL:
        return opens(confirmed, claims, now)
    if confirmed is None or confirmed == "?":
        return False
    current = [one for claim in claims if (one := least(claim, rule, now)) is not None]
    _, _, level = confirmed.partition(":")
    return bool(current) and level.isdigit() and int(level) >= max(current)


def opens(confirmed: str | None, asked: Sequence[Claim] | Sequence[Part], now: int) -> bool:
    """Whether a credential's confirmed state opens all that is asked of it at a moment."""
    if confirmed is None or confirmed.startswith(AWAITED) or "[" not in confirmed:
        return False
    windows = listed_in(confirmed[confirmed.index("[") :])
    return all(_opened(one.door, max(one.starts, now), one.ends, windows, now) for one in asked)


def _opened(door: str, starts: int, ends: int, windows: Spans, now: int) -> bool:
    return any(its == door and opens <= starts and ends <= shuts and shuts > now for its, opens, shuts in windows)


def credentials(booking: Booking, plan: Plan, secrets: Mapping[TargetKey, str]) -> list[CredentialAnswer]:
    """What each holder opens doors with; `secrets` holds the values that the caller may see."""
    if not plan.grants:
        return []
    opened = {place: (tuple(map(_door_hours, its)), _hours(its)) for place, its in opening(plan).items()}
    return [
        CredentialAnswer(
            holder=holder.name,
            occasion=occasion,
            kind=holder.credential.kind,
            value=secrets.get(target),
            doors=doors[0],
            window=doors[1],
        )
        for holder, occasion, target in held(booking, plan)
        if (doors := opened.get((occasion, target)))
    ]


def held(booking: Booking, plan: Plan) -> Iterator[tuple[Holder, str, TargetKey]]:
    """Who holds which credential for which occasion."""
    mine: dict[int, list[TargetKey]] = {}
    for grant in plan.grants:
        for place in grant.holders:
            mine.setdefault(place, []).append(grant.target)
    for occasion, places in zip(booking.occasions, plan.holders, strict=False):
        for holder, place in zip(occasion.holders, places, strict=True):
            for target in mine.get(place, ()):
                yield holder, occasion.id, target


def opening(plan: Plan) -> dict[tuple[str, TargetKey], list[Claim]]:
    """The doors of each credential for each occasion."""
    claims: dict[tuple[str, TargetKey], list[Claim]] = {}
    for claim in plan.claims:
        if claim.door:
            claims.setdefault((claim.occasion, claim.target), []).append(claim)
    return claims


def without_card_numbers(booking: Booking) -> Booking:
    """The booking for a caller that may not see what opens doors."""
    occasions = tuple(
        occasion.model_copy(update={"holders": tuple(map(_without_number, occasion.holders))})
        for occasion in booking.occasions
    )
    return booking.model_copy(update={"occasions": occasions})


def _without_number(holder: Holder) -> Holder:
    if holder.credential.number is None:
        return holder
    return holder.model_copy(update={"credential": holder.credential.model_copy(update={"number": HIDDEN})})


def _door_hours(claim: Claim) -> DoorHours:
    return DoorHours(door=claim.door, starts_at=instant(claim.starts), ends_at=instant(claim.ends))


def _hours(claims: list[Claim]) -> Hours:
    first, last = min(claim.starts for claim in claims), max(claim.ends for claim in claims)
    return Hours(starts_at=instant(first), ends_at=instant(last))


def conflicts(found: Iterable[Conflict]) -> tuple[ConflictAnswer, ...]:
    """Bookings in each other's way, for a caller."""
    return tuple(
        ConflictAnswer(
            occasion=one.occasion,
            resource=one.overlap.resource,
            number=one.overlap.number,
            other_occasion=one.overlap.occasion,
            starts_at=instant(one.overlap.starts),
            ends_at=instant(one.overlap.ends),
        )
        for one in found
    )


def fallback(rung: Rung, value: str | None = None) -> FallbackAnswer:
    """What was done instead of a door, for a caller; `value`: the spare code, for one who may see it."""
    return FallbackAnswer(
        occasion=rung.occasion,
        resource=rung.resource,
        rung="spare_code" if rung.is_spare else "tell",
        role=rung.role or BOOKER,
        given_at=instant(rung.given_at),
        ended_at=moment(rung.ended_at),
        why=Ended(rung.why) if rung.why else None,
        value=value,
    )


def unserved(plan: Plan) -> tuple[str, ...]:
    """What there is no connection for, in words."""
    return tuple(f"{one.capability}: {one.what}" for one in plan.unserved)
