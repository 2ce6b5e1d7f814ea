"""The kit on the server that the connector brings."""

from connectors.control_opcua import OpcuaControl
from connectors.control_opcua.simulator import OpcuaSimulator
from hub.conformance import conformance

TestOpcuaControl = conformance(OpcuaControl, OpcuaSimulator)
