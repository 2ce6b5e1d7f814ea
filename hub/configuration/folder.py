"""A municipality's folder as sheets, so that what refers across files can be checked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from hub.configuration.files import MAPPINGS, MUNICIPALITY, is_ours, is_template
from hub.configuration.finding import START, Finding, Path, Severity, at
from hub.configuration.sheet import Sheet, read_sheet
from hub.model.configuration import Configuration, Duty, Municipality
from hub.model.connection import Connection
from hub.model.facility import Capability, Facility
from hub.model.frozen import Frozen
from hub.model.mapping import MappingDocument
from hub.model.naming import Name
from hub.model.notice import Channel
from hub.model.notifying import Booker, Role

T = TypeVar("T", bound=Frozen)

DUTIES = {"finance": Capability.FINANCE, "registry": Capability.REGISTRY, "population": Capability.POPULATION}
"""The municipality's own tasks, by key."""

_NAMES: TypeAdapter[str] = TypeAdapter(Name)


@dataclass(frozen=True)
class Use:
    """A place where a connection is named, or left out, for something that it should do."""

    sheet: Sheet[Facility] | Sheet[Municipality]
    path: Path
    """Of what the connection would serve; its own key stands below."""
    connection: str | None
    capability: Capability
    key: str = ""
    """What the external system calls it."""
    channel: Channel | None = None
    """Of what tells somebody: which way."""

    @property
    def place(self) -> Path:
        """Where the connection is written, or should be."""
        return (*self.path, "connection")


@dataclass(frozen=True)
class Folder:
    """Every file that was read, also those whose shape is wrong."""

    municipality: Sheet[Municipality] | None
    connections: Mapping[str, Sheet[Connection]]
    facilities: Mapping[str, Sheet[Facility]]
    mappings: Mapping[str, Sheet[MappingDocument]]
    templates: Mapping[str, str]
    """Texts of messages, as `sv/role.txt`."""

    def configuration(self) -> Configuration | None:
        """The whole, unless a file of it is missing or wrong."""
        if self.municipality is None or self.municipality.value is None:
            return None
        connections = {name: sheet.value for name, sheet in self.connections.items() if sheet.value}
        facilities = {name: sheet.value for name, sheet in self.facilities.items() if sheet.value}
        mappings = {name: sheet.value for name, sheet in self.mappings.items() if sheet.value}
        whole = (len(connections), len(facilities), len(mappings))
        if whole != (len(self.connections), len(self.facilities), len(self.mappings)):
            return None
        return Configuration(
            municipality=self.municipality.value,
            connections=connections,
            facilities=facilities,
            mappings=mappings,
            templates=dict(self.templates),
        )

    def valid_connections(self) -> Iterator[tuple[str, Sheet[Connection], Connection]]:
        """Connections of right shape."""
        return ((name, sheet, sheet.value) for name, sheet in self.connections.items() if sheet.value)

    def valid_facilities(self) -> Iterator[tuple[str, Sheet[Facility], Facility]]:
        """Facilities of right shape."""
        return ((name, sheet, sheet.value) for name, sheet in self.facilities.items() if sheet.value)

    def uses(self) -> Iterator[Use]:
        """Every place where a connection is or could be named."""
        for _, sheet, facility in self.valid_facilities():
            yield from _of_facility(sheet, facility)
        if self.municipality and self.municipality.value:
            yield from _of_municipality(self.municipality, self.municipality.value)


def _of_facility(sheet: Sheet[Facility], facility: Facility) -> Iterator[Use]:
    if access := facility.access:
        yield Use(sheet, ("access",), access.connection, Capability.ACCESS)
    for name, zone in facility.zones.items():
        yield Use(sheet, ("zones", name), zone.connection, Capability(zone.capability), zone.key)


def _of_municipality(sheet: Sheet[Municipality], municipality: Municipality) -> Iterator[Use]:
    for name, capability in DUTIES.items():
        duty: Duty = getattr(municipality, name)
        if sheet.root.has((name,)):
            yield Use(sheet, (name,), duty.connection, capability)
    for kind, rule in municipality.finance.charging.customers.items():
        if rule.connection:
            yield Use(sheet, ("finance", "charging", "customers", kind), rule.connection, Capability.FINANCE)
    for authority, register in municipality.registry.documents.authorities.items():
        if register.connection:
            path: Path = ("registry", "documents", "authorities", authority)
            yield Use(sheet, path, register.connection, Capability.REGISTRY)
    for role, told in municipality.notify.items():
        yield from _of_told(sheet, ("notify", role), told)
    if municipality.booker is not None:
        yield from _of_told(sheet, ("booker",), municipality.booker)


def _of_told(sheet: Sheet[Municipality], path: Path, told: Role | Booker) -> Iterator[Use]:
    """Each way of telling; somebody without any is told by nobody yet."""
    ways = [(channel, way) for channel, way in ((Channel.EMAIL, told.email), (Channel.SMS, told.sms)) if way]
    for channel, way in ways:
        yield Use(sheet, (*path, str(channel)), way.connection, Capability.NOTIFICATION, channel=channel)
    if not ways:
        yield Use(sheet, path, None, Capability.NOTIFICATION)


def folder_of(texts: Mapping[str, str]) -> tuple[Folder, list[Finding]]:
    """The folder with these files, and all that is wrong within one file."""
    findings: list[Finding] = []
    municipality = None
    if MUNICIPALITY in texts:
        municipality, findings = read_sheet(MUNICIPALITY, texts[MUNICIPALITY], Municipality)
    connections, in_connections = _room(texts, "connections", Connection)
    facilities, in_facilities = _room(texts, "facilities", Facility)
    mappings, in_mappings = _room(texts, MAPPINGS, MappingDocument)
    templates = {name.partition("/")[2]: text for name, text in sorted(texts.items()) if is_template(name)}
    folder = Folder(municipality, connections, facilities, mappings, templates)
    return folder, [*findings, *in_connections, *in_facilities, *in_mappings]


def _room(texts: Mapping[str, str], room: str, model: type[T]) -> tuple[dict[str, Sheet[T]], list[Finding]]:
    """Every file of one folder, by its name without the ending."""
    sheets: dict[str, Sheet[T]] = {}
    findings: list[Finding] = []
    for file in sorted(each for each in texts if each.startswith(f"{room}/") and is_ours(each)):
        path = PurePosixPath(file)
        name = path.parent.name if room == MAPPINGS else path.stem
        sheet, found = read_sheet(file, texts[file], model)
        misnamed = list(_misnamed(file, name))
        sheets[name] = Sheet(file, sheet.root) if misnamed else sheet
        findings += [*found, *misnamed]
    return sheets, findings


def _misnamed(file: str, name: str) -> Iterator[Finding]:
    try:
        _NAMES.validate_python(name)
    except ValidationError:
        yield at(
            START, Severity.ERROR, "file-name", file, (), f"`{name}`: rename it: small letters, digits and hyphens"
        )
