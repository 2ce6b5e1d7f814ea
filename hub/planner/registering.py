"""What of a booking is registered, once for each revision that says something else; and how long is too long. Pure."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from hub.clock import HOUR, STOCKHOLM, instant, micros
from hub.model.booking import Booking, Status
from hub.model.configuration import RegistryDuty
from hub.model.facility import Capability
from hub.model.plan import DocumentBody, RecordWish, TargetKey, Unserved
from hub.model.registering import BookingDocument, place_of

_SAYS = {
    "number": True,
    "status": True,
    "customer": {"kind", "name", "organisation_number"},
    "occasions": {"__all__": {"id", "resource", "starts_at", "ends_at", "activity"}},
    "extras": True,
    "charges": True,
}
"""What is applied for and decided; who holds a key, how they are reached and who is told is no part of it."""
RESERVED = "hub-"
"""Begins the keys of documents that the hub makes; callers' begin otherwise."""
Mark = Callable[[str], str]
"""A keyed hash in short text: the same for the same words, telling nobody which."""
_OPENS, _SHUTS = time(8), time(17)
_SATURDAY = 5
_MARK_DIGITS = 8
_LONGEST_NUMBER = 50


class RegisterRules(NamedTuple):
    """Where bookings are registered, and as what."""

    connection: str | None = None
    authority: str = ""
    series: str = ""
    documents: Mapping[Status, BookingDocument | None] = {}


def compiled_registering(duty: RegistryDuty) -> RegisterRules:
    """The rules, ready to plan with."""
    told = duty.documents.bookings
    place = place_of(duty.documents, duty.connection, told.authority)
    documents = {status: told.of(status) for status in Status}
    if place is None:  # several authorities, and nobody says whose the bookings are
        return RegisterRules(documents=documents)
    return RegisterRules(place.connection, place.authority, place.series, documents)


def form(booking: Booking) -> bytes:
    """The document: what the booking says, as JSON. Equal for bookings that say the same."""
    told = booking.model_dump(mode="json", include=_SAYS, exclude_none=True)  # type: ignore[arg-type]
    return json.dumps(told, ensure_ascii=False, indent=2, sort_keys=True).encode()


def registered(
    booking: Booking, rules: RegisterRules, mark: Mark
) -> tuple[tuple[RecordWish, ...], tuple[Unserved, ...]]:
    """What is to be registered of a booking, and what nobody registers yet."""
    if not booking.registration.required or rules.documents.get(booking.status) is None:
        return (), ()
    if rules.connection is None:
        return (), (Unserved(Capability.REGISTRY, "registration"),)
    said = mark(form(booking).decode())[:_MARK_DIGITS]
    key = f"{_begins(booking.number, mark)}{booking.revision}-{said}"
    wish = RecordWish(TargetKey(rules.connection, key), DocumentBody(key, booking.number).to_json())
    return (wish,), ()


def case_of(number: str, mark: Mark) -> str:
    """The case of a booking's documents; a registry's key is at most 80 characters, and theirs begin with it."""
    return f"{RESERVED}{number if len(number) <= _LONGEST_NUMBER else mark(number)}"


def _begins(number: str, mark: Mark) -> str:
    return f"{case_of(number, mark)}."


class _Old(NamedTuple):
    """A document of the booking that was asked for before."""

    revision: int
    said: str
    target: TargetKey


def _asked_before(before: Iterable[TargetKey], number: str, mark: Mark) -> list[_Old]:
    begins, found = _begins(number, mark), list[_Old]()
    for target in before:
        revision, _, said = target.key.removeprefix(begins).partition("-")
        if target.key.startswith(begins) and revision.isdigit() and said:
            found.append(_Old(int(revision), said, target))
    return sorted(found)


def following_documents(
    wishes: Sequence[RecordWish], before: Iterable[TargetKey], number: str, mark: Mark, *, cancelled: bool
) -> tuple[RecordWish, ...]:
    """The records that are wanted after those that were wanted before.

    What was asked to be registered stays so, though it has been overtaken: it came in, or was decided. A revision
    that says what the last one said is no other document, and what was never registered is not called off there.
    """
    old = _asked_before(before, number, mark)
    mine = [wish for wish in wishes if DocumentBody.read(wish.body)]
    rest = [wish for wish in wishes if not DocumentBody.read(wish.body)]
    said = old[-1].said if old else None
    new = [] if cancelled and not old else [wish for wish in mine if wish.target.key.rpartition("-")[2] != said]
    return (*rest, *(RecordWish(one.target, "") for one in old), *new)


def overdue_since(now: int, hours: int) -> int:
    """The moment that lies so many working hours back (Monday to Friday, 8 to 17 in Sweden), microseconds.

    Public holidays count as any day, so whoever is warned by this is warned early, never late.
    """
    day, left = _day(now), hours * HOUR
    while True:
        if day.weekday() < _SATURDAY:
            opens, shuts = (micros(datetime.combine(day, wall, STOCKHOLM)) for wall in (_OPENS, _SHUTS))
            worked = max(0, min(shuts, now) - opens)
            if worked >= left:
                return min(shuts, now) - left
            left -= worked
        day -= timedelta(days=1)


def _day(moment: int) -> date:
    return instant(moment).astimezone(STOCKHOLM).date()
