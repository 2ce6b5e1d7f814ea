"""What is done instead of doors: roles that are not there or nobody reaches, and rungs out of order."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

from hub.configuration.finding import Finding, Path, instead_of
from hub.configuration.folder import Folder
from hub.configuration.sheet import Sheet
from hub.model.facility import Access, Facility
from hub.model.notifying import Role


def ladders(folder: Folder) -> Iterator[Finding]:
    """All that is wrong with the ladders of facilities."""
    town = folder.municipality.value if folder.municipality else None
    roles = town.notify if town else {}
    for name, sheet, facility in folder.valid_facilities():
        if facility.access and facility.access.fallback:
            yield from _told(name, sheet, facility.access, roles)
            yield from _in_order(sheet, facility.access)
            if facility.access.connection is None:
                message = "the doors have no connection yet, so nothing of this is done; it will be when they have one"
                yield sheet.warning(_PATH, "idle-ladder", message)


_PATH: Path = ("access", "fallback")


def _told(facility: str, sheet: Sheet[Facility], access: Access, roles: Mapping[str, Role]) -> Iterator[Finding]:
    for n, rung in enumerate(access.fallback):
        if (rung.tell is None) is (rung.spare_codes is None):
            message = "a rung does one thing: write `tell` or `spare_codes`, and not both"
            yield sheet.error((*_PATH, n), "unclear-rung", message)
        if rung.tell is None:
            continue
        role = roles.get(rung.tell)
        if role is None:
            message = f"no role `{rung.tell}` in `notify` of municipality.yaml: {instead_of(rung.tell, roles)}"
            yield sheet.error((*_PATH, n, "tell"), "unknown-role", message)
        elif not _reached(role, facility):
            message = f"`{rung.tell}` is reached by nothing here, so the rung is never taken; write `email` or `sms`"
            yield sheet.warning((*_PATH, n, "tell"), "unserved-rung", message)


def _reached(role: Role, facility: str) -> bool:
    ways = [way for way in (role.email, role.sms) if way and way.connection]
    return any(way.to is not None or facility in way.by_facility for way in ways)


def _in_order(sheet: Sheet[Facility], access: Access) -> Iterator[Finding]:
    """Each rung comes later than the one before it."""
    minutes = [rung.minutes_before for rung in access.fallback]
    for n, (before, here) in enumerate(pairwise(minutes), 1):
        if here >= before:
            message = (
                f"{here} minutes is no later than the rung before it, {before}; write fewer, or change their order"
            )
            yield sheet.error((*_PATH, n, "minutes_before"), "rungs-out-of-order", message)
