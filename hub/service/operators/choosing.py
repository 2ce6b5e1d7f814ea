"""Which deliveries an operator means, and how each is shown."""

from collections.abc import Collection
from typing import NamedTuple

from hub.errors import NotFoundError
from hub.masking import quoted
from hub.model.plan import TargetKind
from hub.model.standing import DeliveryAnswer
from hub.model.states import Delivery, Effect, Proof, Record
from hub.planner.rules import Rules
from hub.service.asking.asked import Asked
from hub.service.standing.showing import moment
from hub.service.words.saying import Language
from hub.service.words.sentences import in_language
from hub.store import bookings, shown
from hub.store.engine.database import Connection
from hub.store.shown import Filter, Seen

_OWN = frozenset({TargetKind.CREDENTIAL, TargetKind.RECORD})
"""What is one booking's alone."""


class Wish(NamedTuple):
    """Which deliveries are meant; all that is told holds of them. `before`: they are due earlier, microseconds."""

    state: Delivery | None = None
    connection: str | None = None
    resource: str | None = None
    before: int | None = None
    id: int | None = None


def chosen_by(connection: Connection, rules: Rules, wish: Wish, states: Collection[Delivery] | None) -> Filter:
    """The wish as a filter of lanes, within some states or within all. Raises NotFoundError."""
    deliveries: Collection[Delivery] | None = states
    if wish.state is not None:
        deliveries = {wish.state} if states is None else {wish.state} & set(states)
    ids = None if wish.resource is None else _of_resource(connection, rules, wish.resource)
    if wish.id is not None:
        ids = {wish.id} if ids is None else ids & {wish.id}
    return Filter(deliveries, wish.connection, wish.before, ids)


def _of_resource(connection: Connection, rules: Rules, resource: str) -> set[int]:
    """The lanes of a resource: its zones, and all that is its bookings' own."""
    ruled = rules.resources.get(resource)
    if ruled is None:
        msg = f"no resource {quoted(resource)} in {rules.municipality}"
        raise NotFoundError(msg)
    zones = (shown.with_key(connection, rules.municipality, *zone.target) for zone in ruled.zones)
    found = {zone.id for zone in zones if zone}
    for asked in bookings.naming(connection, rules.municipality, resource):
        found |= {target.lane for target in Asked.from_json(asked).targets.values() if target.kind in _OWN}
    return found


def name(seen: Seen) -> str:
    """What a lane leads to."""
    return f"{seen.connection}/{seen.key}"


def answer(seen: Seen, language: Language = "en") -> DeliveryAnswer:
    """A lane, for a caller."""
    state: Effect | Record = Record(seen.effect) if seen.kind == "record" else Effect(seen.effect)
    return DeliveryAnswer(
        id=seen.id,
        target=name(seen),
        kind=seen.kind,
        state=state,
        delivery=Delivery(seen.delivery),
        proof=Proof(seen.proof) if seen.proof else None,
        generation=seen.generation,
        attempts=seen.attempts,
        due_at=moment(seen.due),
        confirmed_at=moment(seen.confirmed_at),
        failing_since=moment(seen.failing_since),
        detail=in_language(seen.detail, language),
        problem=seen.problem,
    )
