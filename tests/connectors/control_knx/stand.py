"""A connector on a bus, for the tests: the simulator's, or knxd's."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any

from connectors.control_knx import KnxControl
from connectors.control_knx.config import KnxConfig
from connectors.control_knx.simulator import KnxSimulator
from hub.conformance.driver import SetClock
from hub.sdk import Backoff, Lent
from tests.connectors.rooms import Lending, up


class House(Lending):
    """What the hub lends, and hears."""

    def connector(
        self, settings: Mapping[str, Any], *, timeout: float = 5.0, **lent: Any
    ) -> AbstractAsyncContextManager[KnxControl]:
        """A connector, opened, that comes back quickly."""

        def made(own: Lent) -> KnxControl:
            connector = KnxControl(KnxConfig.model_validate(settings), own)
            connector.bus.patience = Backoff(first=timedelta(milliseconds=20))
            return connector

        return self.opened(made, seconds=timeout, **lent)


def interface(kind: type[KnxSimulator] = KnxSimulator, **settings: Any) -> AbstractAsyncContextManager[KnxSimulator]:
    """Ours, which misbehaves when it is told to."""
    return up(kind(SetClock(), settings=settings or None))
