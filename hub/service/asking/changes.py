"""What a new revision changes, booking by booking, and for the whole group in one order of locks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from hub.clock import MINUTE, NEVER, SECOND
from hub.model.booking import Status
from hub.model.plan import Claim, RecordWish, TargetKey, TargetKind
from hub.model.states import Delivery
from hub.planner.fold import wakes
from hub.planner.lines import PLAIN
from hub.planner.notifying import following
from hub.planner.registering import following_documents
from hub.planner.sharing import is_shared
from hub.service.asking.asked import Asked, Key, Target, claims_of
from hub.service.asking.preparing import Accept
from hub.store.bookings import Known
from hub.store.codes import Code
from hub.store.lanes import Raise

_DUE, _WAITING = Delivery.DUE, Delivery.WAITING
_NOTHING = frozenset[TargetKey]()
_GRACE = 2 * MINUTE
"""How long a grant that a booking moves away from waits for the new one; no longer, whatever became of that."""
_BREATH = 10 * SECOND
"""How long a card waits for its lock to forget it under its old key."""


class Given(NamedTuple):
    """A credential's secret as it is kept, sealed."""

    code: Code
    value: str | None = None
    """The secret itself, where it was made just now: whoever may see it need not have it opened."""

    def __repr__(self) -> str:
        """Without the secret."""
        return f"Given({self.code!r})"


@dataclass
class Change:
    """One accepted booking: what it asked for before, what it asks for now, and so what must be written."""

    request: Accept
    known: Known | None
    before: Asked
    now: dict[Key, Claim]
    removed: list[Claim]
    added: list[Claim]
    wishes: tuple[RecordWish, ...]
    """The records that are wanted now."""
    id: int = 0
    targets: dict[TargetKey, Target] = field(default_factory=dict)
    """Filled when lanes are raised: every target, by key, that the booking has ever asked something of."""
    codes: dict[TargetKey, Given] = field(default_factory=dict)
    """Filled when codes are given: the secret of each credential that the change touched."""

    @property
    def records(self) -> frozenset[TargetKey]:
        """The targets of the records that are wanted now."""
        return frozenset([wish.target for wish in self.wishes]) if self.wishes else _NOTHING

    @property
    def is_any(self) -> bool:
        """Whether anything is another than it was."""
        lacks = self.known is not None and self.known.unserved != self.request.unserved
        return bool(self.removed or self.added or self.records != self.before.records or lacks)

    def asked(self) -> Asked:
        """What is kept with the booking."""
        return Asked(self.targets, self.now, self.request.uses, self.records)


def change(request: Accept, known: Known | None) -> Change:
    """Compare by key and content; claims that stay as they are touch nothing."""
    before = Asked.from_json(known.asked) if known else Asked()
    now = claims_of(request.plan)
    if request.effects_only:
        now = _from_now_on(before.claims, now, at=request.now)
    removed = [claim for key, claim in before.claims.items() if now.get(key) != claim]
    added = [claim for key, claim in now.items() if before.claims.get(key) != claim]
    id_, wishes = known.id if known else 0, _wishes(request, before)
    return Change(request, known, before, now, removed, added, wishes, id_, dict(before.targets))


def _from_now_on(before: dict[Key, Claim], now: dict[Key, Claim], *, at: int) -> dict[Key, Claim]:
    """What is over stays as it was, and nothing is asked for that would be over."""
    over = {key: claim for key, claim in before.items() if claim.ends <= at}
    return over | {key: claim for key, claim in now.items() if claim.ends > at and key not in over}


def _wishes(request: Accept, before: Asked) -> tuple[RecordWish, ...]:
    """The plan's records, and what follows from those before."""
    if request.effects_only:
        return tuple(RecordWish(target, "") for target in sorted(before.records))
    if not request.plan.records and not before.records:
        return ()
    cancelled, rules, wishes = request.status is Status.CANCELLED, request.rules.notifying, request.plan.records
    if before.records:
        wishes = following(request.plan, before.records, request.number, request.revision, rules, cancelled=cancelled)
    mark = request.rules.mark
    return following_documents(wishes, before.records, request.number, mark, cancelled=cancelled)


def raises(changes: list[Change]) -> list[Raise]:
    """Each target that a group of changes touches, once, in one order for all groups.

    `due` is the first moment when a changed claim can matter; it may be early, never late.
    """
    wanted: dict[tuple[str, str, str], Raise] = {}
    for one in changes:
        for raised in _raised(one) + _recorded(one):
            place = raised[:3]
            known = wanted.get(place)
            if known is None or raised.due < known.due:
                wanted[place] = raised if known is None else raised._replace(kind=known.kind)
    return [wanted[place] for place in sorted(wanted)]


def _raised(one: Change) -> list[Raise]:
    """The targets of claims, each once; what opens now comes before what opens no more."""
    request, kinds, dues = one.request, dict[TargetKey, TargetKind](), dict[TargetKey, int]()
    (horizons, lines), now = request.rules.timing, request.now
    for claim in (*one.added, *one.removed):
        target, kind = claim.target, claim.kind
        horizon = horizons.get(target.connection, NEVER)
        due = wakes(kind, claim, now=now, horizon=horizon, rule=lines.get(target, PLAIN))
        if (known := dues.get(target)) is None:
            kinds[target], dues[target] = kind, due  # a zone is of the kind that is asked for now
        elif due < known:
            dues[target] = due
    later = _later(one, dues) if one.added and one.removed else {}
    return [
        Raise(request.municipality, *target, kinds[target], None, now + later[target], _DUE)
        if target in later
        else Raise(request.municipality, *target, kinds[target], None, due, _DUE if due <= now else _WAITING)
        for target, due in dues.items()
    ]


def _later(one: Change, dues: Mapping[TargetKey, int]) -> dict[TargetKey, int]:
    """How long credentials wait for one another: what only loses doors just now for what is granted just now.

    The other way round where it is the same card or phone under its new key: no lock takes it twice.
    """
    granted = {claim.target for claim in one.added if claim.kind is TargetKind.CREDENTIAL}
    lost = {claim.target for claim in one.removed if claim.kind is TargetKind.CREDENTIAL} - granted
    new, old = ({target for target in some if dues[target] <= one.request.now} for some in (granted, lost))
    twice = {(target, other) for target in new for other in old if _same_thing(target, other)}
    behind = dict.fromkeys(old - {other for _, other in twice}, _GRACE) if new else {}
    return behind | {target: _BREATH for target, _ in twice}


def _same_thing(new: TargetKey, old: TargetKey) -> bool:
    """Whether it is one card or phone: before version 0.6 its key had the booking's number, too."""
    same_mark = new.key.partition("~")[2] == old.key.partition("~")[2]
    return same_mark and new.connection == old.connection and is_shared(new.key) and "~" in old.key


def _recorded(one: Change) -> list[Raise]:
    """The records that are new, and those that are wanted no more."""
    if not one.wishes and not one.before.records:
        return []
    request, found = one.request, []
    for record in one.wishes:
        if record.target not in one.before.records:
            town = request.municipality
            found.append(Raise(town, *record.target, TargetKind.RECORD, record.body, request.now, Delivery.DUE))
    for target in one.before.records - one.records:
        raised = Raise(request.municipality, *target, TargetKind.RECORD, None, request.now, Delivery.DUE, wanted=0)
        found.append(raised)
    return found
