"""ONVIF Profile A: doors of a controller by credentials and access profiles, over SOAP 1.2."""

from connectors.access_onvif.connector import OnvifAccess

__all__ = ["OnvifAccess"]
