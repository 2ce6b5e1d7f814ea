"""What a population register tells by itself (ändringsavisering): protection first, and the rest when all has come.

A mark is kept in the transaction that keeps its record, whatever else of the delivery is missing: to wait with it may
tell where somebody hides, and to have it too early costs a question. It goes one hop: to the other numbers of the same
person, and to the children of a marked guardian. Nothing that comes so lifts a mark; a lookup does. That there is news
of somebody is told when every file of the delivery is there, or when somebody has said that it never will be.

Pure but for `Changing.keep`, `came` and `judge`, which are part of a transaction.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from hub.clock import HOUR, STOCKHOLM, Clock, now_of
from hub.model import ChangesFile, PersonChanged, PersonNumber, Protected
from hub.model.event_data import PersonNews
from hub.model.events import EventType
from hub.service.persons import whose
from hub.store import changed, events, problems, protected
from hub.store.changed import Came, Waits
from hub.store.engine.database import Connection
from hub.store.events import Event
from hub.store.problems import Cause
from hub.store.protected import Flagged
from hub.store.seals.sealing import Seal

INCOMPLETE, MISSING, LATE = "incomplete-delivery", "missing-delivery", "changes-late"
CODES = (INCOMPLETE, MISSING, LATE)
PATIENCE = HOUR
"""Files come one after another: what is missing is a problem when it has been so for so long."""
MOST_TOLD = 200
"""Persons of whom one transaction tells."""
ANOTHER_SERIES = 1000
"""So many numbers further on, a series has begun anew, and nothing is missing between."""


class Prepared(NamedTuple):
    """A change, ready to be kept."""

    delivery: str
    one: Flagged
    marked: bool
    clear: bool
    same: tuple[Flagged, ...]
    """Other numbers of the same person."""
    children: tuple[Flagged, ...]
    guardians: tuple[str, ...]

    @property
    def concerns(self) -> Iterator[str]:
        """The hashes by which it is judged."""
        yield self.one.person
        yield from (other.person for other in self.same)
        yield from self.guardians


class Finding(NamedTuple):
    """Something that has not come, and since when that can be known."""

    cause: Cause
    detail: str
    since: int


class Changing:
    """The use case."""

    def __init__(self, seal: Seal, clock: Clock) -> None:
        self._seal, self._clock = seal, clock

    def prepare(self, municipality: str, told: Iterable[PersonChanged]) -> tuple[Prepared, ...]:
        """Know each by hash, and seal the numbers."""
        since = now_of(self._clock)

        def flagged(number: PersonNumber) -> Flagged:
            return whose.flagged(self._seal, municipality, number, since=since)

        return tuple(
            Prepared(
                one.delivery,
                flagged(one.identity_number),
                one.protected in {Protected.YES, Protected.UNKNOWN},
                one.protected is Protected.NO,
                tuple(map(flagged, one.other_numbers)),
                tuple(map(flagged, one.children)),
                tuple(whose.both(self._seal, municipality, number)[0] for number in one.guardians),
            )
            for one in told
        )

    def keep(self, connection: Connection, municipality: str, name: str, told: Sequence[Prepared]) -> bool:
        """Mark whom it marks, and remember of whom there is news; says whether anything is to be erased."""
        known = protected.among(connection, municipality, {hash_ for one in told for hash_ in one.concerns})
        erase, others = False, []
        for one in told:
            marks = tuple(_marks(one, known))
            for flagged in marks:
                erase |= protected.add(connection, flagged)
            known |= {flagged.person for flagged in marks}
            if one.one.person not in known:
                others.append(Waits(one.delivery, one.one.person, one.one.trader))
        paying = changed.payers(connection, municipality, [hash_ for one in others for hash_ in one[1:]])
        changed.wait(connection, municipality, name, [one for one in others if paying.intersection(one[1:])])
        changed.grow(connection, municipality)
        return erase

    def came(self, connection: Connection, municipality: str, name: str, files: Iterable[ChangesFile]) -> None:
        """These files have been read to their end."""
        changed.came(connection, municipality, name, (_came(one, now_of(self._clock)) for one in files))

    def judge(self, connection: Connection, municipality: str, name: str) -> bool:
        """Say what has not come, and tell of whom there is news where all has; whether there is more to tell."""
        now, files = now_of(self._clock), changed.files(connection, municipality, name)
        today = self._clock.now().astimezone(STOCKHOLM).date()
        found = list(findings(files, today))
        ended = problems.causes(connection, municipality, name, CODES, ended=True)
        lasting = {one.cause: one for one in found if one.cause not in ended}
        for cause in problems.causes(connection, municipality, name, CODES) - lasting.keys():
            problems.close_cause(connection, municipality, name, cause, now=now)
        for cause, one in lasting.items():
            if now - one.since >= PATIENCE:
                problems.open_(connection, municipality, name, cause, detail=one.detail, now=now)
        unsettled = {cause.cause for cause in lasting if cause.code == INCOMPLETE}
        settled = sorted({one.delivery for one in files} - unsettled)
        return self._tell(connection, municipality, name, settled, now)

    def _tell(self, connection: Connection, town: str, name: str, settled: Sequence[str], now: int) -> bool:
        """Of somebody once, however many of the deliveries have news of them; of nobody who is marked by now."""
        waiting = changed.waiting(connection, town, name, settled)
        some = {one.person: one.trader for one in waiting[:MOST_TOLD]}
        hidden = protected.among(connection, town, set(some)) if some else set()
        others = [one for one in some.items() if one[0] not in hidden]
        events.append(connection, [event for one in others for event in _news(connection, town, one, now)])
        changed.told(connection, town, name, [one for one in waiting if one.person in some])
        return len(waiting) > MOST_TOLD


def _marks(one: Prepared, known: set[str]) -> Iterator[Flagged]:
    """Whom a record marks: itself, and one hop on. `known`: who is marked already."""
    same = {other.person for other in (one.one, *one.same)}
    if one.marked or not known.isdisjoint(one.guardians) or not (one.clear or known.isdisjoint(same)):
        yield one.one
        yield from one.same
        yield from one.children


def _news(connection: Connection, town: str, one: tuple[str, str], now: int) -> Iterator[Event]:
    """Where they still pay for anything."""
    if theirs := changed.paid_by(connection, town, one):
        told = PersonNews(bookings=tuple(theirs))
        yield Event(town, EventType.PERSON_CHANGED, whose.shortened(one[0]), told.model_dump_json(), now)


# ---------------------------------------------------------------- what has not come


def findings(files: Sequence[Came], today: date) -> Iterator[Finding]:
    """Files of deliveries that are missing, deliveries of series that are, and series that are late."""
    for delivery, mine in _by(files, "delivery").items():
        yield from _of_delivery(delivery, mine)
    for series, mine in _by(files, "series").items():
        yield from _of_serials(series, mine)
        yield from _of_days(series, [one for one in mine if one.serial is None])
        yield from _lateness(series, mine, today)


def _by(files: Sequence[Came], what: str) -> Mapping[str, list[Came]]:
    found: dict[str, list[Came]] = {}
    for one in files:
        found.setdefault(getattr(one, what), []).append(one)
    return found


def _of_delivery(delivery: str, files: Sequence[Came]) -> Iterator[Finding]:
    parts = max(one.parts for one in files)
    missing = sorted(set(range(1, parts + 1)) - {one.part for one in files})
    totals = {one.total for one in files if one.total is not None}
    posts = sum(one.posts for one in files)
    if missing:
        detail = f"delivery {delivery}: of its {parts} files these have not come: {_listed(missing)}"
    elif totals and totals != {posts}:
        detail = f"delivery {delivery}: its files hold {posts} records, and say {_listed(sorted(totals))}"
    else:
        return
    yield Finding(Cause(INCOMPLETE, delivery), detail, max(one.at for one in files))


def _of_serials(series: str, files: Sequence[Came]) -> Iterator[Finding]:
    numbered = sorted({one.serial: one.at for one in files if one.serial is not None}.items())
    for (before, _), (after, at) in pairwise(numbered):
        if 1 < after - before <= ANOTHER_SERIES:
            gap = f"{before + 1}" if after - before == 2 else f"{before + 1} to {after - 1}"  # noqa: PLR2004 - one is missing
            yield _gap(series, f"number {gap}", at)


def _of_days(series: str, files: Sequence[Came]) -> Iterator[Finding]:
    spans = sorted((one.first_day, one.last_day, one.at) for one in files if one.first_day and one.last_day)
    until = 0
    for first, last, at in spans:
        if until and first > until + 1:
            yield _gap(series, f"{date.fromordinal(until + 1)} to {date.fromordinal(first - 1)}", at)
        until = max(until, last)


def _gap(series: str, gap: str, at: int) -> Finding:
    return Finding(Cause(MISSING, f"{series} {gap}"), f"order {series}: {gap} has not come", at)


def _lateness(series: str, files: Sequence[Came], today: date) -> Iterator[Finding]:
    expected = max((one.next_by for one in files if one.next_by is not None), default=None)
    if expected is not None and today.toordinal() > expected:
        day = date.fromordinal(expected)
        yield Finding(Cause(LATE, f"{series} {day}"), f"order {series}: nothing has come, and should have by {day}", 0)


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))


def _came(one: ChangesFile, at: int) -> Came:
    first, last, next_by = (day.toordinal() if day else None for day in (one.first_day, one.last_day, one.next_by))
    told = one.delivery, one.part, one.parts, one.posts, one.total, one.series, one.serial
    return Came(*told, first, last, next_by, at)
