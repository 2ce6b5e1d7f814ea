"""The rules in force: each municipality's current configuration, compiled. Nodes follow what the database says."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from hub.configuration.declared import access_limits
from hub.configuration.reader import read_files
from hub.discovery import load_connector
from hub.errors import NotFoundError
from hub.masking import quoted
from hub.model.configuration import Configuration
from hub.model.credential import Method
from hub.model.plan import Closure
from hub.planner.rules import Rules, compiled
from hub.sdk import AccessLimits, AcknowledgesApplications, Chooser
from hub.store import closures, configurations
from hub.store.configurations import Version
from hub.store.engine.database import Connection
from hub.store.engine.writer import Readers
from hub.store.seals.sealing import Seal


@dataclass(frozen=True)
class Town:
    """One municipality: its configuration as stored, and compiled."""

    configuration: Configuration
    version: int
    rules: Rules


class Rulebook:
    """Every municipality's rules."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal
        self._towns: dict[str, Town] = {}

    async def load(self, readers: Readers) -> None:
        """Read what is current."""
        stored, closed = await readers.read(_current)
        for version in stored:
            self.take(version, closed[version.municipality])

    async def follow(self, readers: Readers) -> bool:
        """Read what is current, if another process has changed it; says whether one had."""
        if await readers.read(configurations.bases) == {key: town.rules.basis for key, town in self._towns.items()}:
            return False
        await self.load(readers)
        return True

    def take(self, stored: Version, closed: tuple[int, tuple[Closure, ...]]) -> None:
        """Put a stored version, and the closures in force, in force here."""
        town = self._towns.get(stored.municipality)
        if town is None or town.version != stored.version:
            town = made(stored, self._seal)
        version, closures = closed
        rules = replace(town.rules, closures=closures, closures_version=version)
        self._towns[stored.municipality] = replace(town, rules=rules)

    def town(self, municipality: str) -> Town:
        """One municipality.

        Raises:
            NotFoundError: this installation does not serve it.
        """
        try:
            return self._towns[municipality]
        except KeyError:
            msg = f"no municipality {quoted(municipality)} here"
            raise NotFoundError(msg) from None

    def rules(self, municipality: str) -> Rules:
        """One municipality's rules. Raises NotFoundError."""
        return self.town(municipality).rules

    def towns(self) -> Mapping[str, Town]:
        """All of them, by key."""
        return self._towns


def made(stored: Version, seal: Seal) -> Town:
    """A stored version, compiled; without closures. Raises ConfigurationError."""
    configuration = read_files(stored.files).required()
    rules = compiled(
        configuration,
        mark=seal.mark,
        version=stored.version,
        methods=methods(configuration),
        own_pins=own_pins(configuration),
    )
    return Town(configuration, stored.version, rules)


class Current(NamedTuple):
    """What a municipality's bookings are planned with now."""

    version: Version
    closures: tuple[Closure, ...]
    closures_version: int


def current_of(connection: Connection, municipality: str) -> Current | None:
    """The same of one municipality, of one moment; None where it has no configuration."""
    stored, closed = _current(connection)
    found = next((one for one in stored if one.municipality == municipality), None)
    if found is None:
        return None
    version, closures = closed[municipality]
    return Current(found, closures, version)


def _current(connection: Connection) -> tuple[list[Version], dict[str, tuple[int, tuple[Closure, ...]]]]:
    """Every current configuration, and every municipality's closures with their version, of one moment."""
    stored, versions = configurations.current(connection), closures.versions(connection)
    in_force = {
        one.municipality: tuple(
            Closure(c.resource, c.starts, c.ends) for c in closures.listed(connection, one.municipality) if not c.lifted
        )
        for one in stored
    }
    return stored, {town: (versions.get(town, 0), listed) for town, listed in in_force.items()}


def methods(configuration: Configuration) -> dict[str, frozenset[Method]]:
    """What holders may show at the doors of each access connection, where its connector says so beforehand."""
    return {name: limits.methods for name, limits in _limits(configuration)}


def own_pins(configuration: Configuration) -> frozenset[str]:
    """The access connections whose locks make their PINs themselves, and take none of ours."""
    return frozenset(name for name, limits in _limits(configuration) if Chooser.HUB not in limits.pin.chosen_by)


def of_applications(configuration: Configuration) -> frozenset[str]:
    """The connections that applications come in by: what came is a document, also before it is understood."""
    told = configuration.connections.items()
    return frozenset(name for name, one in told if issubclass(load_connector(one.connector), AcknowledgesApplications))


def _limits(configuration: Configuration) -> Iterator[tuple[str, AccessLimits]]:
    for name, connection in configuration.connections.items():
        limits = access_limits(load_connector(connection.connector), connection)
        if limits is not None:
            yield name, limits
