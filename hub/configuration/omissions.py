"""What may be left out but changes what happens: told, so that nobody has to guess."""

import json
from collections.abc import Iterator

from pydantic_core import to_jsonable_python

from hub.configuration.finding import Finding, Path
from hub.configuration.folder import DUTIES, Folder
from hub.configuration.sheet import Sheet
from hub.model.configuration import Facility, Municipality
from hub.model.frozen import Frozen
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
        yield from _of_roles(folder.municipality, folder.municipality.value)
    for _, sheet, facility in folder.valid_facilities():
        yield from _left_out(sheet, _OF_FACILITY)
        yield from _parts(sheet, facility)


def _left_out(sheet: Sheet[Facility] | Sheet[Municipality], keys: dict[str, str]) -> Iterator[Finding]:
    for key, consequence in keys.items():
        if not sheet.root.has((key,)):
            yield sheet.warning((), "left-out", f"`{key}` is left out: {consequence}")


def _of_roles(sheet: Sheet[Municipality], town: Municipality) -> Iterator[Finding]:
    """What was not written of somebody who is told, and so what they are told."""
    told: list[tuple[Path, Role | Booker]] = [(("notify", name), role) for name, role in town.notify.items()]
    if town.booker is not None:
        told.append((("booker",), town.booker))
    for path, role in told:
        if role.email is not None or role.sms is not None:
            yield from _unwritten(sheet, path, role)


def _unwritten(sheet: Sheet[Municipality], path: Path, value: Frozen) -> Iterator[Finding]:
    """One warning for each thing of which keys were left out; without a connection it is unserved, which is told."""
    fields = type(value).model_fields.items()
    bare = {f.alias or name: f for name, f in fields if name != "connection" and not f.is_required()}
    bare = {name: field for name, field in bare.items() if not sheet.root.has((*path, name))}
    if bare:
        shown = (json.dumps(to_jsonable_python(f.get_default(call_default_factory=True))) for f in bare.values())
        defaults = ", ".join(f"`{name}: {value}`" for name, value in zip(bare, shown, strict=True))
        yield sheet.warning(path, "left-out", f"left out, and so {defaults}; write them if they matter here")
    for name, field in fields:
        inside = getattr(value, name)
        if isinstance(inside, Frozen):
            yield from _unwritten(sheet, (*path, field.alias or name), inside)


def _parts(sheet: Sheet[Facility], facility: Facility) -> Iterator[Finding]:
    for key, resource in facility.resources.items():
        if resource.kind == "place" and not sheet.root.has(("resources", key, "parts")):
            message = "`parts` is left out: booking it takes nothing else; write them, or `parts: []`"
            yield sheet.warning(("resources", key), "left-out", message)
