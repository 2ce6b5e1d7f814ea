"""Attendance as doors see it: booked, came, how many and when. Pure.

Beside the lists that associations send in, and never added to them: who stands on a list came through the door too, and
a code says nothing of how many came with whoever typed it.
"""

from collections.abc import Collection, Iterable

from hub.clock import instant, micros
from hub.model.booking import Booking, Occasion, Status
from hub.model.imported import DoorAttendance
from hub.model.plan import TargetKind
from hub.service.asking.asked import Asked
from hub.store.passages import Came


def attendance(
    booking: Booking, asked: Asked, came: Iterable[Came], telling: Collection[str], *, now: int
) -> tuple[DoorAttendance, ...]:
    """Whether anybody came to each occasion that opens doors.

    Args:
        booking: with its occasions.
        asked: what it asks for; nothing of what is cancelled, so that only what was seen is told of that.
        came: how the doors saw its occasions.
        telling: connections that have ever told of a passage: only there does silence mean that nobody came.
        now: microseconds.
    """
    seen = {one.occasion: one for one in came}
    doors: dict[str, set[str]] = {}
    for claim in asked.claims.values():
        if claim.kind is TargetKind.CREDENTIAL and not claim.suspended:
            doors.setdefault(claim.occasion, set()).add(claim.target.connection)
    told = set(telling)
    over = {one.id for one in booking.occasions if micros(one.ends_at) <= now and booking.status is Status.CONFIRMED}
    missed = {key for key, names in doors.items() if key in over and names <= told}
    return tuple(
        _attendance(booking.number, one, seen.get(one.id), missed=one.id in missed)
        for one in booking.occasions
        if one.id in doors or one.id in seen
    )


def _attendance(number: str, occasion: Occasion, seen: Came | None, *, missed: bool) -> DoorAttendance:
    """One occasion; `missed`: somebody would have been seen by now, for it is over and all of its doors tell."""
    return DoorAttendance(
        number=number,
        occasion=occasion.id,
        resource=occasion.resource,
        starts_at=occasion.starts_at,
        ends_at=occasion.ends_at,
        came=True if seen else False if missed else None,
        first_at=instant(seen.first) if seen else None,
        last_at=instant(seen.last) if seen else None,
        passages=seen.passages if seen else 0,
        credentials=seen.credentials if seen else 0,
    )
