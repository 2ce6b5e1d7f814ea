"""Documents in ByggR, over its ArendeExport service: a registry that cannot be asked."""

from connectors.registry_byggr.connector import ByggrRegistry

__all__ = ["ByggrRegistry"]
