"""What may be left out but changes what happens: told, so that nobody has to guess."""

from collections.abc import Iterator

from hub.configuration.finding import Finding
from hub.configuration.folder import DUTIES, Folder
from hub.configuration.sheet import Sheet
from hub.model.configuration import Facility, Municipality

_OF_MUNICIPALITY = {
    "retention": "nothing expires; write the decision (gallringsbeslut) and its days when there is one",
    "notify": "bookings can have nobody told; write the roles, or `notify: {}`",
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
    for _, sheet, facility in folder.valid_facilities():
        yield from _left_out(sheet, _OF_FACILITY)
        yield from _parts(sheet, facility)


def _left_out(sheet: Sheet[Facility] | Sheet[Municipality], keys: dict[str, str]) -> Iterator[Finding]:
    for key, consequence in keys.items():
        if not sheet.root.has((key,)):
            yield sheet.warning((), "left-out", f"`{key}` is left out: {consequence}")


def _parts(sheet: Sheet[Facility], facility: Facility) -> Iterator[Finding]:
    for key, resource in facility.resources.items():
        if resource.kind == "place" and not sheet.root.has(("resources", key, "parts")):
            message = "`parts` is left out: booking it takes nothing else; write them, or `parts: []`"
            yield sheet.warning(("resources", key), "left-out", message)
