"""The kit on the server that the connector brings."""

from datetime import timedelta

from connectors.control_opcua import OpcuaControl
from connectors.control_opcua.simulator import OpcuaSimulator
from hub.conformance import conformance

TestOpcuaControl = conformance(OpcuaControl, OpcuaSimulator, patience=timedelta(milliseconds=150))
"""A session is four questions, and all of them share one patience."""
