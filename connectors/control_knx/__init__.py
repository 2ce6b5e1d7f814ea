"""Light and climate on a KNX bus, through a gateway to it."""

from connectors.control_knx.connector import KnxControl

__all__ = ["KnxControl"]
