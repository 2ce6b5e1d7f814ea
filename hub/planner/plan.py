"""plan(booking, closures, rules): all claims and records that a booking asks for. Pure: no clock, no chance, no I/O."""

from collections.abc import Iterable
from typing import NamedTuple

from hub.clock import DAY, micros
from hub.model.booking import Booking, Holder, Occasion, Status
from hub.model.credential import Method
from hub.model.facility import Capability, Strategy
from hub.model.plan import NOTHING, Claim, Closure, Grant, Plan, TargetKey, TargetKind, Unserved
from hub.planner.charging import charges
from hub.planner.notifying import Telling, closed_now, telling, uses
from hub.planner.registering import registered
from hub.planner.rules import AccessRule, Rules
from hub.planner.sharing import OUR_MARK, Season, season_of, shared_key, sharer


def number_of(key: str) -> str | None:
    """The booking number in a key that we made for a booking's own credential; None for a shared or another's key."""
    return key.removeprefix(OUR_MARK).partition("~")[0] or None if key.startswith(OUR_MARK) else None


def plan(booking: Booking, closures: Iterable[Closure], rules: Rules) -> Plan:
    """Return what the booking asks for. Equal arguments give equal plans.

    A preliminary one asks for nothing but to be registered; of a cancelled one those are told who may know of it.
    """
    paid = booking.payment.receipt or ""
    if booking.status is Status.CANCELLED:
        gone, (documents, lacking) = (
            telling(booking, rules.notifying),
            registered(booking, rules.registering, rules.mark),
        )
        records = (*gone.records, *documents)
        return NOTHING._replace(records=records, unserved=lacking, news=gone.news, told=gone.told, receipt=paid)
    if booking.status is not Status.CONFIRMED:
        records, lacking = registered(booking, rules.registering, rules.mark)
        return NOTHING._replace(records=records, unserved=lacking, receipt=paid)
    asked = _Asked(booking, tuple(closures), rules)
    for occasion, resource in uses(booking):
        asked.use(occasion, resource)
    asked.lack_of_billing()
    documents, lacking = registered(booking, rules.registering, rules.mark)
    costs = tuple(charges(booking, rules)) if booking.charges else ()
    told = asked.have_told()
    unserved = tuple(dict.fromkeys((*asked.unserved, *lacking, *told.unserved)))
    records = (*told.records, *documents)
    claims, granted, holders = tuple(asked.claims.values()), asked.granted(), asked.holders()
    return Plan(claims, granted, records, unserved, costs, told.news, told.told, holders, paid)


