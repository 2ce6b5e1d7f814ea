"""What a booking asked for and never got: told from the history of its lanes, which themselves go on to others."""

from collections.abc import Container, Iterable, Iterator

from hub.model.plan import Claim, TargetKey
from hub.model.states import Delivery, Effect
from hub.planner.fold import NO_WINDOWS, RELEASE
from hub.service.asking.asked import Asked
from hub.service.standing.showing import Standing, covers
from hub.store import deliveries
from hub.store.deliveries import Stood
from hub.store.engine.database import Connection


def expired(connection: Connection, municipality: str, asked: Asked, *, now: int) -> frozenset[TargetKey]:
    """Targets whose last claim of the booking's ended before it was ever carried out, and was reported so."""
    last = {claim.target: claim for claim in sorted(asked.claims.values(), key=lambda claim: claim.ends)}
    over = [(asked.targets[claim.target].lane, claim) for claim in last.values() if claim.ends <= now]
    return frozenset(claim.target for lane, claim in over if _expired(connection, municipality, lane, claim))


def _expired(connection: Connection, municipality: str, lane: int, claim: Claim) -> bool:
    if not deliveries.has_expired(connection, municipality, lane, since=claim.ends):
        return False
    stood = deliveries.stood(connection, municipality, lane, before=claim.ends)
    return not any(_fulfils(one, claim) for one in stood)


def _fulfils(stood: Stood, claim: Claim) -> bool:
    """Whether it was there for a moment at least; what a look found was as it should be just then."""
    moment = max(stood.since, claim.starts)
    if stood.state in {RELEASE, NO_WINDOWS} or moment >= min(stood.until, claim.ends):
        return False
    return stood.state is None or covers(stood.state, [claim], moment)


def with_expired(standing: Iterable[Standing], over: Container[TargetKey]) -> Iterator[Standing]:
    """The same, with those that are at rest now told as expired."""
    for one in standing:
        yield one._replace(delivery=Delivery.EXPIRED) if one.target in over and one.state is Effect.REMOVED else one
