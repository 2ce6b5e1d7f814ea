"""A connector at a device, for the tests: ours or npm's."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from connectors.control_bacnet import BacnetControl
from connectors.control_bacnet.config import BacnetConfig
from connectors.control_bacnet.simulator import BacnetSimulator
from hub.conformance.driver import SetClock
from tests.connectors.rooms import Lending, up


class Room(Lending):
    """What the hub lends, and hears."""

    def connector(
        self, settings: Mapping[str, Any], *, timeout: float = 6.0, **lent: Any
    ) -> AbstractAsyncContextManager[BacnetControl]:
        """A connector, opened."""
        config = BacnetConfig.model_validate(settings)
        return self.opened(lambda own: BacnetControl(config, own), seconds=timeout, **lent)


def device(**settings: Any) -> AbstractAsyncContextManager[BacnetSimulator]:
    """Ours, which misbehaves when it is told to."""
    return up(BacnetSimulator(SetClock(), settings=settings or None))
