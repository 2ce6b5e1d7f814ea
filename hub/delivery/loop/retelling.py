"""A code that became another while it stood: whoever was told the old one is told the new.

The lock chose it, or it is shared and another booking's change had it drawn anew. What was told is done; so the message
about the code is followed by another of the same revision, which tells nothing if it turns out that all is known.
"""

from collections.abc import Iterator, Sequence

from hub.delivery.errands.outcomes import Outcome
from hub.delivery.loop.shared import version_of
from hub.model.notice_record import NoticeBody, credential_mark
from hub.model.notifying import BOOKER
from hub.model.plan import TargetKind
from hub.model.states import Delivery
from hub.planner.sharing import is_shared
from hub.service.asking.asked import Asked
from hub.store import bookings, claims, lanes
from hub.store.engine.database import Connection
from hub.store.lanes import Raise

TO_BOOKER = f".{BOOKER}"
"""Ends the key of each message to a booker, among what its booking asks for."""


def tell_anew(
    connection: Connection, town: str, outcomes: Sequence[Outcome], behind: Sequence[Sequence[int]], *, now: int
) -> None:
    """Have it told to the bookers behind each credential whose code is another now."""
    wanted: set[Raise] = set()
    for outcome, ids in zip(outcomes, behind, strict=True):
        if _is_another(outcome):
            wanted |= set(_raised(connection, town, outcome, ids, now))
    if wanted:
        lanes.raise_all(connection, sorted(wanted))


def _is_another(outcome: Outcome) -> bool:
    lane = outcome.lane
    if lane.kind is not TargetKind.CREDENTIAL or outcome.delivery is not Delivery.CONFIRMED:
        return False
    if outcome.made_up is not None:
        return outcome.made_up.version > 1
    before, after = version_of(lane.confirmed), version_of(outcome.state)
    return is_shared(lane.key) and bool(before and after) and before != after


def _raised(connection: Connection, town: str, outcome: Outcome, ids: Sequence[int], now: int) -> Iterator[Raise]:
    """Also of bookings so far ahead that their doors were not told of yet: their code may have been."""
    lane, turn = outcome.lane, version_of(outcome.state)
    ahead = claims.bookings_ahead(connection, town, lane.id, now=now) if is_shared(lane.key) else ids
    numbers, mark = bookings.numbers(connection, town, ahead), credential_mark(lane.connection, lane.key)
    for id_, text in bookings.asked(connection, town, ahead).items():
        for target in Asked.from_json(text).records if TO_BOOKER in text else ():
            body = NoticeBody.of_key(numbers[id_], target.key)
            if body is not None and body.code == mark and body.role == BOOKER:
                new = body._replace(turn=turn)
                yield Raise(town, target.connection, new.key, TargetKind.RECORD, new.to_json(), now, Delivery.DUE)
