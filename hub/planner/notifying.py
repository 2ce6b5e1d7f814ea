"""Who is to be told of a booking, by which connections, and what follows from whom it had told before. Pure."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from hub.clock import micros
from hub.model.booking import Booking, Occasion
from hub.model.configuration import Configuration
from hub.model.facility import Capability
from hub.model.notice import Channel
from hub.model.notice_record import NewsWish, NoticeBody, Slot, credential_mark
from hub.model.notifying import BOOKER, Booker, Digest, News, Role, Way
from hub.model.plan import Closure, Plan, RecordWish, TargetKey, Unserved

Related = Callable[[str], frozenset[str]]
"""A resource, its parts, and every whole that holds it."""
_OF_CLOSURES = {News.CLOSED, News.REOPENED}


class WayRule(NamedTuple):
    """One way to reach a role."""

    channel: Channel
    connection: str | None
    facilities: frozenset[str]
    """Those with an address of their own."""
    everywhere: bool
    """Whether all others have one."""


class RoleRule(NamedTuple):
    """Whom to tell of which bookings."""

    name: str
    ways: tuple[WayRule, ...]
    resources: frozenset[str] | None
    """None for all."""
    digest: Digest | None = None
    follows_closures: bool = False
    tells_code: bool = False

    def concerns(self, resource: str) -> bool:
        """Whether bookings of the resource are told."""
        return self.resources is None or resource in self.resources


class NotifyRules(NamedTuple):
    """All roles of a municipality, the booker among them."""

    roles: Mapping[str, RoleRule] = {}
    always: tuple[str, ...] = ()
    connections: frozenset[str] = frozenset()
    """All that messages go out by."""
    digests: bool = False
    follows_closures: bool = False


class Telling(NamedTuple):
    """What telling of a booking asks for; `told`: the roles that it reaches, whether or not it concerns them."""

    records: tuple[RecordWish, ...]
    news: tuple[NewsWish, ...]
    unserved: tuple[Unserved, ...]
    told: frozenset[str]


NOBODY = Telling((), (), (), frozenset())


def facility_of(resource: str) -> str:
    """The facility's name, with which the ids of its resources begin."""
    return resource.partition(".")[0]


def compiled_roles(configuration: Configuration, related: Mapping[str, frozenset[str]]) -> NotifyRules:
    """The roles, ready to plan with."""
    town = configuration.municipality
    roles = {name: _role(name, role, related) for name, role in town.notify.items()}
    always = [name for name, role in town.notify.items() if role.always]
    if town.booker is not None:
        roles[BOOKER] = _booker(town.booker, related)
        always.append(BOOKER)
    connections = frozenset(way.connection for role in roles.values() for way in role.ways if way.connection)
    every = roles.values()
    digests, closures = any(role.digest for role in every), any(role.follows_closures for role in every)
    return NotifyRules(roles, tuple(always), connections, digests, closures)


def _role(name: str, role: Role, related: Mapping[str, frozenset[str]]) -> RoleRule:
    ways = ((Channel.EMAIL, role.email), (Channel.SMS, role.sms))
    return RoleRule(
        name,
        tuple(_way(channel, way) for channel, way in ways if way),
        _resources(role.resources, related),
        role.digest,
        follows_closures=not _OF_CLOSURES.isdisjoint(role.when),
    )


def _way(channel: Channel, way: Way) -> WayRule:
    return WayRule(channel, way.connection, frozenset(way.by_facility), way.to is not None)


def _booker(booker: Booker, related: Mapping[str, frozenset[str]]) -> RoleRule:
    ways = ((Channel.EMAIL, booker.email), (Channel.SMS, booker.sms))
    return RoleRule(
        BOOKER,
        tuple(WayRule(channel, way.connection, frozenset(), everywhere=True) for channel, way in ways if way),
        _resources(booker.resources, related),
        follows_closures=booker.tell_code or not _OF_CLOSURES.isdisjoint(booker.when),
        tells_code=booker.tell_code,
    )


def slots_at(rule: RoleRule, facility: str) -> Iterator[tuple[str, Slot]]:
    """(connection, slot) of each way to reach a role at a facility."""
    for way in rule.ways:
        own = facility in way.facilities
        if way.connection and (own or way.everywhere):
            yield way.connection, Slot(rule.name, facility if own else "", way.channel)


def _resources(named: str | tuple[str, ...], related: Mapping[str, frozenset[str]]) -> frozenset[str] | None:
    """Those whose booking touches what is named: itself, its parts and its wholes, or all of a facility."""
    if isinstance(named, str):
        return None
    wanted = frozenset(named)
    return frozenset(r for r, near in related.items() if facility_of(r) in wanted or not near.isdisjoint(wanted))


def closed_now(booking: Booking, closures: Iterable[Closure], related: Related) -> list[tuple[str, str]]:
    """(occasion, resource) of all in the booking that a closure holds back, in order."""
    listed = tuple(closures)
    if not listed:
        return []
    found = {
        (occasion.id, resource)
        for occasion, resource in uses(booking)
        if _is_closed(occasion, related(resource), listed)
    }
    return sorted(found)


def _is_closed(occasion: Occasion, near: frozenset[str], closures: tuple[Closure, ...]) -> bool:
    starts, ends = micros(occasion.starts_at), micros(occasion.ends_at)
    return any(c.resource in near and c.starts < ends and starts < c.ends for c in closures)


