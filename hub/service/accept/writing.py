"""Writing what accepted bookings change: lanes first, in one order for all groups, then what leans on them."""

from hub.clock import DAY
from hub.model.credential import Method
from hub.model.plan import Grant, TargetKey, TargetKind
from hub.planner.sharing import is_seasonal, is_shared
from hub.service.asking.asked import Target
from hub.service.asking.changes import Change, raises
from hub.service.documents import registering
from hub.service.doors import allocating, laddering
from hub.service.doors.allocating import Ahead, Wanted
from hub.service.money import charging
from hub.service.telling import news
from hub.store import bookings, claims, codes, lanes, occupancy, waking
from hub.store.claims import ClaimRow
from hub.store.codes import Code, Rest
from hub.store.engine.database import Connection
from hub.store.occupancy import Place
from hub.store.seals.sealing import Seal

_CREDENTIAL = TargetKind.CREDENTIAL
_REST = 30 * DAY
"""How long the secret of a cancelled booking rests: the booking may come back, and its code may be known."""


class Writing:
    """Part of the accepting transaction."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal

    def write(self, connection: Connection, changes: list[Change], *, replanned: bool = False) -> frozenset[int]:
        """Write a group of changes, each booking once; gives the ids of those that cost otherwise than before.

        What is planned anew costs nobody anything.
        """
        raised, new = raises(changes), [one for one in changes if one.known is None]
        numbers = bookings.ids_later(connection, len(new))
        ahead = allocating.Ahead(connection, _drawable(new), self._seal)
        ids = lanes.raise_all(connection, raised)
        fresh = set()
        by_place = {}
        for lane, (id_, generation) in zip(raised, ids, strict=True):
            by_place[lane.municipality, TargetKey(lane.connection, lane.key)] = Target(id_, lane.kind)
            if generation == 1:
                fresh.add(id_)
        for one in changes:
            _learn(one, by_place)
        for one, id_ in zip(new, numbers(), strict=True):
            one.id = id_
        _write_bookings(connection, changes)
        _write_claims(connection, changes)
        self._write_codes(connection, changes, fresh, ahead)
        _write_uses(connection, changes)
        registering.keep_documents(connection, changes)
        laddering.watch(connection, changes)
        news.note(connection, [one for one in changes if not one.request.effects_only])
        return frozenset() if replanned else charging.charge(connection, changes)

    def _write_codes(self, connection: Connection, changes: list[Change], fresh: set[int], ahead: Ahead) -> None:
        """Secrets that nobody wants any more rest; credentials that are wanted get one."""
        wanted: list[tuple[Change, Wanted]] = []
        resting: list[Rest] = []
        for one in changes:
            touched = {claim.target for claim in (*one.removed, *one.added)}
            mine = [w for w in _wanted(one) if w.grant.target in touched]
            wanted += [(one, w) for w in mine]
            gone = [key for key in touched - {w.grant.target for w in mine} if one.targets[key].kind is _CREDENTIAL]
            if gone:
                resting += _resting(one, gone)
        if resting:
            codes.rest(connection, _unclaimed(connection, resting))
        if not wanted:
            return
        asked = [w for _, w in wanted]
        known = _known_codes(connection, [w for w in asked if w.lane not in fresh])
        given = allocating.allocate(connection, asked, known, self._seal, ahead)
        for one, w in wanted:
            if w.lane in given:
                one.codes[w.grant.target] = given[w.lane]
        redrawn = [w for w in asked if w.lane in known and given[w.lane].code.version != known[w.lane].version]
        waking.hurry(connection, [(w.now, w.municipality, w.lane) for w in redrawn])


def _known_codes(connection: Connection, wanted: list[Wanted]) -> dict[int, Code]:
    """The secrets that these credentials have."""
    found: dict[int, Code] = {}
    for town in sorted({w.municipality for w in wanted}):
        found |= codes.of_lanes(connection, town, [w.lane for w in wanted if w.municipality == town])
    return found


def _resting(one: Change, gone: list[TargetKey]) -> list[Rest]:
    """Of credentials that the booking wants no more; an association's code stays its own for the season."""
    now = one.request.now
    quarantine = max((grant.quarantine for grant in one.request.plan.grants), default=_REST)
    town = one.request.municipality
    return [
        Rest(now, now + quarantine, town, one.targets[key].lane, is_shared(key.key))
        for key in sorted(gone)
        if not is_seasonal(key.key)
    ]


def _unclaimed(connection: Connection, resting: list[Rest]) -> list[Rest]:
    """Without the cards and phones that another booking claims: theirs stay as they are."""
    shared: dict[str, list[int]] = {}
    for one in resting:
        if one.shared:
            shared.setdefault(one.municipality, []).append(one.lane)
    if not shared:
        return resting
    now = resting[0].now
    held = {(town, lane) for town, lanes in shared.items() for lane in claims.claimed(connection, town, lanes, now=now)}
    return [one for one in resting if (one.municipality, one.lane) not in held]


def _learn(one: Change, by_place: dict[tuple[str, TargetKey], Target]) -> None:
    town = one.request.municipality
    touched = {claim.target for claim in (*one.removed, *one.added)} | one.records - one.before.records
    one.targets |= {key: by_place[town, key] for key in sorted(touched)}


def _write_bookings(connection: Connection, changes: list[Change]) -> None:
    """Before the claims, which hold the bookings' ids."""
    new = [one for one in changes if one.known is None]
    bookings.insert(connection, [(one.id, one.request.municipality, one.request.number, *_columns(one)) for one in new])
    if old := sorted((one for one in changes if one.known is not None), key=lambda one: one.id):
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
        r.person,
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


def _drawable(new: list[Change]) -> list[tuple[str, Grant]]:
    """The grants of bookings that are new for which a secret is drawn, unless their lanes have one already."""
    return [
        (one.request.municipality, grant)
        for one in new
        for grant in one.request.plan.grants
        if not grant.value
        and not (grant.target.connection in one.request.rules.own_pins and grant.method is Method.PIN)
    ]


def _wanted(one: Change) -> list[Wanted]:
    by_target: dict[TargetKey, list[tuple[int, int]]] = {}
    for claim in one.now.values():
        by_target.setdefault(claim.target, []).append((claim.starts, claim.ends))
    town, horizons, own_pins = one.request.municipality, one.request.rules.horizons, one.request.rules.own_pins
    wanted = []
    for grant in one.request.plan.grants:
        spans = by_target.get(grant.target)
        if not spans:
            continue
        if grant.season:
            spans.append(grant.season)
        starts = min(starts for starts, _ in spans) - horizons.get(grant.target.connection, 0)
        ends, own = max(ends for _, ends in spans), grant.target.connection in own_pins
        lane = one.targets[grant.target].lane
        wanted.append(Wanted(town, lane, grant, starts, ends, one.request.now, own_pins=own))
    return wanted


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
