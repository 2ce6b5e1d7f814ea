"""Writing what accepted bookings change: lanes first, in one order for all groups, then what leans on them."""

from collections.abc import Sequence

from hub.clock import DAY
from hub.model.plan import TargetKey
from hub.service import allocating, charging, news
from hub.service.allocating import Wanted
from hub.service.asked import Target
from hub.service.changes import Change, raises
from hub.store import bookings, claims, codes, lanes, occupancy
from hub.store.claims import ClaimRow
from hub.store.database import Connection
from hub.store.occupancy import Place
from hub.store.sealing import Seal

_REST = 30 * DAY
"""How long the secret of a cancelled booking rests: the booking may come back, and its code may be known."""


class Writing:
    """Part of the accepting transaction."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal

    def write(self, connection: Connection, changes: list[Change], *, replanned: bool = False) -> None:
        """Write a group of changes, each booking once; what a closure changes costs nobody anything."""
        raised = raises(changes)
        ids = lanes.raise_all(connection, raised)
        fresh = set()
        by_place = {}
        for lane, (id_, generation) in zip(raised, ids, strict=True):
            by_place[lane.municipality, TargetKey(lane.connection, lane.key)] = Target(id_, lane.kind)
            if generation == 1:
                fresh.add(id_)
        for one in changes:
            _learn(one, by_place)
        _write_bookings(connection, changes)
        _write_claims(connection, changes)
        self._write_codes(connection, changes, fresh)
        _withdraw(connection, changes)
        _write_uses(connection, changes)
        news.note(connection, changes)
        if not replanned:
            charging.charge(connection, changes)

    def _write_codes(self, connection: Connection, changes: list[Change], fresh: set[int]) -> None:
        """Credentials that are wanted get a secret; secrets that nobody wants any more rest."""
        for one in changes:
            touched = {claim.target for claim in (*one.removed, *one.added)}
            wanted = [w for w in _wanted(one) if w.grant.target in touched]
            old = [w.lane for w in wanted if w.lane not in fresh]
            town, now = one.request.municipality, one.request.now
            known = codes.of_lanes(connection, town, old) if old else {}
            one.codes = allocating.allocate(connection, wanted, known, self._seal, now=now)
            mine = one.codes.values()
            if redrawn := [c.lane for c in mine if c.lane in known and c.version != known[c.lane].version]:
                lanes.hurry(connection, town, redrawn, now=now)
            if gone := touched - {w.grant.target for w in wanted}:
                quarantine = max((grant.quarantine for grant in one.request.plan.grants), default=_REST)
                codes.rest(connection, [(now + quarantine, town, one.targets[key].lane) for key in gone], now=now)


def _learn(one: Change, by_place: dict[tuple[str, TargetKey], Target]) -> None:
    town = one.request.municipality
    touched = {claim.target for claim in (*one.removed, *one.added)} | one.records - one.before.records
    one.targets |= {key: by_place[town, key] for key in sorted(touched)}


def _write_bookings(connection: Connection, changes: list[Change]) -> None:
    """Before the claims, which hold the bookings' ids."""
    new = [one for one in changes if one.known is None]
    ids = bookings.insert(connection, [(one.request.municipality, one.request.number, *_columns(one)) for one in new])
    for one, id_ in zip(new, ids, strict=True):
        one.id = id_
    if old := [one for one in changes if one.known is not None]:
        bookings.update(connection, [(*_columns(one), one.request.municipality, one.id) for one in old])


def _columns(one: Change) -> tuple[object, ...]:
    r = one.request
    asked = one.asked().to_json()
    return (
        r.revision,
        r.status,
        r.content,
        r.body,
        r.persons,
        asked,
        r.unserved,
        r.rules.version,
        r.accepted_at,
        r.sent_by,
    )


def _write_claims(connection: Connection, changes: list[Change]) -> None:
    gone, come = [], []
    for one in changes:
        town = one.request.municipality
        gone += [(town, one.targets[c.target].lane, c.ends, one.id, c.occasion, c.door) for c in one.removed]
        come += [
            ClaimRow(
                town, one.targets[c.target].lane, c.ends, one.id, c.occasion, c.door, c.starts, c.level, c.suspended
            )
            for c in one.added
        ]
    if gone:
        claims.delete(connection, gone)
    if come:
        claims.insert(connection, come)


def _wanted(one: Change) -> list[Wanted]:
    by_target: dict[TargetKey, list[tuple[int, int]]] = {}
    for claim in one.now.values():
        by_target.setdefault(claim.target, []).append((claim.starts, claim.ends))
    town, horizons, own_pins = one.request.municipality, one.request.rules.horizons, one.request.rules.own_pins
    return [
        Wanted(
            town,
            one.targets[grant.target].lane,
            grant,
            min(starts for starts, _ in spans) - horizons.get(grant.target.connection, 0),
            max(ends for _, ends in spans),
            own_pins=grant.target.connection in own_pins,
        )
        for grant in one.request.plan.grants
        if (spans := by_target.get(grant.target))
    ]


def _withdraw(connection: Connection, changes: Sequence[Change]) -> None:
    lost = [
        (one.request.now, one.request.municipality, one.targets[key].lane)
        for one in changes
        for key in sorted(one.before.records - one.records)
    ]
    if lost:
        lanes.withdraw(connection, lost)


def _write_uses(connection: Connection, changes: list[Change]) -> None:
    gone: list[Place] = []
    come: list[Place] = []
    for one in changes:
        town, before, now = one.request.municipality, one.before.uses, one.request.uses
        gone += [Place(town, use.resource, use.starts, one.id, use.occasion, use.ends) for use in before - now]
        come += [Place(town, use.resource, use.starts, one.id, use.occasion, use.ends) for use in now - before]
    if gone:
        occupancy.delete(connection, gone)
    if come:
        occupancy.insert(connection, come)
