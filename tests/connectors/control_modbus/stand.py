"""A connector at a device, for the tests: ours or libmodbus'."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from connectors.control_modbus import ModbusControl
from connectors.control_modbus.config import ModbusConfig
from connectors.control_modbus.simulator import ModbusSimulator
from hub.conformance.driver import SetClock
from tests.connectors.rooms import Lending, up


class Room(Lending):
    """What the hub lends, and hears."""

    def connector(
        self, settings: Mapping[str, Any], *, timeout: float = 3.0, **lent: Any
    ) -> AbstractAsyncContextManager[ModbusControl]:
        """A connector, opened."""
        config = ModbusConfig.model_validate(settings)
        return self.opened(lambda own: ModbusControl(config, own), seconds=timeout, **lent)


def device(**settings: Any) -> AbstractAsyncContextManager[ModbusSimulator]:
    """Ours, which misbehaves when it is told to."""
    return up(ModbusSimulator(SetClock(), settings=settings or None))
