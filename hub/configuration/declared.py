"""What a connection can take by its connector and settings alone: what bookings are planned, checked, rehearsed by."""

from typing import Any

from pydantic import ValidationError

from hub.configuration.secrets import resolve
from hub.errors import ConfigurationError
from hub.model.connection import Connection
from hub.sdk import AccessControl, AccessLimits, Connector


def access_limits(kind: type[Connector[Any]], connection: Connection) -> AccessLimits | None:
    """Of a connection to doors; None for any other, and for one that only knows when it has asked its system."""
    if not issubclass(kind, AccessControl):
        return None
    try:
        settings = resolve(connection.settings, {}, missing="placeholder")
        return kind.limits_by(kind.config_type.model_validate(settings))
    except (ConfigurationError, ValidationError):
        return None  # what is wrong with its settings is told where they stand