def uses(booking: Booking) -> Iterator[tuple[Occasion, str]]:
    """Each occasion with its resource, then with the extras that go along."""
    for occasion in booking.occasions:
        yield occasion, occasion.resource
    if booking.extras:
        by_id = {occasion.id: occasion for occasion in booking.occasions}
        for extra in booking.extras:
            yield from ((by_id[name], extra.resource) for name in extra.occasions)


def telling(
    booking: Booking, rules: NotifyRules, closed: Sequence[tuple[str, str]] = (), pins: Iterable[TargetKey] = ()
) -> Telling:
    """Who is to be told of the booking as it is. `pins`: its credentials that have a code to be told."""
    if not rules.roles:
        return NOBODY
    asked = _Asked(booking, closed, tuple(pins))
    named = [rules.roles[name] for name in dict.fromkeys((*rules.always, *booking.notify)) if name in rules.roles]
    for rule in named:
        asked.role(rule)
    reached = frozenset([rule.name for rule in named if any(way.connection for way in rule.ways)])
    return Telling(tuple(asked.records), tuple(asked.news), tuple(asked.unserved), reached)


class _Asked:
    """What has been asked for so far."""

    def __init__(self, booking: Booking, closed: Sequence[tuple[str, str]], pins: tuple[TargetKey, ...]) -> None:
        self._booking, self._pins = booking, pins
        self._turn = hashlib.blake2b(repr(closed).encode(), digest_size=4).hexdigest() if closed else ""
        self.records: list[RecordWish] = []
        self.news: list[NewsWish] = []
        self.unserved: dict[Unserved, None] = {}

    def role(self, rule: RoleRule) -> None:
        """Ask for all that a role is to be told."""
        touched = {facility_of(o.resource): None for o, resource in uses(self._booking) if rule.concerns(resource)}
        if touched and not rule.ways:
            self._unserved(rule.name)
        for way in rule.ways if touched else ():
            if way.connection is None:
                self._unserved(f"{rule.name}: {way.channel}")
            elif rule.name == BOOKER:
                self._booker(rule, way, way.connection)
            else:
                self._at(rule, way, way.connection, touched)

    def _at(self, rule: RoleRule, way: WayRule, connection: str, touched: Iterable[str]) -> None:
        """One message to each address."""
        places: dict[str, None] = {}
        for facility in touched:
            if facility in way.facilities or way.everywhere:
                places[facility if facility in way.facilities else ""] = None
            else:
                self._unserved(f"{rule.name}: {way.channel} at {facility}")
        for place in places:
            self._wish(rule, connection, Slot(rule.name, place, way.channel))

    def _booker(self, rule: RoleRule, way: WayRule, connection: str) -> None:
        customer = self._booking.customer
        if customer.email if way.channel is Channel.EMAIL else customer.phone:
            self._wish(rule, connection, Slot(BOOKER, "", way.channel))

    def _wish(self, rule: RoleRule, connection: str, slot: Slot) -> None:
        number, revision = self._booking.number, self._booking.revision
        turn = f"1-{self._turn}" if self._turn and rule.follows_closures else ""
        if rule.digest:
            self.news.append(NewsWish(str(slot), connection, f"{revision}:{turn}"))
            return
        body = NoticeBody(*slot[:1], number, revision, *slot[1:], turn=turn)
        self.records.append(RecordWish(TargetKey(connection, body.key), body.to_json()))
        for pin in self._pins if rule.tells_code else ():
            code = body._replace(code=credential_mark(*pin))
            self.records.append(RecordWish(TargetKey(connection, code.key), code.to_json()))

    def _unserved(self, what: str) -> None:
        self.unserved[Unserved(Capability.NOTIFICATION, what)] = None


def following(
    plan: Plan, before: Iterable[TargetKey], number: str, revision: int, rules: NotifyRules, *, cancelled: bool
) -> tuple[RecordWish, ...]:
    """The records that are wanted after those that were wanted before.

    What concerned somebody and does so no more is told to them as gone. When closures change what a revision comes to,
    its record is followed by another: what is done stays done.
    """
    mine = {(body.slot, body.code): n for n, wish in enumerate(plan.records) if (body := NoticeBody.read(wish.body))}
    wishes = list(plan.records)
    for target in sorted(before):
        old = NoticeBody.of_key(number, target.key) if target.connection in rules.connections else None
        if old is None:
            continue
        place = mine.get((old.slot, old.code))
        if place is not None:
            if old.revision == revision and not old.gone:
                wishes[place] = _next_turn(old, wishes[place])
        elif not old.code and (cancelled or old.role in plan.told):
            gone = old if old.gone else old._replace(revision=revision, turn="", gone=True)
            wishes.append(RecordWish(TargetKey(target.connection, gone.key), gone.to_json()))
    return tuple(wishes)


def _next_turn(old: NoticeBody, wish: RecordWish) -> RecordWish:
    """The same record while the same is closed; else the one after it."""
    count, _, was = old.turn.partition("-")
    new = NoticeBody.read(wish.body) or old
    now = new.turn.partition("-")[2]
    following = str(int(count or 0) + 1)
    body = new._replace(turn=old.turn if now == was else f"{following}-{now}" if now else following)
    return RecordWish(TargetKey(wish.target.connection, body.key), body.to_json())
