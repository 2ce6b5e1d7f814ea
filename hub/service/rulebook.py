"""The rules in force: each municipality's current configuration, compiled. Nodes follow what the database says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.configuration.reader import read_files
from hub.discovery import load_connector
from hub.errors import NotFoundError
from hub.model.configuration import Configuration
from hub.model.credential import Method
from hub.planner.rules import Rules, compiled
from hub.sdk import AccessControl, AccessLimits, Connector
from hub.store import configurations
from hub.store.configurations import Version
from hub.store.sealing import Seal
from hub.store.writer import Readers


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
        for stored in await readers.read(configurations.current):
            self.take(stored)

    def take(self, stored: Version) -> None:
        """Put a stored version in force here."""
        known = self._towns.get(stored.municipality)
        if known is None or known.version != stored.version:
            configuration = read_files(stored.files).required()
            self.put(configuration, stored.version)

    def put(self, configuration: Configuration, version: int) -> None:
        """Put a configuration in force here."""
        rules = compiled(configuration, mark=self._seal.mark, version=version, methods=methods(configuration))
        self._towns[configuration.municipality.key] = Town(configuration, version, rules)

    def town(self, municipality: str) -> Town:
        """One municipality.

        Raises:
            NotFoundError: this installation does not serve it.
        """
        try:
            return self._towns[municipality]
        except KeyError:
            msg = f"no municipality {municipality!r} here"
            raise NotFoundError(msg) from None

    def rules(self, municipality: str) -> Rules:
        """One municipality's rules. Raises NotFoundError."""
        return self.town(municipality).rules

    def towns(self) -> Mapping[str, Town]:
        """All of them, by key."""
        return self._towns


def methods(configuration: Configuration) -> dict[str, frozenset[Method]]:
    """What holders may show at the doors of each access connection, where its connector says so beforehand."""
    found: dict[str, frozenset[Method]] = {}
    for name, connection in configuration.connections.items():
        connector: type[Connector[Any]] = load_connector(connection.connector)
        limits = getattr(connector, "access_limits", None)
        if issubclass(connector, AccessControl) and isinstance(limits, AccessLimits):
            found[name] = limits.methods
    return found
