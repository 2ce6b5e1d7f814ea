"""What a carrying of a credential that several bookings share means for each of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from json.encoder import encode_basestring_ascii as quoted

from hub.delivery.errands.outcomes import UNKNOWN, Outcome
from hub.model.events import EventType
from hub.model.plan import TargetKind
from hub.model.states import Delivery
from hub.planner.fold import AWAITED, NO_WINDOWS
from hub.planner.sharing import is_shared
from hub.service.standing.showing import opens
from hub.store import claims
from hub.store.bookings import Told
from hub.store.claims import Part
from hub.store.engine.database import Connection
from hub.store.events import Event

Share = Sequence[Part]
"""What one booking asks for of the credential, as far ahead as its lock is told."""


def parts_of(
    connection: Connection, town: str, outcomes: Iterable[Outcome], horizons: Mapping[str, int], now: int
) -> dict[int, Mapping[int, Share]]:
    """By lane, of those that are shared: each booking's share."""
    lanes: dict[str, list[int]] = {}
    for one in outcomes:
        if one.lane.kind is TargetKind.CREDENTIAL and is_shared(one.lane.key):
            lanes.setdefault(one.lane.connection, []).append(one.lane.id)
    found: dict[int, Mapping[int, Share]] = {}
    for name, ids in lanes.items():
        until = now + horizons.get(name, 0)
        for lane, parts in claims.parts(connection, town, ids, now=now, until=until).items():
            found[lane] = _by_booking(parts)
    return found


def _by_booking(parts: Iterable[Part]) -> Mapping[int, Share]:
    by_booking: dict[int, list[Part]] = {}
    for part in parts:
        by_booking.setdefault(part.booking, []).append(part)
    return by_booking


def opened(outcome: Outcome, shares: Mapping[int, Share], now: int) -> dict[int, EventType]:
    """The bookings whose doors it opens as it did not before, or with another code."""
    before, after = outcome.lane.confirmed, outcome.state
    another = version_of(before) != version_of(after)
    found: dict[int, EventType] = {}
    for id_, share in shares.items():
        live = [part for part in share if not part.suspended]
        if not live or not opens(after, live, now):
            continue
        if not opens(before, live, now):
            found[id_] = EventType.CREDENTIAL_READY
        elif another:
            found[id_] = EventType.CREDENTIAL_CHANGED
    return found


def events(outcome: Outcome, shares: Mapping[int, Share], known: Mapping[int, Told], now: int) -> Iterator[Event]:
    """Told to each booking that has reason to know; where nobody knew what stood, not again to those that were told."""
    lane = outcome.lane
    if not shares or outcome.delivery is not Delivery.CONFIRMED:
        return
    body = ready(outcome)
    doubt = lane.confirmed == UNKNOWN
    for id_, type_ in opened(outcome, shares, now).items():
        booking = known.get(id_)
        if booking is None:
            continue
        if not doubt or booking.effective != booking.revision:
            yield Event(lane.municipality, type_, booking.number, body, now)
        elif outcome.made_up is not None:
            yield Event(lane.municipality, EventType.CREDENTIAL_CHANGED, booking.number, body, now)


def ready(outcome: Outcome) -> str:
    """The body of an event about a credential that stands. By hand, in a quarter of the time of a library."""
    target, proof = quoted(f"{outcome.lane.connection}/{outcome.lane.key}"), outcome.proof
    return f'{{"target": {target}, "proof": {"null" if proof is None else quoted(proof)}}}'


def version_of(state: str | None) -> str:
    """The version of the secret that stands; empty when none does."""
    if state is None or state == NO_WINDOWS or state.startswith(AWAITED):
        return ""
    return state.partition("[")[0].strip("?")
