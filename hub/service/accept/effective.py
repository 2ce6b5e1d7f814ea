"""When a booking is as it asks to be, and so told to be effective: at once, or with its last target.

One that asks for nothing any more is effective when nothing of it stands anywhere, proven where it stood.
"""

import json
from collections.abc import Iterable, Mapping
from itertools import groupby

from hub.model.booking import Status
from hub.model.events import EventType
from hub.model.plan import TargetKind
from hub.model.states import Delivery, Effect, Record
from hub.planner.sharing import is_shared
from hub.service.asking.changes import Change
from hub.service.standing.showing import Standing, standings
from hub.store import bookings, leaving, shown
from hub.store.engine.database import Connection
from hub.store.events import Event
from hub.store.shown import Seen

_OPEN = frozenset({Delivery.WAITING})
_SETTLED = frozenset({Effect.STANDING, Effect.REMOVED, Effect.SUSPENDED, Record.DONE, Record.WITHDRAWN})
_ZONES = frozenset({TargetKind.SWITCH, TargetKind.DIM, TargetKind.SETPOINT})


def is_effective(standing: Iterable[Standing], status: str) -> bool:
    """Whether all that is due is confirmed, and anything is; of what is no longer confirmed, whether all is gone.

    One that asks for nothing at all is. The first that says no is the last that is asked for.
    """
    confirmed, any_is, asks = status == Status.CONFIRMED, False, False
    for one in standing:
        asks = True
        if one.delivery in _OPEN:
            if not confirmed and one.state is Effect.REMOVING:
                return False
        elif one.state in _SETTLED:
            any_is = True
        else:
            return False
    return any_is or not confirmed or not asks


def told(connection: Connection, municipality: str, booking: tuple[int, str, int], *, now: int) -> Event:
    """Remember that the booking (id, number, revision) is told to be effective, and give the event."""
    id_, number, revision = booking
    bookings.set_effective(connection, municipality, {id_: revision})
    return event(municipality, number, revision, now=now)


def event(municipality: str, number: str, revision: int, *, now: int) -> Event:
    """By which it is told."""
    return Event(municipality, EventType.BOOKING_EFFECTIVE, number, json.dumps({"revision": revision}), now)


def of_changes(connection: Connection, changes: Iterable[Change]) -> list[Event]:
    """Which of the bookings that were known, are cancelled or ask for nothing are effective as they are accepted.

    Of the others it is remembered which zones, and which credentials that others share, are to lose what they asked
    for: nothing else leads from those to them.
    """
    events: list[Event] = []
    wanted = [one for one in changes if one.known is not None or _may_be_at_once(one)]
    for town, group in groupby(sorted(wanted, key=_town), key=_town):
        its = list(group)
        seen = shown.seen(connection, town, {target.lane for one in its for target in one.targets.values()})
        for one in its:
            events += _of_change(connection, one, seen)
    return events


def _may_be_at_once(new: Change) -> bool:
    return new.request.status is Status.CANCELLED or (new.request.status is Status.CONFIRMED and not new.targets)


def _town(one: Change) -> str:
    return one.request.municipality


def _of_change(connection: Connection, one: Change, seen: Mapping[int, Seen]) -> list[Event]:
    request = one.request
    standing = standings(one.asked(), seen, request.rules.timing, now=request.now)
    if is_effective(standing, request.status):
        return [told(connection, request.municipality, (one.id, request.number, request.revision), now=request.now)]
    going = [each.target for each in standing if each.state is Effect.REMOVING]
    left = [one.targets[key] for key in going if one.targets[key].kind in _ZONES or is_shared(key.key)]
    leaving.add(connection, [(request.municipality, target.lane, one.id) for target in left])
    return []
