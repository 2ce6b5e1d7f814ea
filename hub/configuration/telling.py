"""Roles and texts of messages: names that lead nowhere, and templates that give no text."""

from collections.abc import Iterable, Iterator, Mapping

from hub.configuration.files import TEMPLATES as ROOM
from hub.configuration.finding import Finding, Place, Severity, at, instead_of
from hub.configuration.folder import Folder
from hub.configuration.sheet import Sheet
from hub.configuration.template_values import TEMPLATES
from hub.configuration.templates import flaws
from hub.model.configuration import Municipality
from hub.model.notifying import BOOKER


def telling(folder: Folder) -> Iterator[Finding]:
    """What is wrong with who is told what."""
    yield from _texts(folder.templates)
    sheet = folder.municipality
    if sheet is None or sheet.value is None:
        return
    resources = {key for _, _, facility in folder.valid_facilities() for key in facility.resources}
    yield from _roles(sheet, sheet.value, frozenset(folder.facilities), resources)


def _roles(
    sheet: Sheet[Municipality], town: Municipality, facilities: frozenset[str], resources: Iterable[str]
) -> Iterator[Finding]:
    places = facilities | set(resources)
    for name, role in town.notify.items():
        path = ("notify", name)
        if name == BOOKER:
            message = "`booker` is the customer of a booking: write it beside `notify`, as a key of its own"
            yield sheet.error(path, "reserved-role", message)
        yield from _places(sheet, (*path, "resources"), role.resources, places)
        for channel, way in (("email", role.email), ("sms", role.sms)):
            for facility in way.by_facility if way else ():
                if facility not in facilities:
                    message = f"no facility `{facility}`: {instead_of(facility, facilities)}"
                    yield sheet.error((*path, channel, "by_facility", facility), "unknown-facility", message)
    if town.booker is not None:
        yield from _places(sheet, ("booker", "resources"), town.booker.resources, places)


def _places(
    sheet: Sheet[Municipality], path: tuple[str, ...], named: str | tuple[str, ...], known: Iterable[str]
) -> Iterator[Finding]:
    known = frozenset(known)
    for n, place in enumerate(() if isinstance(named, str) else named):
        if place not in known:
            message = f"no facility or resource `{place}`: {instead_of(place, known)}"
            yield sheet.error((*path, n), "unknown-place", message)


def _texts(templates: Mapping[str, str]) -> Iterator[Finding]:
    for path, text in templates.items():
        name, file = path.rpartition("/")[2], f"{ROOM}/{path}"
        if name not in TEMPLATES:
            message = f"no message has the template `{name}`: {instead_of(name, TEMPLATES)}"
            yield at(Place(1, 1), Severity.ERROR, "unknown-template", file, (), message)
            continue
        for flaw in flaws(path, text):
            yield at(Place(flaw.line, 1), Severity.ERROR, "bad-template", file, (), flaw.message)
