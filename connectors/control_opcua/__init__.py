"""Light and climate in the nodes of an OPC UA server; needs the extra `opcua`."""

from connectors.control_opcua.connector import OpcuaControl

__all__ = ["OpcuaControl"]
