"""Light and climate behind gateways that speak RealEstateCore Edge, over MQTT or HTTPS."""

from connectors.control_rec.connector import RecControl

__all__ = ["RecControl"]
