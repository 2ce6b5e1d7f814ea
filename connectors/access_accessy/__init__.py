"""Accessy: mobile keys in an app, by phone number; the holder accepts an invitation the first time."""

from connectors.access_accessy.connector import AccessyAccess

__all__ = ["AccessyAccess"]
