"""Light and climate in coils and registers: Modbus TCP."""

from connectors.control_modbus.connector import ModbusControl

__all__ = ["ModbusControl"]
