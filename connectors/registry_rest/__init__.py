"""Documents in a registry with a REST service of its own, by a profile that stands in the settings."""

from connectors.registry_rest.connector import RestRegistry

__all__ = ["RestRegistry"]
