"""What may be left out but changes what happens: told, so that nobody has to guess."""

from collections.abc import Iterator

from hub.configuration.finding import Finding, Path
from hub.configuration.folder import DUTIES, Folder
from hub.configuration.sheet import Sheet
from hub.configuration.unwritten import unwritten
from hub.model.configuration import Municipality
from hub.model.facility import Facility
from hub.model.notifying import Booker, Role

_OF_MUNICIPALITY = {
    "retention": "nothing expires; write the decision (gallringsbeslut) and its days when there is one",
    "notify": "bookings can have nobody told; write the roles, or `notify: {}`",
    "booker": "whoever books is told nothing; write what they are told, or `booker: {}`",
    **{duty: f"there is no {duty}; write `{duty}: {{}}` until it has a connection" for duty in DUTIES},
}
_OF_FACILITY = {
    "access": "its bookings open no door; write it, or `access: null`",
    "zones": "its bookings light and warm nothing; write them, or `zones: {}`",
}


def omissions(folder: Folder) -> Iterator[Finding]:
    """A warning for each key that was left out and is not plainly nothing."""
    if folder.municipality and folder.municipality.value:
        yield from _left_out(folder.municipality, _OF_MUNICIPALITY)
        yield from _of_town(folder.municipality, folder.municipality.value)
    for _, sheet, facility in folder.valid_facilities():
        yield from _left_out(sheet, _OF_FACILITY)
        yield from _parts(sheet, facility)


def _left_out(sheet: Sheet[Facility] | Sheet[Municipality], keys: dict[str, str]) -> Iterator[Finding]:
    for key, consequence in keys.items():
        if not sheet.root.has((key,)):
            yield sheet.warning((), "left-out", f"`{key}` is left out: {consequence}")


def _of_town(sheet: Sheet[Municipality], town: Municipality) -> Iterator[Finding]:
    """What was not written of who is told what, of invoices and of what expires."""
    told: list[tuple[Path, Role | Booker]] = [(("notify", name), role) for name, role in town.notify.items()]
    if town.booker is not None:
        told.append((("booker",), town.booker))
    for path, one in told:
        if one.email is not None or one.sms is not None:
            yield from unwritten(sheet, path, type(one))
    if town.finance.connection is not None:
        yield from unwritten(sheet, ("finance",), type(town.finance))
    if town.registry.connection is not None or sheet.root.has(("registry", "documents")):
        yield from unwritten(sheet, ("registry",), type(town.registry))
    if town.retention is not None:
        yield from unwritten(sheet, ("retention",), type(town.retention))


def _parts(sheet: Sheet[Facility], facility: Facility) -> Iterator[Finding]:
    for key, resource in facility.resources.items():
        if resource.kind == "place" and not sheet.root.has(("resources", key, "parts")):
            message = "`parts` is left out: booking it takes nothing else; write them, or `parts: []`"
            yield sheet.warning(("resources", key), "left-out", message)
