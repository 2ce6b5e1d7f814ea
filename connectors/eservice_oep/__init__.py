"""Applications made in Open ePlatform, and the registry numbers that it is told."""

from connectors.eservice_oep.connector import OpenEplatform

__all__ = ["OpenEplatform"]
