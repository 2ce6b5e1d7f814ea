"""What each connection's system can take, by its connector's declaration and the configuration; no system is asked."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from hub.clock import span
from hub.configuration.declared import access_limits
from hub.discovery import load_connector
from hub.model.configuration import Configuration
from hub.model.connection import Connection
from hub.sdk import (
    AccessControl,
    AccessLimits,
    Connector,
    Control,
    ReadsCredentials,
    ReadsZones,
)


class Bounds(NamedTuple):
    """Of one connection. `access`: None for what opens no doors, and where `unknown`."""

    name: str
    access: AccessLimits | None
    unknown: bool
    """Whether it opens doors, and says only when it runs what it can take."""
    per_minute: int | None
    horizon: int
    cost: int
    """Commands and looks of each thing that is sent."""


def bounds(configuration: Configuration) -> Iterator[Bounds]:
    """Of every connection to doors, lights or climate."""
    for name, connection in configuration.connections.items():
        kind = load_connector(connection.connector)
        if issubclass(kind, AccessControl | Control):
            access = access_limits(kind, connection)
            yield Bounds(
                name,
                access,
                issubclass(kind, AccessControl) and access is None,
                _per_minute(kind, connection),
                span(connection.push_horizon),
                2 if issubclass(kind, ReadsCredentials | ReadsZones) else 1,
            )


def _per_minute(kind: type[Connector[Any]], connection: Connection) -> int | None:
    told = (kind.pace.calls_per_minute, connection.pace.calls_per_minute if connection.pace else None)
    return min((limit for limit in told if limit is not None), default=None)
