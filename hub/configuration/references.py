"""Connections and what names them: dangling names, doubled keys, what nobody serves and nobody uses."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from hub.configuration.finding import Finding, instead_of
from hub.configuration.folder import Folder, Use
from hub.model.facility import Capability


def references(folder: Folder) -> Iterator[Finding]:
    """What is wrong or odd between the files."""
    uses = list(folder.uses())
    yield from _dangling(folder, uses)
    yield from _unserved(uses)
    yield from _doubled_zones(uses)
    yield from _doubled_doors(folder)


def _dangling(folder: Folder, uses: Iterable[Use]) -> Iterator[Finding]:
    for use in uses:
        if use.connection and use.connection not in folder.connections:
            message = f"no file connections/{use.connection}.yaml: {instead_of(use.connection, folder.connections)}"
            yield use.sheet.error(use.place, "unknown-connection", message)


def _unserved(uses: Iterable[Use]) -> Iterator[Finding]:
    """One warning for each file and capability."""
    grouped: dict[tuple[str, Capability], list[Use]] = defaultdict(list)
    for use in uses:
        grouped[use.sheet.file, use.capability].append(use)
    for (_, capability), of_file in grouped.items():
        bare = [use for use in of_file if not use.connection]
        if bare:
            yield bare[0].sheet.warning(bare[0].path, "unserved", _without(capability, bare, of_file))


def _without(capability: Capability, bare: Sequence[Use], of_file: Sequence[Use]) -> str:
    names = ", ".join(f"`{use.path[-1]}`" for use in bare)
    share = f"{len(bare)} of {len(of_file)}, " if len(bare) < len(of_file) else ""
    return f"{capability} is unserved ({share}{names}); write `connection` when there is one"


def _doubled_zones(uses: Iterable[Use]) -> Iterator[Finding]:
    """Two zones that would be one in the external system."""
    first: dict[tuple[str, str], Use] = {}
    for use in uses:
        if use.connection and use.key:
            other = first.setdefault((use.connection, use.key), use)
            if other is not use:
                where = f"{other.sheet.file}:{other.sheet.root.place_of(other.path).line}"
                message = (
                    f"zone `{use.key}` of `{use.connection}` stands also at {where}; write it once, with all it serves"
                )
                yield use.sheet.error((*use.path, "key"), "doubled-zone", message)


def _doubled_doors(folder: Folder) -> Iterator[Finding]:
    """One door written twice: a fault within a facility, and between two perhaps a common entrance."""
    first: dict[tuple[str, str], tuple[str, int]] = {}
    for name, sheet, facility in folder.valid_facilities():
        for door, rule in facility.access.doors.items() if facility.access else ():
            path = ("access", "doors", door, "key")
            place = (sheet.file, sheet.root.place_of(path).line)
            owner = (facility.access and facility.access.connection) or f"{name} without a connection"
            other = first.setdefault((owner, rule.key), place)
            if other[0] == sheet.file and other != place:
                message = f"door `{rule.key}` stands also on line {other[1]}; write it once, with all it serves"
                yield sheet.error(path, "doubled-door", message)
            elif other != place:
                message = f"door `{rule.key}` stands also at {other[0]}:{other[1]}; is it one and the same?"
                yield sheet.warning(path, "shared-door", message)
