"""Reads a municipality's folder, from disk or from a stored version, and tells all that is wrong with it at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from hub.configuration.codes import codes
from hub.configuration.connectors import Load, connectors
from hub.configuration.files import is_ours, load, missing, stranger
from hub.configuration.finding import Finding, Severity, in_order
from hub.configuration.folder import Folder, folder_of
from hub.configuration.ladders import ladders
from hub.configuration.levels import levels
from hub.configuration.lit import lit
from hub.configuration.omissions import omissions
from hub.configuration.references import references
from hub.configuration.resources import resources
from hub.configuration.sensors import sensors
from hub.configuration.telling import telling
from hub.discovery import load_connector
from hub.errors import ConfigurationError
from hub.model.configuration import Configuration


@dataclass(frozen=True, slots=True)
class Counts:
    """How much was read."""

    files: int
    connections: int
    facilities: int
    resources: int
    mappings: int


@dataclass(frozen=True)
class Read:
    """A folder as read. The configuration is there when every file has its right shape, and right when `ok`."""

    configuration: Configuration | None
    findings: tuple[Finding, ...]
    counts: Counts
    files: Mapping[str, str] = field(repr=False)
    """The texts by relative path, as a version of them is stored."""
    folder: Folder = field(repr=False)

    @property
    def ok(self) -> bool:
        """Whether it can be used: no errors; warnings are allowed."""
        return all(finding.severity is not Severity.ERROR for finding in self.findings)

    def required(self) -> Configuration:
        """The configuration.

        Raises:
            ConfigurationError: with every error, a line each.
        """
        if self.ok and self.configuration:
            return self.configuration
        raise ConfigurationError("\n".join(str(each) for each in self.findings if each.severity is Severity.ERROR))


def read_folder(path: Path, *, load_class: Load = load_connector) -> Read:
    """The configuration in a folder on disk."""
    texts, mappings, findings = load(path)
    return _read(texts, mappings, findings, load_class)


def read_files(files: Mapping[str, str], *, load_class: Load = load_connector) -> Read:
    """The same from texts by relative path, as the database stores a version."""
    texts = {name: text for name, text in files.items() if is_ours(name)}
    strangers = [stranger(name) for name in files if name not in texts]
    return _read(texts, (), strangers, load_class)


def _read(texts: Mapping[str, str], mappings: Iterable[str], before: Iterable[Finding], load_class: Load) -> Read:
    folder, within = folder_of(texts)
    findings = in_order(
        chain(
            before,
            missing(texts),
            within,
            omissions(folder),
            resources(folder),
            levels(folder),
            lit(folder),
            ladders(folder),
            sensors(folder),
            codes(folder),
            references(folder),
            telling(folder),
            connectors(folder, load_class),
        )
    )
    return Read(folder.configuration(), findings, _counts(folder, texts, mappings), dict(texts), folder)


def _counts(folder: Folder, texts: Mapping[str, str], mappings: Iterable[str]) -> Counts:
    return Counts(
        files=len(texts),
        connections=len(folder.connections),
        facilities=len(folder.facilities),
        resources=sum(len(facility.resources) for _, _, facility in folder.valid_facilities()),
        mappings=len(tuple(mappings)),
    )
