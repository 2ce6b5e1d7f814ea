"""Looking up a booking with all that follows from it: one page, one answer (S14)."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from hub.clock import HOUR, NEVER, Clock, instant, now_of
from hub.errors import NotFoundError
from hub.masking import quoted
from hub.model.answers import BookingLine, BookingPage, BookingView, ClaimAnswer
from hub.model.booking import Booking
from hub.model.ledger import Money
from hub.model.plan import TargetKey, TargetKind
from hub.planner.plan import plan
from hub.planner.rules import Rules
from hub.service.asking.asked import Asked
from hub.service.asking.conflicts import Conflict
from hub.service.asking.preparing import stored_booking
from hub.service.doors import came
from hub.service.doors.allocating import place_of
from hub.service.doors.sparing import opened
from hub.service.money.ledger import money
from hub.service.rulebook import Rulebook
from hub.service.standing import missed, showing, timeline
from hub.service.standing.timeline import Story
from hub.service.words.saying import Language
from hub.store import bookings, claims, codes, deliveries, events, ladders, occupancy, passages, shown, spares
from hub.store.bookings import Stored
from hub.store.claims import ClaimRow
from hub.store.codes import Code
from hub.store.deliveries import Carried, Spell
from hub.store.engine.database import Connection
from hub.store.engine.writer import Readers
from hub.store.events import Numbered
from hub.store.ladders import Rung
from hub.store.passages import Came
from hub.store.seals.sealing import Seal
from hub.store.shown import Seen

_OTHERS = 50
_MOST_OF_LANE = 50
"""Carryings of one lane that are told, the latest."""


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
    came: list[Came]
    telling: frozenset[str]
    """Connections of its doors that tell of passages."""
    rungs: list[Rung]
    """What was done instead of its doors."""
    spares: dict[int, str]
    """The spare codes that were given, by rung."""


class Reader(NamedTuple):
    """Who looks: in which language they read, and whether they may see what opens doors."""

    language: Language
    with_values: bool


class LookUp:
    """Answers about bookings."""

    def __init__(self, readers: Readers, seal: Seal, rulebook: Rulebook, clock: Clock) -> None:
        self._readers, self._seal, self._rulebook, self._clock = readers, seal, rulebook, clock

    async def booking(
        self, municipality: str, number: str, *, with_values: bool, language: Language = "en"
    ) -> BookingView:
        """One booking; its details in the reader's language. Raises NotFoundError."""
        rules, now = self._rulebook.rules(municipality), now_of(self._clock)
        found = await self._readers.read(self._find, rules, number, now)
        if found is None:
            msg = f"no booking {quoted(number)} in {municipality}"
            raise NotFoundError(msg)
        booking = stored_booking(found.stored.body, found.stored.persons, municipality, number, self._seal)
        return self._view(found, booking, rules, now, Reader(language, with_values=with_values))

    def _view(self, found: Found, booking: Booking, rules: Rules, now: int, reader: Reader) -> BookingView:
        stored, asked = found.stored, plan(booking, (), rules)
        stands = showing.standings(found.asked, found.lanes, rules.timing, now=now)
        standing = missed.with_expired(stands, found.expired)
        return BookingView(
            booking=booking,
            configuration=stored.configuration,
            accepted_at=instant(stored.accepted_at),
            sent_by=stored.sent_by,
            effects=tuple(one.answer(reader.language) for one in standing),
            credentials=tuple(showing.credentials(booking, asked, found.secrets if reader.with_values else {})),
            unserved=showing.unserved(asked),
            conflicts=showing.conflicts(found.conflicts),
            others={"/".join(key): _others(rows, found, stored.id) for key, rows in found.claims.items()},
            timeline=timeline.of_booking(_story(found, booking, rules, reader.language), now=now),
            attendance=came.attendance(booking, found.asked, found.came, found.telling, now=now),
            fallback=tuple(
                showing.fallback(one, found.spares.get(one.id) if reader.with_values else None) for one in found.rungs
            ),
            money=found.money if found.money.lines else None,
        )

    def _find(self, connection: Connection, rules: Rules, number: str, now: int) -> Found | None:
        town = rules.municipality
        stored = bookings.find(connection, town, number)
        if stored is None:
            return None
        asked = Asked.from_json(stored.asked)
        rows = {key: _beside(connection, town, asked, key) for key in asked.targets}
        others = {row.booking for listed in rows.values() for row in listed}
        rungs = ladders.of_booking(connection, town, number)
        return Found(
            stored=stored,
            asked=asked,
            lanes=shown.seen(connection, town, [target.lane for target in asked.targets.values()]),
            secrets=self.secrets(connection, town, asked),
            events=list(_events(connection, town, asked, number)),
            carried=deliveries.of_lanes(connection, town, _spells(asked, stored.accepted_at), limit=_MOST_OF_LANE),
            claims=rows,
            numbers=bookings.numbers(connection, town, others),
            conflicts=list(_conflicts(connection, rules, asked, number)),
            money=money(connection, town, stored.id),
            expired=missed.expired(connection, town, asked, now=now),
            came=passages.came(connection, town, [number]),
            telling=passages.telling(connection, town, {key.connection for key in asked.targets}),
            rungs=rungs,
            spares=self._spares(connection, town, rungs),
        )

    def secrets(self, connection: Connection, municipality: str, asked: Asked) -> dict[TargetKey, str]:
        """The values of a booking's credentials."""
        by_lane = {target.lane: key for key, target in asked.targets.items()}
        kept = codes.of_lanes(connection, municipality, by_lane)
        return self.opened(municipality, ((by_lane[lane], code) for lane, code in kept.items()))

    def _spares(self, connection: Connection, municipality: str, rungs: Iterable[Rung]) -> dict[int, str]:
        """The values of spare codes, by rung."""
        mine = [rung.id for rung in rungs if rung.is_spare]
        kept = spares.of_rungs(connection, municipality, mine) if mine else {}
        return {rung: opened(spare, municipality, self._seal) for rung, spare in kept.items()}

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


def _story(found: Found, booking: Booking, rules: Rules, language: Language) -> Story:
    occasions = {occasion.id: occasion for occasion in booking.occasions}
    return Story(found.asked, occasions, found.lanes, found.events, found.carried, rules.timing, language)


def _events(connection: Connection, municipality: str, asked: Asked, number: str) -> Iterator[Numbered]:
    """What was told of the booking, and of the credentials that are its own."""
    yield from events.about(connection, municipality, number)
    for key, target in asked.targets.items():
        if target.kind is TargetKind.CREDENTIAL:
            yield from events.about(connection, municipality, "/".join(key))


def _spells(asked: Asked, accepted_at: int) -> Iterator[Spell]:
    """When each lane was about this booking: a hall's lamp is about others before and after.

    Of what it asks for no more, the hour after its last revision: in that it was taken back.
    """
    spans: dict[TargetKey, list[int]] = {}
    for claim in asked.claims.values():
        spans.setdefault(claim.target, []).extend((claim.starts, claim.ends))
    for key, target in asked.targets.items():
        shared = target.kind not in {TargetKind.CREDENTIAL, TargetKind.RECORD}
        span = spans.get(key, [accepted_at])
        yield Spell(target.lane, min(span), max(span) + HOUR) if shared else Spell(target.lane, 0, NEVER)


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
