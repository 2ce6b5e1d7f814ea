"""Light and climate in the objects of a BACnet/IP device."""

from connectors.control_bacnet.connector import BacnetControl

__all__ = ["BacnetControl"]
