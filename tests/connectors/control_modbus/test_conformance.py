"""The kit on the device that the connector brings."""

from datetime import timedelta

from connectors.control_modbus import ModbusControl
from connectors.control_modbus.simulator import ModbusSimulator
from hub.conformance import conformance

TestModbusControl = conformance(ModbusControl, ModbusSimulator, patience=timedelta(milliseconds=50))
