"""Documents as FGS Ärendehantering, in a folder that a registry takes them from."""

from connectors.registry_fgs.connector import FgsRegistry

__all__ = ["FgsRegistry"]
