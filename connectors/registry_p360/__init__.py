"""Documents in Public 360°, over its SIF services in JSON."""

from connectors.registry_p360.connector import P360Registry

__all__ = ["P360Registry"]
