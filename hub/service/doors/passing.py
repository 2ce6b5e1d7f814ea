"""Passages that come in: whose they were, why a door stayed shut, and what is told and kept of them.

The lock system says which of our credentials it was, if it says anything; the rest is worked out from what bookings ask
for at that door at that time. So a refusal has its reason also where the system only says that it refused.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from hub.clock import DAY, HOUR, MINUTE, instant, micros
from hub.model import Passage, PassageOutcome, Refusal
from hub.model.event_data import DoorPassed, DoorRefused
from hub.model.events import EventType
from hub.model.passage import Why
from hub.model.plan import TargetKey
from hub.planner.rules import Rules
from hub.service.asking.asked import Asked
from hub.service.doors.opening import leads, used
from hub.service.rulebook import Rulebook
from hub.store import bookings, claims, events, passages, shown
from hub.store.claims import ClaimRow
from hub.store.engine.database import Connection
from hub.store.events import Event
from hub.store.passages import Row

NEAR = 12 * HOUR
"""How long before or after its windows a credential is still held to have been meant for them."""
_MOST_CLAIMS = 200
_SAID = {
    Refusal.UNKNOWN_CODE: Why.UNKNOWN_CODE,
    Refusal.WRONG_CODE: Why.WRONG_CODE,
    Refusal.DISABLED: Why.DISABLED,
}
"""What only the system can know; all else the bookings know better."""
_ROUGHLY = {
    Refusal.TOO_EARLY: Why.TOO_EARLY,
    Refusal.TOO_LATE: Why.TOO_LATE,
    Refusal.WRONG_DOOR: Why.WRONG_DOOR,
    Refusal.OTHER: Why.OTHER,
}


class Verdict(NamedTuple):
    """Which claim it was for, and of a refusal why and by how much."""

    claim: ClaimRow | None
    why: Why | None = None
    minutes: int | None = None


def judged(told: Passage, near: Sequence[ClaimRow], *, ours: bool, expected: bool) -> Verdict:
    """What a passage was.

    Args:
        told: by the lock system.
        near: what bookings ask for of its credential around that time, at any door.
        ours: whether the credential is one that we know.
        expected: whether any booking opens the door at that time.
    """
    at = micros(told.at)
    claim = min((one for one in near if one.door == told.door), key=lambda one: _distance(one, at), default=None)
    if told.reason is None:
        return Verdict(claim)
    if known := _SAID.get(told.reason):
        return Verdict(claim, known)
    if not ours:
        roughly = _ROUGHLY[told.reason]
        return Verdict(None, Why.NO_BOOKING if roughly is Why.OTHER and not expected else roughly)
    if claim is None:
        return Verdict(None, Why.WRONG_DOOR if near else Why.NO_BOOKING)
    return _timed(claim, at, _ROUGHLY[told.reason])


def _timed(claim: ClaimRow, at: int, roughly: Why) -> Verdict:
    """A refusal of what is for that door: held against its window."""
    if claim.suspended:
        return Verdict(claim, Why.CLOSED)
    if at < claim.starts:
        return Verdict(claim, Why.TOO_EARLY, _begun(claim.starts - at))
    if at >= claim.ends:
        return Verdict(claim, Why.TOO_LATE, _begun(at - claim.ends) or 1)
    return Verdict(claim, roughly)


def _distance(claim: ClaimRow, at: int) -> tuple[int, bool, int]:
    """How far from its window, and first what is not held back; of two that are as near, the one that began last."""
    return max(claim.starts - at, at - claim.ends + 1, 0), bool(claim.suspended), -claim.starts


def _begun(length: int) -> int:
    return -(-length // MINUTE)


class Passing:
    """Keeps what doors tell, and tells of it."""

    def __init__(self, rulebook: Rulebook) -> None:
        self._rulebook = rulebook

    def keep(self, connection: Connection, town: str, name: str, told: Sequence[Passage], *, now: int) -> None:
        """Keep passages of one connection, and their events; in the transaction that keeps the rows which told them."""
        around = _Around(connection, self._rulebook.rules(town), name)
        seen = [_Seen(one, around.verdict(one), around) for one in told]
        rows: dict[tuple[object, ...], Row] = {}
        for one in seen:
            row = one.row(town, name)
            rows[row[:7]] = _together(rows[row[:7]], row) if row[:7] in rows else row
        ordered = [rows[key] for key in sorted(rows, key=str)]
        new = passages.add(connection, ordered)
        fresh: dict[tuple[object, ...], bool] = {row[:7]: one for row, one in zip(ordered, new, strict=True)}
        events.append(connection, list(_news(seen, town, name, fresh, now)))


def _news(
    seen: Iterable["_Seen"], town: str, name: str, fresh: Mapping[tuple[object, ...], bool], now: int
) -> Iterable[Event]:
    """Every passage, and of refusals the first of its kind in its minute."""
    had = Counter[tuple[object, ...]]()
    for one in seen:
        key = one.row(town, name)[:7]
        had[key] += 1
        if one.told.outcome is PassageOutcome.PASSED or (fresh[key] and had[key] == 1):
            yield one.event(town, name, now)


def _together(one: Row, other: Row) -> Row:
    return one._replace(
        times=one.times + other.times, first=min(one.first, other.first), last=max(one.last, other.last)
    )


class _Around:
    """What bookings ask for around the passages of one batch; each thing is read once."""

    def __init__(self, connection: Connection, rules: Rules, name: str) -> None:
        self._connection, self._rules, self._name = connection, rules, name
        self._lanes: dict[str, int | None] = {}
        self._claims: dict[tuple[int, int], list[ClaimRow]] = {}
        self._expected: dict[tuple[str, int], bool] = {}
        self._asked: dict[int, tuple[str, Asked]] = {}
        self._facilities: dict[str, str | None] = {}

    def lane(self, key: str | None) -> int | None:
        """The lane of a credential, if it is one of ours."""
        if key is None:
            return None
        if key not in self._lanes:
            found = shown.with_key(self._connection, self._rules.municipality, self._name, key)
            self._lanes[key] = found.id if found and found.kind == "credential" else None
        return self._lanes[key]

    def verdict(self, told: Passage) -> Verdict:
        """What it was."""
        lane, at = self.lane(told.key), micros(told.at)
        near = [] if lane is None else [one for one in self._near(lane, at) if _distance(one, at)[0] <= NEAR]
        unsure = told.outcome is PassageOutcome.REFUSED and lane is None and told.reason is Refusal.OTHER
        return judged(told, near, ours=lane is not None, expected=not unsure or self._is_expected(told.door, at))

    def _near(self, lane: int, at: int) -> list[ClaimRow]:
        day = at - at % DAY
        if (lane, day) not in self._claims:
            since, until = day - NEAR, day + DAY + NEAR
            town = self._rules.municipality
            self._claims[lane, day] = claims.on_lane(
                self._connection, town, lane, since=since, until=until, limit=_MOST_CLAIMS
            )
        return self._claims[lane, day]

    def _is_expected(self, door: str, at: int) -> bool:
        minute = passages.minute_of(at)
        if (door, minute) not in self._expected:
            found = used(self._connection, self._rules, TargetKey(self._name, door), minute, minute + MINUTE)
            self._expected[door, minute] = any(not claim.suspended for one in found for claim in one.claims)
        return self._expected[door, minute]

    def booking(self, claim: ClaimRow) -> tuple[str, Asked]:
        """Number of the booking that claims, and what it asks for."""
        if claim.booking not in self._asked:
            found = bookings.with_ids(self._connection, self._rules.municipality, [claim.booking])
            told = [(one.number, Asked.from_json(one.asked)) for one in found]
            self._asked[claim.booking] = told[0] if told else ("", Asked())
        return self._asked[claim.booking]

    def facility(self, door: str) -> str | None:
        """Whose door it is."""
        if door not in self._facilities:
            self._facilities[door] = leads(self._rules, TargetKey(self._name, door)).facility
        return self._facilities[door]


class _Seen(NamedTuple):
    """A passage with its verdict."""

    told: Passage
    verdict: Verdict
    around: _Around

    @property
    def credential(self) -> str | None:
        """Its key if it is ours: nobody else's is kept, or told on."""
        return self.told.key if self.around.lane(self.told.key) is not None else None

    def row(self, town: str, name: str) -> Row:
        """As it is kept."""
        at, claim = micros(self.told.at), self.verdict.claim
        return Row(
            municipality=town,
            connection=name,
            door=self.told.door,
            minute=passages.minute_of(at),
            outcome=self.told.outcome,
            reason=self.verdict.why or "",
            credential=self.credential or "",
            minutes=self.verdict.minutes or 0,
            number=self.around.booking(claim)[0] if claim else "",
            occasion=claim.occasion if claim else "",
            first=at,
            last=at,
            times=1,
        )

    def event(self, town: str, name: str, now: int) -> Event:
        """As it is told."""
        told, (_, why, minutes) = self.told, self.verdict
        common = {
            "door": told.door,
            "at": instant(micros(told.at)),
            "method": told.method,
            "credential": self.credential,
            "facility": self.around.facility(told.door),
            **self._booked(),
        }
        subject = f"{name}/{told.door}"
        if why is None:
            body = DoorPassed.model_validate(common)
            return Event(town, EventType.DOOR_PASSED, subject, body.model_dump_json(), now)
        refused = DoorRefused.model_validate(common | {"reason": why, "minutes": minutes})
        return Event(town, EventType.DOOR_REFUSED, subject, refused.model_dump_json(), now)

    def _booked(self) -> dict[str, str | None]:
        claim = self.verdict.claim
        if claim is None:
            return {}
        number, asked = self.around.booking(claim)
        resources = sorted(use.resource for use in asked.uses if use.occasion == claim.occasion)
        return {"booking": number or None, "occasion": claim.occasion, "resource": resources[0] if resources else None}
