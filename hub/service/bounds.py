"""What each connection's system can take, by its connector's declaration and the configuration; no system is asked."""

import logging
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import httpx

from hub.clock import DomainClock, span
from hub.configuration.secrets import resolve
from hub.discovery import load_connector
from hub.model.configuration import Configuration, Connection
from hub.sdk import (
    AccessControl,
    AccessLimits,
    Connector,
    Control,
    Lent,
    ReadsCredentials,
    ReadsZones,
    State,
    TransientError,
)

LOG = logging.getLogger("hub.bounds")


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


class _Nowhere(httpx.AsyncBaseTransport):
    """Leads to no system."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise TransientError(f"{request.url.host}: nothing is sent in a rehearsal")


class _NoState(State):
    """Keeps nothing."""

    async def get(self, key: str) -> str | None:  # noqa: ARG002 - there is none
        return None

    async def put(self, key: str, value: str) -> None:
        """Forget it."""

    async def delete(self, key: str) -> None:
        """It is not there."""


def bounds(configuration: Configuration) -> Iterator[Bounds]:
    """Of every connection to doors, lights or climate."""
    for name, connection in configuration.connections.items():
        kind = load_connector(connection.connector)
        if issubclass(kind, AccessControl | Control):
            access = _access(kind, connection) if issubclass(kind, AccessControl) else None
            yield Bounds(
                name,
                access,
                issubclass(kind, AccessControl) and access is None,
                _per_minute(kind, connection),
                span(connection.push_horizon),
                2 if issubclass(kind, ReadsCredentials | ReadsZones) else 1,
            )


def _access(kind: type[Connector[Any]], connection: Connection) -> AccessLimits | None:
    """As declared for the class; or by the settings, which a connector that is built and not opened knows."""
    declared = getattr(kind, "access_limits", None)
    if isinstance(declared, AccessLimits):
        return declared
    lent = Lent(transport=_Nowhere(), clock=DomainClock(), state=_NoState(), log=LOG)
    try:
        settings: Mapping[str, object] = resolve(connection.settings, {}, missing="placeholder")
        found = getattr(kind(kind.config_type.model_validate(settings), lent), "access_limits", None)
    except Exception as error:  # noqa: BLE001 - a connector that needs its system to know is told of, and stops nothing
        LOG.info("%s does not tell its limits: %s", connection.connector, type(error).__name__)
        return None
    return found if isinstance(found, AccessLimits) else None


def _per_minute(kind: type[Connector[Any]], connection: Connection) -> int | None:
    told = (kind.pace.calls_per_minute, connection.pace.calls_per_minute if connection.pace else None)
    return min((limit for limit in told if limit is not None), default=None)
