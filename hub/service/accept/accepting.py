"""The accepting transaction: a group of bookings becomes claims, records, generations and events, or nothing at all.

Nothing is folded here: a hall has a season of claims. The locks are taken once for the whole group, bookings first,
then every target in one sorted upsert. Order of arrival decides revisions.
"""

from enum import StrEnum, auto
from itertools import groupby
from typing import NamedTuple

from hub.model.audit import Act
from hub.model.booking import Status
from hub.model.events import EventType
from hub.model.plan import TargetKey
from hub.service.accept import effective
from hub.service.accept.releasing import released
from hub.service.accept.writing import Writing
from hub.service.asking.asked import Target
from hub.service.asking.changes import Change, Given, change
from hub.service.asking.conflicts import Arrival, Conflict
from hub.service.asking.preparing import Accept
from hub.service.audit.auditing import Auditing, Note
from hub.service.doors import laddering
from hub.service.telling import news
from hub.store import bookings, configurations, events, protected
from hub.store.bookings import Known
from hub.store.engine import places
from hub.store.engine.database import Connection, Later
from hub.store.events import Event
from hub.store.seals.sealing import Seal


class Outcome(StrEnum):
    """What became of a request."""

    ACCEPTED = auto()
    UNCHANGED = auto()
    """The same again, or a new revision that changes no effect."""
    SUPERSEDED = auto()
    REVISION_CONFLICT = auto()
    MOVED = auto()
    """Something else stands than what a dry run stood on: nothing was done."""
    STALE = auto()
    """Planned with a configuration that is no longer current: plan again."""
    PROTECTED = auto()
    """Its customer is protected, and it says more of them than may be kept: prepare it again."""


STANDS = frozenset({Outcome.ACCEPTED, Outcome.UNCHANGED})
"""What was sent stands now, and so may be in another's way."""


class Replanned(StrEnum):
    """What became of a booking that stands, when closures or the configuration changed."""

    CHANGED = auto()
    KEPT = auto()
    STALE = auto()
    """Prepared with closures or a configuration that are no longer current: prepare it again."""


class Accepted(NamedTuple):
    """The answer to one request; known only when it is on disk."""

    outcome: Outcome
    revision: int
    targets: dict[TargetKey, Target]
    conflicts: tuple[Conflict, ...] = ()
    changed: bool = False
    """Whether any effect had to change."""
    new: bool = False
    """Whether the booking was not known before."""
    codes: tuple[tuple[TargetKey, Given], ...] = ()
    """The secrets of the credentials that it touched; of a new booking, of all."""


class Accepting:
    """Judges, has written, and answers."""

    def __init__(self, seal: Seal) -> None:
        self._writing, self._auditing = Writing(seal), Auditing(seal)

    def accept(self, connection: Connection, group: list[Accept]) -> Later[list[Accepted]]:
        """Judge each request in order of arrival, write what the last accepted of each booking asks for, and answer."""
        _hold(connection, group)
        current = configurations.bases_later(connection)
        known = _known(connection, group)
        outcomes, latest = _judged(group, known, current(), _protected(connection, group))
        changes = {key: change(request, known.get(key)) for key, request in latest.items()}
        note = self._auditing.begin(connection, _notes(group, outcomes, set(known)))
        owing: frozenset[int] = frozenset()
        if changes:
            owing = self._writing.write(connection, list(changes.values()))
            _tell(connection, group, outcomes)
            if freed := [one for one in changes.values() if one.before.uses - one.request.uses]:
                events.append(connection, released(connection, freed))
            events.append(connection, effective.of_changes(connection, changes.values()))
        note()
        asked = [(n, r) for n, (r, o) in enumerate(zip(group, outcomes, strict=True)) if o in STANDS]
        conflicts = _arrival(group, outcomes, changes).conflicts_later(connection, asked)

        def told() -> list[Accepted]:
            met = conflicts()
            return [
                _answer(request, outcome, known.get(key := _key(request)), changes.get(key), owing, met.get(n, ()))
                for n, (request, outcome) in enumerate(zip(group, outcomes, strict=True))
            ]

        return told

    def replan(self, connection: Connection, group: list[Accept]) -> list[Replanned]:
        """Plan bookings that stand anew, with other closures or another configuration; says which of them changed.

        A booking of which a newer revision has come stays as it is: whoever accepted it planned it with what is
        current. One that was prepared with what is not current must be prepared again.
        """
        _hold(connection, group)
        known, current = _known(connection, group), configurations.bases(connection)
        outcomes, changed, held = [], [], []
        for request in group:
            stands = known.get(_key(request))
            made = change(request, stands) if stands and stands.revision == request.revision else None
            fresh = current.get(request.municipality) == request.rules.basis
            if fresh and made and made.is_any:
                changed.append(made)
                outcomes.append(Replanned.CHANGED)
            else:
                held += [made] if fresh and made else []
                outcomes.append(Replanned.KEPT if fresh else Replanned.STALE)
        if changed:
            self._writing.write(connection, changed, replanned=True)
            events.append(connection, [_suspension(one) for one in changed if _is_told(one)])
        news.note(connection, [one for one in held if not one.request.effects_only])
        laddering.watch(connection, [one for one in held if one.request.effects_only])
        return outcomes


def _hold(connection: Connection, group: list[Accept]) -> None:
    """Their bookings, also those that are not there yet; configurations and closures stay as they are meanwhile."""
    connection.hold([places.booking(*_key(request)) for request in group], share=[places.EVERYTHING])


def _is_told(one: Change) -> bool:
    """Another configuration suspends nothing; closures do."""
    return bool(one.removed or one.added) and not one.request.effects_only


