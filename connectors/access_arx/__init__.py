"""ASSA ABLOY ARX: doors by access categories, over its XML web API."""

from connectors.access_arx.connector import ArxAccess

__all__ = ["ArxAccess"]
