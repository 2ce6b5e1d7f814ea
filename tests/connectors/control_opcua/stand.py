"""A connector at a server, for the tests: ours or npm's."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any

from connectors.control_opcua import OpcuaControl
from connectors.control_opcua.config import OpcuaConfig
from connectors.control_opcua.simulator import OpcuaSimulator
from hub.conformance.driver import SetClock
from hub.sdk import Backoff, Lent
from tests.connectors.rooms import Lending, up

AT_ONCE = Backoff(first=timedelta(milliseconds=20), most=timedelta(milliseconds=20))


class Room(Lending):
    """What the hub lends, and hears."""

    def connector(
        self, settings: Mapping[str, Any], *, timeout: float = 6.0, **lent: Any
    ) -> AbstractAsyncContextManager[OpcuaControl]:
        """A connector, opened, which comes back at once."""
        config = OpcuaConfig.model_validate(settings)

        def made(own: Lent) -> OpcuaControl:
            connector = OpcuaControl(config, own)
            connector.following.patience = AT_ONCE
            return connector

        return self.opened(made, seconds=timeout, **lent)


def server(**settings: Any) -> AbstractAsyncContextManager[OpcuaSimulator]:
    """Ours, which misbehaves when it is told to."""
    return up(OpcuaSimulator(SetClock(), settings=settings or None))