def _suspension(one: Change) -> Event:
    """Told once for each booking that a closure, or its lifting, changed."""
    request = one.request
    suspended = any(claim.suspended for claim in one.now.values())
    type_ = EventType.BOOKING_SUSPENDED if suspended else EventType.BOOKING_RESUMED
    return Event(request.municipality, type_, request.number, f'{{"revision":{request.revision}}}', request.now)


def _key(request: Accept) -> tuple[str, str]:
    return request.municipality, request.number


def _known(connection: Connection, group: list[Accept]) -> dict[tuple[str, str], Known]:
    found: dict[tuple[str, str], Known] = {}
    for town, requests in groupby(sorted(group, key=_key), key=lambda request: request.municipality):
        numbers = sorted({request.number for request in requests})
        found |= {(town, number): known for number, known in bookings.known(connection, town, numbers).items()}
    return found


def _protected(connection: Connection, group: list[Accept]) -> set[tuple[str, str]]:
    """(municipality, person) of customers that are protected; nothing is asked where nobody is told of by number."""
    asked: dict[str, set[str]] = {}
    for request in group:
        if not request.guarded:
            asked.setdefault(request.municipality, set()).add(request.person)
    return {(town, person) for town, persons in asked.items() for person in protected.among(connection, town, persons)}


def _judged(
    group: list[Accept],
    known: dict[tuple[str, str], Known],
    current: dict[str, tuple[int, int]],
    flagged: set[tuple[str, str]],
) -> tuple[list[Outcome], dict[tuple[str, str], Accept]]:
    """The outcome of each, and the last accepted request of each booking."""
    stand = {key: (one.revision, one.content) for key, one in known.items()}
    latest: dict[tuple[str, str], Accept] = {}
    outcomes = []
    for request in group:
        key = _key(request)
        outcome = _judge(stand.get(key), request)
        if current.get(request.municipality) != request.rules.basis:
            outcome = Outcome.STALE
        elif not request.guarded and (request.municipality, request.person) in flagged:
            outcome = Outcome.PROTECTED
        if outcome is Outcome.ACCEPTED:
            stand[key] = (request.revision, request.content)
            latest[key] = request
        outcomes.append(outcome)
    return outcomes, latest


def judged(known: Known | None, request: Accept) -> Outcome:
    """What would become of a request, were it alone."""
    return _judge((known.revision, known.content) if known else None, request)


def _judge(stand: tuple[int, bytes] | None, request: Accept) -> Outcome:
    if request.expected is not None and (stand[0] if stand else 0) != request.expected:
        return Outcome.MOVED
    if stand is None or request.revision > stand[0]:
        return Outcome.ACCEPTED
    if request.revision < stand[0]:
        return Outcome.SUPERSEDED
    if request.content == stand[1] or request.as_before() == stand[1]:
        return Outcome.UNCHANGED
    return Outcome.REVISION_CONFLICT


def _tell(connection: Connection, group: list[Accept], outcomes: list[Outcome]) -> None:
    events.append(
        connection,
        [
            Event(
                r.municipality,
                EventType.BOOKING_ACCEPTED,
                r.number,
                f'{{"revision":{r.revision},"status":"{r.status}"}}',
                r.now,
            )
            for r, outcome in zip(group, outcomes, strict=True)
            if outcome is Outcome.ACCEPTED
        ],
    )


def _notes(group: list[Accept], outcomes: list[Outcome], seen: set[tuple[str, str]]) -> list[Note]:
    """What the audit tells of a group: what was changed, and to whom codes were shown. `seen`: known before."""
    notes = []
    for request, outcome in zip(group, outcomes, strict=True):
        shows = request.actor.shown and bool(request.plan.grants)
        if outcome is Outcome.ACCEPTED:
            act = _act(request, known=_key(request) in seen)
            seen.add(_key(request))
        elif outcome is Outcome.UNCHANGED and shows:
            act = Act.CODES_SHOWN
        else:
            continue
        told = f'{{"revision":{request.revision}{_SHOWN if shows else ""}}}'
        notes.append(Note(request.municipality, act, request.number, request.now, told, request.actor))
    return notes


_SHOWN = ',"codes":"shown"'


def _act(request: Accept, *, known: bool) -> Act:
    if request.status is Status.CANCELLED:
        return Act.BOOKING_CANCELLED
    return Act.BOOKING_CHANGED if known else Act.BOOKING_ACCEPTED


def _answer(
    request: Accept,
    outcome: Outcome,
    known: Known | None,
    made: Change | None,
    owing: frozenset[int],
    conflicts: tuple[Conflict, ...],
) -> Accepted:
    """`owing`: the bookings that cost otherwise than before."""
    if made is not None and outcome is Outcome.ACCEPTED:
        new, codes = made.known is None, tuple(made.codes.items())
        otherwise = made.id in owing or made.records != made.before.records
        changed = new or otherwise or bool(made.removed or made.added)
        return Accepted(outcome, request.revision, made.targets, conflicts, changed, new, codes)
    revision = made.request.revision if made else known.revision if known else request.revision
    return Accepted(outcome, revision, {}, conflicts)


def _arrival(group: list[Accept], outcomes: list[Outcome], changes: dict[tuple[str, str], Change]) -> Arrival:
    """Where each of the group's bookings was, request by request."""
    arrival = Arrival()
    for key, one in changes.items():
        if one.known is not None:
            arrival.stood(key, one.before.uses)
    for n, (request, outcome) in enumerate(zip(group, outcomes, strict=True)):
        if outcome is Outcome.ACCEPTED:
            arrival.came(n, _key(request), request.uses)
    return arrival
