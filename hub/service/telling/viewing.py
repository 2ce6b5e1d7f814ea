"""A booking as somebody who is told of it sees it: the occasions that concern them, and the words for them. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from hub.clock import STOCKHOLM, instant, micros
from hub.configuration.template_values import DoorCode, Occasion, Opening
from hub.model.booking import Booking, Protected, Status
from hub.model.configuration import Configuration
from hub.model.credential import Method
from hub.model.notice_record import Slot
from hub.model.plan import Claim, Closure, Grant
from hub.planner.notifying import RoleRule, closed_now, facility_of
from hub.planner.rules import Rules
from hub.service.telling.judging import Slice, State

_WEEKDAYS = {
    "sv": ("måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag", "söndag"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}


class Words:
    """What things are called, in one language."""

    def __init__(self, configuration: Configuration, language: str) -> None:
        self._configuration, self._language = configuration, language

    @cached_property
    def _names(self) -> Mapping[str, str]:
        every = self._configuration.facilities.values()
        return {key: resource.name for facility in every for key, resource in facility.resources.items()}

    @cached_property
    def _doors(self) -> Mapping[tuple[str, str], str]:
        """What we call a door, by connection and external key."""
        listed = [f.access for f in self._configuration.facilities.values() if f.access]
        return {(a.connection or "", door.key): name for a in listed for name, door in a.doors.items()}

    def place(self, resource: str) -> str:
        """What a resource is called."""
        return self._names.get(resource, resource)

    def facility(self, resource: str) -> str:
        """What the facility of a resource is called."""
        found = self._configuration.facilities.get(facility_of(resource))
        return found.name if found else facility_of(resource)

    def occasion(self, one: Slice, closed: frozenset[tuple[str, str]] = frozenset()) -> Occasion:
        """One occasion in words; of what goes along, all that is not closed."""
        extras = [self.place(extra) for extra in one.extras if (one.id, extra) not in closed]
        shut = (one.id, one.resource) in closed
        return Occasion(self.place(one.resource), self.facility(one.resource), *self.span(one), extras, shut)

    def span(self, one: Slice | Claim) -> tuple[str, str, str, str]:
        """Weekday, date, and the times; an end on another day says which."""
        begin, over = _local(one.starts), _local(one.ends)
        until = f"{over:%H:%M}" if over.date() == begin.date() else f"{over:%Y-%m-%d %H:%M}"
        return _WEEKDAYS[self._language][begin.weekday()], f"{begin:%Y-%m-%d}", f"{begin:%H:%M}", until

    def openings(self, claims: Iterable[Claim]) -> list[Opening]:
        """When which doors open; those that open together in one line."""
        together: dict[tuple[str, str, str, str], list[str]] = {}
        for claim in sorted(claims, key=lambda one: (one.starts, one.ends)):
            name = self._doors.get((claim.target.connection, claim.door), claim.door)
            doors = together.setdefault(self.span(claim), [])
            if name not in doors:
                doors.append(name)
        return [Opening(doors, *span) for span, doors in together.items()]

    def code(self, value: str, grant: Grant, claims: Iterable[Claim], holder: str | None) -> DoorCode:
        """A code, and what it opens."""
        mine = (claim for claim in claims if claim.target == grant.target and not claim.suspended)
        return DoorCode(value, holder, self.openings(mine))


def _local(at: int) -> datetime:
    return instant(at).astimezone(STOCKHOLM)


class View(NamedTuple):
    """What a slot sees of a booking."""

    state: State
    closed: frozenset[tuple[str, str]]
    """(occasion, resource) of all that is held back, whether or not the slot hears of closures."""


def view(booking: Booking, slot: Slot, rule: RoleRule, rules: Rules, closures: Iterable[Closure]) -> View:
    """The booking as it is, for a slot; without codes."""
    slices = _slices(booking, slot, rule)
    mine = {one.id for one in slices}
    every = closed_now(booking, closures, rules.related)
    closed = frozenset(use for use in every if use[0] in mine)
    standing = booking.status is Status.CONFIRMED and bool(slices)
    heard = closed if rule.follows_closures else frozenset()
    return View(State(standing, booking.revision, slices, heard), closed)


def _slices(booking: Booking, slot: Slot, rule: RoleRule) -> tuple[Slice, ...]:
    """The occasions that concern the role, at the facility of the slot."""
    extras: dict[str, list[str]] = {}
    for extra in booking.extras:
        for occasion in extra.occasions:
            extras.setdefault(occasion, []).append(extra.resource)
    elsewhere = next((way.facilities for way in rule.ways if way.channel is slot.channel), frozenset())
    return tuple(
        Slice(one.id, one.resource, micros(one.starts_at), micros(one.ends_at), tuple(extras.get(one.id, ())))
        for one in booking.occasions
        if any(rule.concerns(resource) for resource in (one.resource, *extras.get(one.id, ())))
        if (facility_of(one.resource) == slot.facility if slot.facility else facility_of(one.resource) not in elsewhere)
    )


def named(booking: Booking) -> str | None:
    """The customer's name, for whoever may know it: not of a person who is, or may be, protected."""
    return booking.customer.name if booking.customer.protection is Protected.NO else None


def holder_of(booking: Booking, grant: Grant, grants: Iterable[Grant]) -> str | None:
    """Whose code it is, when there are several; nobody who is, or may be, protected is named."""
    if sum(one.method is Method.PIN for one in grants) < 2:  # noqa: PLR2004 - two are several
        return None
    holders = list(dict.fromkeys(holder for occasion in booking.occasions for holder in occasion.holders))
    mine = [holders[place] for place in grant.holders]
    return ", ".join(one.name for one in mine) if all(one.protected is Protected.NO for one in mine) else None