class _Asked:
    """What has been asked for so far; the same claim asked twice is one."""

    def __init__(self, booking: Booking, closures: tuple[Closure, ...], rules: Rules) -> None:
        self.booking, self.closures, self.rules = booking, closures, rules
        self.claims: dict[tuple[str, TargetKey, str], Claim] = {}
        self.grants: dict[TargetKey, _Granted] = {}
        self.unserved: dict[Unserved, None] = {}
        known: dict[Holder, int] = {}
        holders = [holder for occasion in booking.occasions for holder in occasion.holders]
        self._places = {id(holder): known.setdefault(holder, len(known)) for holder in holders}
        """By identity: to hash a holder takes as long as to plan for one."""

    def use(self, occasion: Occasion, resource: str) -> None:
        wanted = self.rules.resources.get(resource)
        if wanted is None:
            return
        starts, ends = micros(occasion.starts_at), micros(occasion.ends_at)
        closed = bool(self.closures) and any(
            c.resource in wanted.related and c.starts < ends and starts < c.ends for c in self.closures
        )
        for zone in wanted.zones:
            level = zone.levels.get(occasion.activity, zone.default)
            self._ask(
                Claim(occasion.id, zone.target, zone.kind, "", starts - zone.lead, ends + zone.lag, level, closed)
            )
        if wanted.access and occasion.holders:
            self._enter(wanted.access, occasion, starts, ends, closed=closed)
        if wanted.unserved_access and occasion.holders:
            self.unserved[wanted.unserved_access] = None
        if wanted.unserved_zones:
            self.unserved.update(dict.fromkeys(wanted.unserved_zones))

    def _enter(self, access: AccessRule, occasion: Occasion, starts: int, ends: int, *, closed: bool) -> None:
        entered: set[TargetKey] = set()
        for holder in occasion.holders:
            if holder.credential.kind not in access.methods:
                self.unserved[Unserved(Capability.ACCESS, f"{access.connection}: {holder.credential.kind}")] = None
                continue
            target = self._granted(access, holder, starts)
            if target in entered:
                continue
            entered.add(target)
            for door in access.doors:
                opens, shuts = starts - door.lead, ends + door.lag
                self._ask(Claim(occasion.id, target, TargetKind.CREDENTIAL, door.door, opens, shuts, 1, closed))

    def _ask(self, claim: Claim) -> None:
        place = claim.occasion, claim.target, claim.door
        known = self.claims.get(place)
        self.claims[place] = claim if known is None else _joined(known, claim)

    def _granted(self, access: AccessRule, holder: Holder, starts: int) -> TargetKey:
        place = self._places[id(holder)]
        key, season = self._key(access, holder, starts)
        target = TargetKey(access.connection, key)
        known = self.grants.get(target)
        if known is None:
            self.grants[target] = _Granted(access, holder, season, {place: None})
        else:
            known.places[place] = None
        return target

    def _key(self, access: AccessRule, holder: Holder, starts: int) -> tuple[str, Season | None]:
        """Our mark and the booking number, or no number where bookings share it; a keyed hash tells it from others."""
        method, mark = holder.credential.kind, self.rules.mark
        if method is not Method.PIN:
            return shared_key(mark(f"{method}:{_brought(holder)}")), None
        if access.strategy is Strategy.PER_ASSOCIATION and (whose := sharer(self.booking.customer)):
            season = season_of(starts, access.changes_on)
            return shared_key(mark(f"association:{whose}"), season), season
        key = f"{OUR_MARK}{self.booking.number}"
        if access.strategy is Strategy.PER_HOLDER:
            return f"{key}~{mark(f'{holder.name}:{holder.phone}:{holder.email}')}", None
        return key, None

    def holders(self) -> tuple[tuple[int, ...], ...]:
        return tuple([tuple([self._places[id(one)] for one in each.holders]) for each in self.booking.occasions])

    def granted(self) -> tuple[Grant, ...]:
        return tuple([_grant(target, granted) for target, granted in self.grants.items()])

    def lack_of_billing(self) -> None:
        booking, rules = self.booking, self.rules
        invoiced = booking.charges and booking.payment.kind == "invoice"
        if invoiced and rules.billing[booking.customer.kind].connection is None:
            self.unserved[Unserved(Capability.FINANCE, "invoice")] = None

    def have_told(self) -> Telling:
        """Who is told of it: what is new in it for them is known when it is sent."""
        rules = self.rules.notifying
        closed = closed_now(self.booking, self.closures, self.rules.related) if rules.follows_closures else []
        pins = [target for target, one in self.grants.items() if one.holder.credential.kind is Method.PIN]
        return telling(self.booking, rules, closed, pins)


class _Granted(NamedTuple):
    """A credential that is wanted, by whom first, and by which holders in all."""

    access: AccessRule
    holder: Holder
    season: Season | None
    places: dict[int, None]


def _grant(target: TargetKey, granted: _Granted) -> Grant:
    access, holder, season, places = granted
    pin = access.pin
    return Grant(
        target,
        holder.credential.kind,
        tuple(places),
        _brought(holder),
        pin.length,
        pin.leading_zero,
        pin.quarantine_days * DAY,
        pin.alphabet,
        season[1:] if season else None,
    )


def _joined(one: Claim, other: Claim) -> Claim:
    """What an occasion asks twice of one target, for its resource and an extra: closing one stops not the other."""
    if one.suspended != other.suspended:
        return other if one.suspended else one
    starts, ends = min(one.starts, other.starts), max(one.ends, other.ends)
    return one._replace(starts=starts, ends=ends, level=max(one.level, other.level))


def _brought(holder: Holder) -> str:
    """The number that the holder brings: a card's, or the phone of a mobile key."""
    match holder.credential.kind:
        case Method.CARD:
            return holder.credential.number or ""
        case Method.MOBILE_KEY:
            return holder.phone or ""
    return ""
