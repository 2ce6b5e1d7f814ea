"""Connectors that have nothing behind them: what is measured is the hub."""

from hub.model import Credential, Dim, Release, Zone
from hub.sdk import (
    About,
    AccessControl,
    AccessLimits,
    Connector,
    ConnectorConfig,
    Control,
    ControlLimits,
    Receipt,
)


class Nothing(ConnectorConfig):
    """No settings."""


class Locks(Connector[Nothing], AccessControl):
    """Every door opens."""

    access_limits = AccessLimits()

    async def check(self) -> About:
        return About()

    async def put_credential(self, credential: Credential) -> Receipt:
        return Receipt(credential.key)

    async def remove_credential(self, key: str) -> Receipt:
        return Receipt(key)


class Lamps(Connector[Nothing], Control):
    """Every lamp obeys."""

    control_limits = ControlLimits(levels=frozenset({Dim, Release}))

    async def check(self) -> About:
        return About()

    async def put_zone(self, zone: Zone) -> Receipt:
        return Receipt(zone.key)
