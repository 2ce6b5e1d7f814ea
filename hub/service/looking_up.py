"""Looking up a booking with all that follows from it: one page, one answer (S14)."""

from collections.abc import Iterable
from typing import NamedTuple

from hub.clock import Clock, instant, micros
from hub.errors import NotFoundError
from hub.model.answers import BookingLine, BookingPage, BookingView, ClaimAnswer
from hub.model.booking import Booking
from hub.model.ledger import Money
from hub.model.plan import Plan, TargetKey
from hub.planner.plan import plan
from hub.planner.rules import Rules
from hub.service import missed, showing, timeline
from hub.service.accepting import Conflict
from hub.service.allocating import place_of
from hub.service.asked import Asked
from hub.service.ledger import money
from hub.service.preparing import stored_booking
from hub.service.rulebook import Rulebook
from hub.store import bookings, claims, codes, deliveries, events, lanes, occupancy
from hub.store.bookings import Stored
from hub.store.claims import ClaimRow
from hub.store.codes import Code
from hub.store.database import Connection
from hub.store.deliveries import Carried
from hub.store.events import Numbered
from hub.store.lanes import Seen
from hub.store.sealing import Seal
from hub.store.writer import Readers

_OTHERS = 50


class Found(NamedTuple):
    """Everything stored about a booking, read in one snapshot."""

    stored: Stored
    asked: Asked
    lanes: dict[int, Seen]
    secrets: dict[TargetKey, str]
    events: list[Numbered]
    carried: list[Carried]
    claims: dict[TargetKey, list[ClaimRow]]
    numbers: dict[int, str]
    conflicts: list[Conflict]
    money: Money
    expired: frozenset[TargetKey]


class LookUp:
    """Answers about bookings."""

    def __init__(self, readers: Readers, seal: Seal, rulebook: Rulebook, clock: Clock) -> None:
        self._readers, self._seal, self._rulebook, self._clock = readers, seal, rulebook, clock

    async def booking(self, municipality: str, number: str, *, with_values: bool) -> BookingView:
        """One booking. Raises NotFoundError."""
        rules, now = self._rulebook.rules(municipality), micros(self._clock.now())
        found = await self._readers.read(self._find, rules, number, now)
        if found is None:
            msg = f"no booking {number!r} in {municipality}"
            raise NotFoundError(msg)
        booking = stored_booking(found.stored.body, found.stored.persons, municipality, number, self._seal)
        return self._view(found, booking, plan(booking, (), rules), rules, now, with_values=with_values)

    def _view(
        self, found: Found, booking: Booking, asked: Plan, rules: Rules, now: int, *, with_values: bool
    ) -> BookingView:
        stored = found.stored
        stands = showing.standings(found.asked, found.lanes, rules.horizons, now=now)
        standing = missed.with_expired(stands, found.expired)
        return BookingView(
            booking=booking,
            configuration=stored.configuration,
            accepted_at=instant(stored.accepted_at),
            sent_by=stored.sent_by,
            effects=tuple(one.answer() for one in standing),
            credentials=tuple(showing.credentials(booking, asked, found.secrets if with_values else {})),
            unserved=showing.unserved(asked),
            conflicts=showing.conflicts(found.conflicts),
            others={"/".join(key): _others(rows, found, stored.id) for key, rows in found.claims.items()},
            timeline=timeline.of_booking(
                found.asked, found.lanes, found.events, found.carried, rules.horizons, now=now
            ),
            money=found.money if found.money.lines else None,
        )

    def _find(self, connection: Connection, rules: Rules, number: str, now: int) -> Found | None:
        town = rules.municipality
        stored = bookings.find(connection, town, number)
        if stored is None:
            return None
        asked = Asked.from_json(stored.asked)
        ids = [target.lane for target in asked.targets.values()]
        rows = {key: _beside(connection, town, asked, key) for key in asked.targets}
        others = {row.booking for listed in rows.values() for row in listed}
        return Found(
            stored=stored,
            asked=asked,
            lanes=lanes.seen(connection, town, ids),
            secrets=self.secrets(connection, town, asked),
            events=events.about(connection, town, number),
            carried=deliveries.of_lanes(connection, town, ids, limit=_OTHERS),
            claims=rows,
            numbers=bookings.numbers(connection, town, others),
            conflicts=list(_conflicts(connection, rules, asked, number)),
            money=money(connection, town, stored.id),
            expired=missed.expired(connection, town, asked, now=now),
        )

    def secrets(self, connection: Connection, municipality: str, asked: Asked) -> dict[TargetKey, str]:
        """The values of a booking's credentials."""
        by_lane = {target.lane: key for key, target in asked.targets.items()}
        kept = codes.of_lanes(connection, municipality, by_lane)
        return self.opened(municipality, ((by_lane[lane], code) for lane, code in kept.items()))

    def opened(self, municipality: str, kept: Iterable[tuple[TargetKey, Code]]) -> dict[TargetKey, str]:
        """The values of sealed codes."""
        return {key: self._seal.open(code.sealed, place_of(municipality, code.lane)).decode() for key, code in kept}

    async def page(self, municipality: str, *, after: str, limit: int) -> BookingPage:
        """Bookings in order of number. Raises NotFoundError."""
        self._rulebook.town(municipality)
        rows = await self._readers.read(
            lambda connection: bookings.page(connection, municipality, after=after, limit=limit)
        )
        lines = tuple(
            BookingLine(number=number, revision=revision, status=status, content=content.hex())
            for number, revision, status, content in rows
        )
        return BookingPage(bookings=lines, next=lines[-1].number if len(lines) == limit else None)


def _conflicts(connection: Connection, rules: Rules, asked: Asked, number: str) -> "list[Conflict]":
    found = []
    for use in sorted(asked.uses):
        resource = rules.resources.get(use.resource)
        for related in sorted(resource.related) if resource else ():
            overlaps = occupancy.overlapping(connection, rules.municipality, related, use.starts, use.ends, but=number)
            found += [Conflict(use.occasion, overlap) for overlap in overlaps]
    return found


def _beside(connection: Connection, municipality: str, asked: Asked, key: TargetKey) -> list[ClaimRow]:
    """The claims on a target that overlap any of the booking's own there."""
    own = [claim for claim in asked.claims.values() if claim.target == key]
    if not own:
        return []
    since, until = min(claim.starts for claim in own), max(claim.ends for claim in own)
    rows = claims.on_lane(connection, municipality, asked.targets[key].lane, since=since, until=until)
    return [row for row in rows if any(row.starts < claim.ends and claim.starts < row.ends for claim in own)][:_OTHERS]


def _others(rows: list[ClaimRow], found: Found, own: int) -> tuple[ClaimAnswer, ...]:
    return tuple(
        ClaimAnswer(
            number=found.numbers.get(row.booking, "?"),
            occasion=row.occasion,
            door=row.door or None,
            level=None if row.door else row.level,
            starts_at=instant(row.starts),
            ends_at=instant(row.ends),
            suspended=bool(row.suspended),
        )
        for row in rows
        if row.booking != own
    )
