"""A place in a lock that has room for so many: asked for before anything is put, and kept until that is settled."""

from collections.abc import Sequence
from typing import NamedTuple

from hub.delivery.errands.errand import Errand
from hub.delivery.errands.outcomes import at_rest
from hub.delivery.reach.running import Running
from hub.model.plan import TargetKind
from hub.planner.room import AGAIN, Turn, turn
from hub.sdk import AccessLimits, Chooser, Validity
from hub.store import room
from hub.store.engine import places
from hub.store.engine.database import Connection
from hub.store.lanes import Lane
from hub.store.room import Lock


class Asked(NamedTuple):
    """Who asks for a place. `inside`: whether it is there, or may be."""

    lane: Lane
    lock: Lock
    capacity: int
    inside: bool
    moves: bool
    """Whether one that is there may be had away and put anew, and nobody notices."""


def asked(errand: Errand) -> Asked | None:
    """What is to be asked for a credential; None where no place need be."""
    lane, running = errand.lane, errand.running
    limits = limits_of(running)
    if lane.kind is not TargetKind.CREDENTIAL or limits is None or limits.capacity is None:
        return None
    if running.observes or running.paused or running.held(errand.now) is not None or not errand.desired.wanted:
        return None
    inside = not at_rest(lane.confirmed)
    moves = Chooser.HUB in limits.pin.chosen_by and not limits.awaits_user
    if inside and not moves:
        return None
    return Asked(lane, lock_of(running, errand.now), limits.capacity, inside, moves)


def limits_of(running: Running) -> AccessLimits | None:
    """What the system can take, as far as is known."""
    access = running.access()
    return access.access_limits if access else None


def lock_of(running: Running, now: int) -> Lock:
    """The connection, and how far ahead its credentials are there."""
    limits = limits_of(running)
    ahead = running.horizon if limits and limits.validity is Validity.TIMES else 0
    return Lock(*running.place, now, now + ahead)


def give(connection: Connection, asked: list[Asked]) -> Sequence[Turn]:
    """Give places, and have those make room that are to; one after another, whatever node asks."""
    connection.hold({places.room(*one.lock.place) for one in asked}, share=[places.EVERYTHING])
    order = sorted(range(len(asked)), key=lambda nth: (*asked[nth].lock.place, asked[nth].lane.key))
    given = {nth: _given(connection, asked[nth]) for nth in order}
    for nth, its in given.items():
        if its.leave:
            room.turn_out(connection, asked[nth].lock, its.leave)
    return [given[nth] for nth in range(len(asked))]


def _given(connection: Connection, one: Asked) -> Turn:
    """One count while there is room; who goes before whom is asked only where there is none."""
    taken = room.taken(connection, one.lock)
    its = Turn(has_place=True, taken=taken) if taken < one.capacity else _turn(connection, one, taken)
    if its.has_place and not one.inside:
        room.keep(connection, one.lane.municipality, one.lane.id, one.lane.token)
    return its


def _turn(connection: Connection, one: Asked, taken: int) -> Turn:
    wanted = [spell._replace(firm=spell.firm or not one.moves) for spell in room.spells(connection, one.lock)]
    if one.lane.id not in {spell.lane for spell in wanted}:  # its claims are others by now: it is carried again for it
        return Turn(has_place=one.inside, taken=taken, again=one.lock.now + AGAIN)
    gone = room.gone(connection, one.lock)
    return turn(wanted, one.lane.id, capacity=one.capacity, taken=taken, gone=gone, now=one.lock.now)
